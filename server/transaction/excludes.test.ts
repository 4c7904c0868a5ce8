import { lstat, mkdir, readdir, readFile, readlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Operation } from '../filesystem/operation.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { operationsOn, plantTree } from '../testing/planted-tree.ts';

const p = treePath;
const LEFT_OUT = /(^|\/)cache(\/|$)|\.tmp$/;
const PLANTED_S = 1_600_000_000;

let engine: Engine;
afterEach(() => engine.stop());

/** Four equal trees, and below `/cache` one more that the local tree alone has. */
async function planted(exclude: readonly string[]): Promise<void> {
  engine = await Engine.start(exclude);
  for (const root of engine.roots) await plantTree(root);
  await mkdir(join(engine.localRoot, 'cache'));
  await plantTree(join(engine.localRoot, 'cache'));
  for (const root of engine.roots) await utimes(root, PLANTED_S, PLANTED_S);
}

function linkAll(linked: boolean): void {
  for (const { tree } of engine.mirrors) tree.linked = linked;
}

function calls(): number[] {
  return engine.mirrors.map(({ tree }) => tree.calls);
}

async function expectEqual(): Promise<void> {
  await engine.heal();
  expect(await compareTrees(engine.roots, { leaveOut: LEFT_OUT })).toEqual([]);
}

async function expectNothingOnMirrors(path: string): Promise<void> {
  for (const { root } of engine.mirrors)
    await expect(lstat(join(root, path))).rejects.toMatchObject({ code: 'ENOENT' });
}

describe('below an excluded directory', () => {
  it.each(Object.entries(operationsOn('/cache')))('%s asks no mirror', async (_title, operation) => {
    await planted(['/cache/']);
    await mkdir(join(engine.base, 'as-planted'));
    await plantTree(join(engine.base, 'as-planted'));
    linkAll(false);
    const before = calls();
    await engine.coordinator.run(operation);
    expect([calls(), engine.journal.intents.size]).toEqual([before, 0]);
    expect(engine.mirrors.map(({ stale }) => stale.size)).toEqual([0, 0, 0]);
    const done = await compareTrees([join(engine.base, 'as-planted'), join(engine.localRoot, 'cache')]);
    expect(done).not.toEqual([]);
    await expectEqual();
    await expectNothingOnMirrors('cache');
  });
});

describe('an excluded name in a directory that the mirrors have', () => {
  const made: Operation = { kind: 'create', path: p('/dir/a.tmp'), mode: 0o644 };

  it('changes only the time of that directory there, when it rests', async () => {
    await planted(['*.tmp', 'cache']);
    linkAll(false);
    await engine.coordinator.run(made);
    await engine.coordinator.run({ kind: 'write', path: made.path, offset: 0, data: Buffer.from('local') });
    expect(await readFile(join(engine.localRoot, 'dir/a.tmp'), 'utf8')).toBe('local');
    linkAll(true);
    await expectEqual();
    await expectNothingOnMirrors('dir/a.tmp');
    await engine.coordinator.run({ kind: 'unlink', path: made.path });
    await expectEqual();
  });

  it('keeps its directory equal over a crash right after the commit', async () => {
    await planted(['*.tmp', 'cache']);
    engine.step = (step) => (step === 'local-committed' ? new Promise(() => {}) : Promise.resolve());
    void engine.coordinator.run(made);
    await expect.poll(() => lstat(join(engine.localRoot, 'dir/a.tmp')).catch(() => undefined)).toBeDefined();
    await engine.die();
    engine.step = () => Promise.resolve();
    await engine.restart();
    await expectEqual();
    await expectNothingOnMirrors('dir/a.tmp');
  });

  it('is as the local tree has it after an operation that it refuses', async () => {
    await planted(['*.tmp', 'cache']);
    await engine.coordinator.run(made);
    await expect(engine.coordinator.run(made)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expectEqual();
  });
});

describe('across the border', () => {
  const crossing: [string, Operation][] = [
    ['a file that becomes excluded', { kind: 'rename', path: p('/file'), to: p('/file.tmp') }],
    ['a file that is excluded no longer', { kind: 'rename', path: p('/cache/file'), to: p('/file-again') }],
    ['a rename over an included file', { kind: 'rename', path: p('/cache/file'), to: p('/file') }],
    ['a directory that becomes excluded', { kind: 'rename', path: p('/dir'), to: p('/empty/cache') }],
    ['a link out of it', { kind: 'link', path: p('/cache/file'), to: p('/link') }],
    ['a link into it', { kind: 'link', path: p('/file'), to: p('/cache/link') }],
    [
      'a directory with what is excluded by its place',
      { kind: 'rename', path: p('/placed'), to: p('/moved') },
    ],
    ['a directory with what would be', { kind: 'rename', path: p('/moved-in'), to: p('/here') }],
  ];

  it.each(crossing)('%s is refused, and nothing changes', async (_title, operation) => {
    await planted(['*.tmp', 'cache', '/placed/deep/x', '/here/y/']);
    for (const root of engine.roots) {
      await mkdir(join(root, 'placed/deep'), { recursive: true });
      await mkdir(join(root, 'moved-in/y'), { recursive: true });
    }
    await writeFile(join(engine.localRoot, 'placed/deep/x'), 'local');
    linkAll(false);
    const before = calls();
    await expect(engine.coordinator.run(operation)).rejects.toMatchObject({ code: 'CROSS_DEVICE' });
    expect([calls(), engine.journal.intents.size]).toEqual([before, 0]);
    expect(await readFile(join(engine.localRoot, 'file'), 'utf8')).toBe('old content\n');
    expect(await readFile(join(engine.localRoot, 'cache/file'), 'utf8')).toBe('old content\n');
    expect(await readFile(join(engine.localRoot, 'placed/deep/x'), 'utf8')).toBe('local');
  });

  it('moves a directory with all that stays excluded or included in it', async () => {
    await planted(['*.tmp', 'cache', '/placed/x']);
    const path = p('/dir/below/a.tmp');
    await engine.coordinator.run({ kind: 'symlink', path, target: 'local' });
    await engine.coordinator.run({ kind: 'rename', path: p('/dir'), to: p('/empty/dir') });
    expect(await readlink(join(engine.localRoot, 'empty/dir/below/a.tmp'))).toBe('local');
    await expectEqual();
  });
});

describe('what a mirror holds of it', () => {
  it('is neither compared, copied nor removed when the mirror is put right as a whole', async () => {
    await planted(['*.tmp', 'cache']);
    await writeFile(join(engine.localRoot, 'dir/here.tmp'), 'local');
    for (const { root, stale } of engine.mirrors) {
      await mkdir(join(root, 'cache'));
      await writeFile(join(root, 'cache/theirs'), 'theirs');
      await writeFile(join(root, 'dir/theirs.tmp'), 'theirs');
      await writeFile(join(root, 'dir/extra'), 'not ours');
      stale.mark([{ kind: 'tree', path: ROOT }]);
    }
    await expectEqual();
    for (const { root } of engine.mirrors) {
      expect(await readFile(join(root, 'cache/theirs'), 'utf8')).toBe('theirs');
      expect(await readdir(join(root, 'dir'))).toEqual(['below', 'linked-too', 'theirs.tmp']);
    }
  });

  it('keeps its directory from being removed, there and everywhere, until it is gone', async () => {
    await planted(['*.tmp', 'cache']);
    const [first] = engine.mirrors;
    const theirs = join(first?.root ?? '', 'empty/theirs.tmp');
    await writeFile(theirs, 'theirs');
    await utimes(join(first?.root ?? '', 'empty'), PLANTED_S, PLANTED_S);
    const removed: Operation = { kind: 'rmdir', path: p('/empty') };
    await expect(engine.coordinator.run(removed)).rejects.toMatchObject({
      code: 'NOT_EMPTY',
      message: expect.stringContaining('excluded') as unknown,
    });
    const replaced: Operation = { kind: 'rename', path: p('/dir'), to: p('/empty') };
    await expect(engine.coordinator.run(replaced)).rejects.toMatchObject({
      code: 'NOT_EMPTY',
      message: expect.stringMatching(/^\/empty .*excluded/) as unknown,
    });
    await expectEqual();
    first?.tree.fail('lost-before');
    if (first) Object.assign(first, { required: false });
    await engine.coordinator.run(removed);
    await expect(first?.caughtUp(1000)).rejects.toThrow(/\/empty.*excluded/);
    expect(await readFile(theirs, 'utf8')).toBe('theirs');
  });
});
