import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from './appliance/version.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { copyImageContext } from './testing/image-context.ts';
import { installInto, npx, packInto, type PackedPackage } from './testing/installed-package.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';

const BUILD_LIMIT_MS = 120_000;

let temp: TempDirectory;
let prefix: string;
let packed: PackedPackage;
let mirror: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  temp = await tempDirectory('package');
  prefix = join(temp.path, 'prefix');
  packed = await packInto(temp.path);
  await installInto(prefix, packed.tarball);
  mirror = await startSshdMirror({ name: 'm1' });
  const entry = join(prefix, 'node_modules/proxyfs/dist/server/main.cjs');
  appliance = new ApplianceProcess({ mirrors: [mirror.config()], entry });
  await appliance.prepare();
});

afterAll(async () => {
  await appliance?.stop();
  await mirror?.stop();
  await temp.remove();
});

it('holds the built server and dashboard, and nothing of the development', () => {
  expect(packed.files).toContain('dist/server/main.cjs');
  expect(packed.files).toContain('dist/web/index.html');
  const wanted =
    /^(dist\/(server|shared)\/.*\.c?js|dist\/shared\/.*\.d\.ts|dist\/web\/.*|config\.example\.yml|contrib\/.*\.(service|ya?ml|json)|[A-Z]+(\.md)?|package\.json)$/;
  const unwanted = /testing|demo|\.test\.|\.map$/;
  expect(packed.files.filter((file) => !wanted.test(file) || unwanted.test(file))).toEqual([]);
});

it('is built from what a container image is built from', async () => {
  const context = join(temp.path, 'context');
  await copyImageContext(context);
  const { code, stdout, stderr } = await runCommand('npm', ['run', 'build'], {
    directory: context,
    timeoutMs: BUILD_LIMIT_MS,
  });
  expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  expect((await runCommand('ls', [join(context, 'dist')])).stdout).toBe('server\nshared\nweb\n');
});

it('is a command that checks', async () => {
  expect(await npx(prefix, ['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
  const { code, stdout } = await npx(prefix, ['check', appliance.configFile]);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/m1: fine/) as string });
});

it('serves mount and dashboard', async () => {
  await appliance.start();
  expect(await appliance.inMount('sh', ['-ec', 'echo x > file; cat file'])).toMatchObject({ stdout: 'x\n' });
  const page = await appliance.api('/');
  expect(page).toMatchObject({ status: 200, body: expect.stringContaining('<div id="root">') as string });
  expect(await appliance.terminate()).toBe(0);
});

/** A program of a user's that is checked with the types of the package. */
const CLIENT = `import type { MirrorList, Overview } from 'proxyfs/rest';
export async function inSync(url: string, headers: Record<string, string>): Promise<boolean> {
  const { mode } = (await (await fetch(url + '/api/v1/overview', { headers })).json()) as Overview;
  const { items } = (await (await fetch(url + '/api/v1/mirrors', { headers })).json()) as MirrorList;
  // @ts-expect-error There is no such state.
  if (items[0]?.content === 'fine') return false;
  return mode === 'read-write' && items.every(({ content }) => content === 'in-sync');
}
`;

const CLIENT_OPTIONS = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  module: 'nodenext',
  target: 'es2023',
};

it('has types for programs that use REST', async () => {
  await writeFile(join(prefix, 'client.ts'), CLIENT);
  const compilerOptions = { ...CLIENT_OPTIONS, lib: ['es2023', 'dom'], types: [] };
  await writeFile(join(prefix, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['client.ts'] }));
  const compiler = resolve(import.meta.dirname, '../node_modules/typescript/bin/tsc');
  const checked = await runCommand(process.execPath, [compiler, '-p', prefix]);
  expect(checked).toMatchObject({ code: 0, stdout: '' });
});
