import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type CommandResult, runCommand } from './run-command.ts';

const TOP = resolve(import.meta.dirname, '../..');
const NPM_LIMIT_MS = 120_000;

const packedSchema = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
  .length(1);
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
  ),
});

export interface PackedPackage {
  readonly tarball: string;
  /** What is in it. */
  readonly files: readonly string[];
}

/** Packs the checkout as `npm publish` would. */
export async function packInto(directory: string): Promise<PackedPackage> {
  const output = await npm(['pack', '--json', '--pack-destination', directory], TOP);
  // What the build says comes first.
  const [packed] = packedSchema.parse(JSON.parse(output.slice(output.indexOf('[\n'))));
  if (!packed) throw new Error(`npm pack answered ${output}`);
  return { tarball: join(directory, packed.filename), files: packed.files.map(({ path }) => path) };
}

/**
 * Installs the tarball into a directory of its own without a network: what a user would get with it is copied from
 * the checkout before, so that npm finds every dependency there, and nothing that is for development.
 */
export async function installInto(directory: string, tarball: string): Promise<void> {
  await mkdir(directory);
  await writeFile(join(directory, 'package.json'), '{"private":true}\n');
  for (const folder of await productionFolders()) {
    await cp(join(TOP, folder), join(directory, folder), { recursive: true });
  }
  // npm takes a package without its commands for a broken one, and would fetch it.
  await npm(['rebuild', '--offline', '--ignore-scripts'], directory);
  await npm(['install', '--offline', '--ignore-scripts', '--omit=dev', '--no-audit', tarball], directory);
}

/** Runs `npx proxyfs` where the package is installed. */
export function npx(directory: string, args: readonly string[]): Promise<CommandResult> {
  return runCommand('npx', ['--offline', 'proxyfs', ...args], { directory, timeoutMs: NPM_LIMIT_MS });
}

/** Those at the top of node_modules, with what is nested in them. */
async function productionFolders(): Promise<string[]> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(TOP, 'package-lock.json'), 'utf8')));
  return Object.entries(packages)
    .filter(([, { dev, devOptional }]) => !dev && !devOptional)
    .map(([folder]) => folder)
    .filter((folder) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(folder) && existsSync(join(TOP, folder)));
}

async function npm(args: readonly string[], directory: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand('npm', args, { directory, timeoutMs: NPM_LIMIT_MS });
  if (code !== 0) throw new Error(`npm ${args.join(' ')}: ${stdout}\n${stderr}`);
  return stdout;
}
