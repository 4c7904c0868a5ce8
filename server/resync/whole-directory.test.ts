import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';

const D = treePath('/d');
const NEW = treePath('/d/new');
const FILES = Array.from({ length: 10 }, (_, k) => treePath(`/d/f${k}`));
const FIRST = treePath('/d/f0');

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  await run({ kind: 'mkdir', path: D, mode: 0o750 });
  for (const [k, path] of FILES.entries()) {
    await run(
      { kind: 'create', path, mode: 0o640 + k },
      { kind: 'write', path, offset: 0, data: Buffer.alloc(k * 100, k) },
    );
  }
  await engine.settling.settle(D);
});

afterEach(() => engine.stop());

async function run(...operations: Operation[]): Promise<void> {
  for (const operation of operations) await engine.coordinator.run(operation);
}

function second() {
  const mirror = engine.mirrors[1];
  if (!mirror) throw new Error('there is no second mirror');
  return mirror;
}

/** The mirror has lost the directory and is compared as a whole; answers how it was filled. */
async function filledAnew(spy = spyOnFilling()): Promise<ReturnType<typeof spyOnFilling>> {
  await rm(join(second().root, 'd'), { recursive: true });
  second().mark([{ kind: 'tree', path: ROOT }]);
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
  return spy;
}

const spyOnFilling = () => vi.spyOn(second().directory, 'fillDirectory');
/** Whether each time it was filled in one step. */
const answersOf = (spy: ReturnType<typeof spyOnFilling>) =>
  Promise.all(spy.mock.results.map(async ({ value }) => (await value) !== undefined));

it('a new directory of few small files goes in one step', async () => {
  expect(await answersOf(await filledAnew())).toEqual([true]);
});

it('one that the mirror describes as it puts it there is not looked at again', async () => {
  const stat = vi.spyOn(second().directory, 'stat');
  await filledAnew();
  expect(stat.mock.calls.map(([path]) => path)).not.toContain(D);
});

it('many that the mirror takes only name by name are soon no longer tried as a whole', async () => {
  for (let k = 0; k < 60; k += 1) {
    const path = treePath(`/d${k}`);
    await run({ kind: 'mkdir', path, mode: 0o750 });
    await run({ kind: 'create', path: treePath(`${path}/file`), mode: 0o640 });
    await rm(join(second().root, `d${k}`), { recursive: true });
  }
  const fill = vi.spyOn(second().directory, 'fillDirectory').mockResolvedValue(undefined);
  await filledAnew(fill);
  expect(fill.mock.calls.length).toBeGreaterThan(10);
  expect(fill.mock.calls.length).toBeLessThan(30);
});

it('one whose attributes are refused is filled all the same, and they are set later', async () => {
  await run({ kind: 'times', path: D, atimeNs: 0n, mtimeNs: 1_000_000_000n });
  const apply = vi.spyOn(second().directory, 'apply').mockRejectedValueOnce(new AppError('INPUT_OUTPUT'));
  expect(await answersOf(await filledAnew())).toEqual([true]);
  expect(apply.mock.calls[0]?.[0]).toMatchObject({ kind: 'times', path: D });
});

it.each<[string, () => Promise<void>]>([
  ['is empty', () => run(...FILES.map((path): Operation => ({ kind: 'unlink', path })))],
  ['holds another one', () => run({ kind: 'mkdir', path: NEW, mode: 0o755 })],
  ['holds a symlink', () => run({ kind: 'symlink', path: NEW, target: 'f1' })],
  ['holds a file of two names', () => run({ kind: 'link', path: FIRST, to: treePath('/other') })],
  ['holds a large file', () => run({ kind: 'truncate', path: FIRST, sizeBytes: 100_000 })],
])('one that %s is filled name by name', async (_, change) => {
  await change();
  expect(await answersOf(await filledAnew())).toEqual([]);
});

describe('what changes while the directory is on its way', () => {
  it.each<[string, Operation[]]>([
    ['is written', [{ kind: 'write', path: FIRST, offset: 0, data: Buffer.from('later') }]],
    ['is made', [{ kind: 'create', path: NEW, mode: 0o600 }]],
    ['is removed', [{ kind: 'unlink', path: FIRST }]],
    ['is renamed', [{ kind: 'rename', path: FIRST, to: NEW }]],
    ['is the directory itself', [{ kind: 'rename', path: D, to: treePath('/e') }]],
    [
      'becomes a directory',
      [
        { kind: 'unlink', path: FIRST },
        { kind: 'mkdir', path: FIRST, mode: 0o755 },
      ],
    ],
  ])('%s, and is so there in the end', async (_, operations) => {
    const mirror = second();
    // Nobody waits for it while it is filled.
    mirror.required = false;
    const { directory } = mirror;
    const fill = directory.fillDirectory.bind(directory);
    vi.spyOn(directory, 'fillDirectory').mockImplementationOnce(async (path, source) => {
      await run(...operations);
      return fill(path, source);
    });
    await filledAnew();
  });

  it('is refused there, and keeps nothing else from being put right', async () => {
    const other = treePath('/other');
    await run({ kind: 'mkdir', path: other, mode: 0o750 });
    await engine.settling.settle(other);
    await rm(join(second().root, 'other'), { recursive: true });
    vi.spyOn(second().directory, 'fillDirectory').mockRejectedValueOnce(new AppError('INPUT_OUTPUT'));
    await filledAnew();
  });

  it('is in its way there, and left to be put right name by name', async () => {
    const { directory, root } = second();
    const fill = directory.fillDirectory.bind(directory);
    vi.spyOn(directory, 'fillDirectory').mockImplementationOnce(async (path, source) => {
      await mkdir(join(root, 'd'));
      await writeFile(join(root, 'd/f3'), 'in the way');
      await chmod(join(root, 'd/f3'), 0o600);
      return fill(path, source);
    });
    expect(await answersOf(await filledAnew())).toEqual([false]);
  });
});
