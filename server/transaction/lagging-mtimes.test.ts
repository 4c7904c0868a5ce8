import { utimes } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { plantTree } from '../testing/planted-tree.ts';
import { waitUntil } from '../testing/wait-until.ts';

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  for (const root of engine.roots) await plantTree(root);
});

afterEach(() => engine.stop());

const p = treePath;
const write = (path: string): Operation => ({
  kind: 'write',
  path: p(path),
  offset: 0,
  data: Buffer.from('written'),
});

/** As servers do whose clocks are late. */
async function setBackOnMirrors(path: string): Promise<void> {
  for (const { root } of engine.mirrors) await utimes(root + path, 1_700_000_000, 1_700_000_000);
}

/** What may happen to the name under which a file was written to before its mtime is carried over. */
const RENAMINGS: Record<string, readonly Operation[]> = {
  'one of its two names is removed': [write('/linked'), { kind: 'unlink', path: p('/linked') }],
  'one of its two names is renamed over': [
    write('/linked'),
    { kind: 'rename', path: p('/file'), to: p('/linked') },
  ],
  'it is renamed': [write('/file'), { kind: 'rename', path: p('/file'), to: p('/dir/moved') }],
  'its directory is renamed': [
    write('/dir/below/deep'),
    { kind: 'rename', path: p('/dir'), to: p('/empty/dir') },
  ],
  'its directory is renamed twice': [
    write('/dir/below/deep'),
    { kind: 'rename', path: p('/dir'), to: p('/other-dir') },
    { kind: 'rename', path: p('/other-dir'), to: p('/empty') },
  ],
};

describe.each(Object.entries(RENAMINGS))('the mtime of a written file, when %s', (_title, operations) => {
  beforeEach(async () => {
    for (const operation of operations) {
      await engine.coordinator.run(operation);
      if (operation.kind === 'write') await setBackOnMirrors(operation.path);
    }
  });

  it('is carried over', async () => {
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('is carried over after a crash', async () => {
    await engine.die();
    await engine.restart();
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });
});

it.each([
  ['the file', () => engine.settling.settle(p('/dir/linked-too'))],
  [
    'a directory above it that is renamed',
    () => engine.coordinator.run({ kind: 'rename', path: p('/dir'), to: p('/moved') }),
  ],
])('leaves times alone that are set by another name while %s is settled', async (_title, settle) => {
  await engine.coordinator.run(write('/dir/linked-too'));
  let settled: Promise<void> | undefined;
  engine.step = async (step, { operation }) => {
    if (step !== 'all-mirrors-applied' || operation !== 'times') return;
    let isOver = false;
    settled = settle().finally(() => (isOver = true));
    await waitUntil('it is over, or waits', () => isOver || engine.locks.waiting > 0);
  };
  const times = { atimeNs: 1_000_000_000n, mtimeNs: 2_000_000_000n };
  await engine.coordinator.run({ kind: 'times', path: p('/linked'), ...times });
  await settled;
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
});
