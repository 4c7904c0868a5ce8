import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { waitUntil } from '../testing/wait-until.ts';

let engine: Engine;
/** The directory as the second mirror has it. */
let mirrored: string;

beforeEach(async () => {
  engine = await Engine.start();
  const run = engine.coordinator.run.bind(engine.coordinator);
  await run({ kind: 'mkdir', path: treePath('/d'), mode: 0o755 });
  await run({ kind: 'create', path: treePath('/d/new'), mode: 0o644 });
  await run({ kind: 'write', path: treePath('/d/new'), offset: 0, data: Buffer.from('right') });
  await engine.settling.settle(treePath('/d/new'));
  mirrored = join(engine.base, 'm2', 'd');
});

afterEach(() => engine.stop());

async function afterPowerLoss(): Promise<void> {
  await engine.die();
  engine.bootId = 'boot 2';
  await engine.restart();
  await engine.heal();
}

describe('after the machine went down, a directory in which names were changed', () => {
  it('gets back content that differs in nothing a listing shows', async () => {
    const { atime, mtime } = await stat(join(mirrored, 'new'));
    await writeFile(join(mirrored, 'new'), 'wrong');
    await utimes(join(mirrored, 'new'), atime, mtime);
    await afterPowerLoss();
    expect(await readFile(join(mirrored, 'new'), 'utf8')).toBe('right');
  });

  it('gets it back under the name that it was given meanwhile', async () => {
    await engine.coordinator.run({ kind: 'rename', path: treePath('/d'), to: treePath('/e') });
    const moved = join(engine.base, 'm2', 'e', 'new');
    const { atime, mtime } = await stat(moved);
    await writeFile(moved, 'wrong');
    await utimes(moved, atime, mtime);
    await afterPowerLoss();
    expect(await readFile(moved, 'utf8')).toBe('right');
  });

  it('loses what only the mirror has, and gets back what it lacks', async () => {
    await writeFile(join(mirrored, 'made there alone'), 'x');
    await mkdir(join(mirrored, 'empty directory'));
    await rm(join(mirrored, 'new'));
    await afterPowerLoss();
    expect(await readdir(mirrored)).toEqual(['new']);
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('gets back a whole directory that the mirror lacks', async () => {
    await rm(mirrored, { recursive: true });
    await afterPowerLoss();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('goes with its content where the local tree has lost it', async () => {
    await rm(join(engine.localRoot, 'd'), { recursive: true });
    await afterPowerLoss();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('gets back its own mode, and that of the directories in it', async () => {
    await engine.coordinator.run({ kind: 'mkdir', path: treePath('/d/below'), mode: 0o755 });
    await engine.mirrors[1]?.directory.apply({ kind: 'chmod', path: treePath('/d'), mode: 0o700 });
    await engine.mirrors[1]?.directory.apply({ kind: 'chmod', path: treePath('/d/below'), mode: 0o700 });
    await afterPowerLoss();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('keeps a directory that only the mirror has and that is not empty, and says so', async () => {
    await mkdir(join(mirrored, 'foreign'));
    await writeFile(join(mirrored, 'foreign', 'file'), 'x');
    await engine.die();
    engine.bootId = 'boot 2';
    await engine.restart();
    const reconciler = engine.mirrors[1]?.reconciler;
    reconciler?.start();
    await waitUntil('the repair is given up', () => (reconciler?.passes ?? 0) > 0);
    expect(reconciler?.problems.map(({ error }) => error.code)).toEqual(['MIRROR_DIVERGED']);
    expect(await readdir(join(mirrored, 'foreign'))).toEqual(['file']);
  });
});

describe('after the end of the process alone', () => {
  it('a directory keeps the files that somebody else has put on the mirror', async () => {
    await writeFile(join(mirrored, 'foreign'), 'x');
    await engine.die();
    await engine.restart();
    await engine.heal();
    expect((await readdir(mirrored)).sort()).toEqual(['foreign', 'new']);
  });
});
