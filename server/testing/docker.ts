import { runCommand } from './run-command.ts';

/** What the Dockerfile begins with. */
const BASE_IMAGE = 'node:22-bookworm-slim';
const ASK_LIMIT_MS = 10_000;
const PULL_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 300_000;

/** Why no image can be built here; undefined where one can. The engine is the one that docker itself would use. */
export async function missingForDocker(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'not root, who has to share mounts with a container';
  if (!(await succeeds(['info'], ASK_LIMIT_MS))) return 'no Docker engine answers';
  if (await succeeds(['image', 'inspect', BASE_IMAGE], ASK_LIMIT_MS)) return undefined;
  if (await succeeds(['pull', BASE_IMAGE], PULL_LIMIT_MS)) return undefined;
  return `the image ${BASE_IMAGE} can't be had`;
}

/** Builds the checkout's Dockerfile. */
export async function buildImage(tag: string, directory: string): Promise<void> {
  await docker(['build', '--network=host', '-t', tag, directory], BUILD_LIMIT_MS);
}

/** What the command has printed; rejects with its complaint where it fails. */
export async function docker(args: readonly string[], timeoutMs = 60_000): Promise<string> {
  const { code, stdout, stderr } = await runCommand('docker', args, { timeoutMs });
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
  return stdout.trim();
}

async function succeeds(args: readonly string[], timeoutMs: number): Promise<boolean> {
  return (await runCommand('docker', args, { timeoutMs })).code === 0;
}
