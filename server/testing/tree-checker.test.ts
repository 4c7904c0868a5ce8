import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MountAnswer, type MountCall, MountWorker } from './mount-worker.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';
import { TreeChecker } from './tree-checker.ts';

const MODE = 0o755;
/** The checker's own directory belongs to the user who runs it; as another one than root much is refused. */
const asRoot = it.runIf(process.getuid?.() === 0);
const worker = new MountWorker();
let scratch: TempDirectory;

beforeAll(async () => {
  scratch = await tempDirectory('tree-checker');
  worker.start();
});

afterAll(async () => {
  worker.stop();
  await scratch.remove();
});

async function checkerWith(
  name: string,
  call: (sound: (call: MountCall) => Promise<MountAnswer>, call: MountCall) => Promise<MountAnswer>,
): Promise<TreeChecker> {
  const root = join(scratch.path, name);
  await mkdir(root, MODE);
  return new TreeChecker({
    call: (one) => call((sound) => worker.call(root, sound), one),
    mode: MODE,
    seed: 5,
  });
}

asRoot('finds nothing wrong with a disk', async () => {
  const checker = await checkerWith('disk', (sound, call) => sound(call));
  await checker.run(1000);
  expect(checker.refused).toBeGreaterThan(100);
  expect(checker.refused).toBeLessThan(600);
});

asRoot.each([
  ['a byte less', { call: 'write' }, (call: MountCall) => ({ ...call, sizeBytes: 1 })],
  ['a lost chmod', { call: 'chmod' }, ({ path }: MountCall) => ({ call: 'stat', path })],
  ['another time', { call: 'times' }, (call: MountCall) => ({ ...call, mtimeSeconds: 1 })],
  ['a rename that copies', { call: 'rename' }, (call: MountCall) => ({ ...call, call: 'link' })],
])('finds %s', async (name, { call: wrong }, change) => {
  const checker = await checkerWith(name, (sound, call) =>
    sound(call.call === wrong ? (change(call) as MountCall) : call),
  );
  await expect(checker.run(1000)).rejects.toThrow(/^call \d+: /);
});
