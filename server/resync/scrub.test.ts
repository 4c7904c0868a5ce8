import { chmod, lstat, lutimes, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { plantTree } from '../testing/planted-tree.ts';
import { scrubOf } from '../testing/scrub-of.ts';
import { waitUntil } from '../testing/wait-until.ts';

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  for (const root of engine.roots) await plantTree(root);
});

afterEach(() => engine.stop());

/** As somebody does behind our back, who leaves no trace at the directory. */
async function damage(root: string, name: string, work: (at: string) => Promise<unknown>): Promise<void> {
  const at = join(root, name);
  const { atime, mtime } = await lstat(dirname(at));
  await work(at);
  await utimes(dirname(at), atime, mtime);
}

/** Exchanges bytes and leaves size and times as they are. */
async function flip(at: string): Promise<void> {
  const { atime, mtime, size } = await lstat(at);
  await writeFile(at, Buffer.alloc(size, '!'));
  await utimes(at, atime, mtime);
}

async function retarget(at: string): Promise<void> {
  const { atime, mtime } = await lstat(at);
  await rm(at);
  await symlink('fire', at);
  await lutimes(at, atime, mtime);
}

const DAMAGES: Record<string, [name: string, work: (at: string) => Promise<unknown>, kinds: string[]]> = {
  'a missing file': ['dir/below/deep', (at) => rm(at), ['missing']],
  'a missing directory': ['dir/below', (at) => rm(at, { recursive: true }), ['missing']],
  'an extra file': ['dir/extra', (at) => writeFile(at, 'x'), ['extra']],
  'an extra directory': ['dir/extra', (at) => mkdir(join(at, 'a/b'), { recursive: true }), ['extra']],
  'a file instead of a directory': [
    'dir/below',
    async (at) => {
      await rm(at, { recursive: true });
      await writeFile(at, 'x');
    },
    ['type'],
  ],
  'a directory instead of a file': [
    'other',
    async (at) => {
      await rm(at);
      await mkdir(join(at, 'full'), { recursive: true });
    },
    ['type'],
  ],
  'another size': ['other', (at) => writeFile(at, 'shorter'), ['size', 'mtime']],
  'another mode': ['file', (at) => chmod(at, 0o600), ['mode']],
  'another mode of a directory': ['dir/below', (at) => chmod(at, 0o700), ['mode']],
  'another mtime of a directory': ['empty', (at) => utimes(at, 5, 5), ['mtime']],
  'another target of a symlink': ['pointer', retarget, ['target']],
  'flipped bytes': ['file', flip, ['content']],
};

describe('a scrub', () => {
  it('finds nothing where all is equal', async () => {
    const { divergences, problems, scrub } = await scrubOf(engine, engine.mirrors[0], { compare: 'content' });
    expect([divergences, problems]).toEqual([[], []]);
    expect(scrub.tally).toMatchObject({ entries: 10, held: 10, copies: 0, changes: 0, removals: 0 });
  });

  it.each(Object.entries(DAMAGES))('finds %s, and nothing else', async (_title, [name, work, kinds]) => {
    const [, mirror] = engine.mirrors;
    await damage(mirror?.root ?? '', name, work);
    const { divergences, problems } = await scrubOf(engine, mirror, { compare: 'content' });
    expect(problems).toEqual([]);
    expect(divergences).toEqual([
      expect.objectContaining({ path: `/${name}`, kinds, isLocalSuspected: false }),
    ]);
    mirror?.mark(divergences.map(({ affected }) => affected));
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  });

  it('doesn’t read content unless it is asked to', async () => {
    const [mirror] = engine.mirrors;
    await damage(mirror?.root ?? '', 'file', flip);
    expect((await scrubOf(engine, mirror)).divergences).toEqual([]);
  });

  it('has content compared where the mtime alone differs', async () => {
    const [mirror] = engine.mirrors;
    await writeFile(join(mirror?.root ?? '', 'file'), 'NEW CONTENT\n');
    const { divergences } = await scrubOf(engine, mirror);
    expect(divergences).toMatchObject([{ path: '/file', kinds: ['mtime'], affected: { kind: 'entry' } }]);
  });

  it('keeps to the subtree', async () => {
    const [mirror] = engine.mirrors;
    await damage(mirror?.root ?? '', 'other', (at) => rm(at));
    await damage(mirror?.root ?? '', 'dir/below/deep', (at) => rm(at));
    const { divergences } = await scrubOf(engine, mirror, { top: '/dir/below' });
    expect(divergences.map(({ path }) => path)).toEqual(['/dir/below/deep']);
  });

  it('counts what making the mirror equal takes', async () => {
    const root = engine.mirrors[0]?.root ?? '';
    await damage(root, 'dir', (at) => rm(at, { recursive: true }));
    await damage(root, 'empty/a', (at) => mkdir(join(at, 'b'), { recursive: true }));
    await damage(root, 'other', (at) => chmod(at, 0o600));
    const { scrub } = await scrubOf(engine, engine.mirrors[0]);
    // Missing are dir, dir/below, dir/below/deep and dir/linked-too.
    expect(scrub.tally).toMatchObject({ copies: 4, copyBytes: 18, changes: 1, removals: 2 });
  });

  it('says what it could not look at, and goes on', async () => {
    const [mirror] = engine.mirrors;
    const root = mirror?.root ?? '';
    await damage(root, 'file', (at) => chmod(at, 0o600));
    const unspeakable = Buffer.concat([Buffer.from(join(root, 'empty/')), Buffer.of(0xff)]);
    await damage(root, 'empty/x', () => writeFile(unspeakable, 'x'));
    const { divergences, problems } = await scrubOf(engine, mirror);
    expect(problems).toMatchObject([{ path: '/empty', error: { code: 'NAME_NOT_UTF8' } }]);
    expect(divergences.map(({ path }) => path)).toEqual(['/file']);
  });
});

describe('what is no finding', () => {
  it('is a path that is stale, and the directory of a stale name', async () => {
    const [mirror] = engine.mirrors;
    await rm(join(mirror?.root ?? '', 'dir/below/deep'));
    mirror?.mark([{ kind: 'entry', path: treePath('/dir/below/deep') }]);
    expect((await scrubOf(engine, mirror)).divergences).toEqual([]);
  });

  it('is a change under way, which is waited for', async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let isHeld = false;
    engine.step = (step) => {
      if (step !== 'all-mirrors-applied') return Promise.resolve();
      isHeld = true;
      return held;
    };
    const write = engine.coordinator.run({ kind: 'truncate', path: treePath('/file'), sizeBytes: 3 });
    await waitUntil('the mirrors have it and the local tree has not', () => isHeld);
    const scrubbing = scrubOf(engine, engine.mirrors[0]);
    await waitUntil('the scrub waits for the path', () => engine.locks.waiting > 0);
    goOn();
    expect((await scrubbing).divergences).toEqual([]);
    await write;
  });

  it('is an mtime that has not been carried over yet', async () => {
    await engine.coordinator.run({ kind: 'create', path: treePath('/dir/new'), mode: 0o644 });
    await utimes(join(engine.mirrors[0]?.root ?? '', 'dir'), 5, 5);
    expect((await scrubOf(engine, engine.mirrors[0])).divergences).toEqual([]);
  });

  it('is an owner that the login can’t set', async () => {
    const ground = { kept: { owners: false, symlinkAttributes: false } };
    await damage(engine.localRoot, 'pointer', (at) => lutimes(at, 5, 5));
    expect((await scrubOf(engine, engine.mirrors[0], { ground })).divergences).toEqual([]);
  });
});

describe('local damage', () => {
  const everywhere = async (name: string, work: (at: string) => Promise<unknown>) => {
    for (const { root } of engine.mirrors) await damage(root, name, work);
  };

  it.each(Object.entries(DAMAGES))('is suspected where every mirror has %s', async (_title, [name, work]) => {
    await everywhere(name, work);
    // The clock may have gone on meanwhile.
    if (name === 'other') await everywhere(name, (at) => lutimes(at, 5, 5));
    const { divergences } = await scrubOf(engine, engine.mirrors[1], { compare: 'content' });
    expect(divergences).toMatchObject([{ path: `/${name}`, isLocalSuspected: true }]);
  });

  it('is not where one of them holds what the local tree holds', async () => {
    for (const { root } of engine.mirrors.slice(1)) await damage(root, 'file', flip);
    const { divergences } = await scrubOf(engine, engine.mirrors[1], { compare: 'content' });
    expect(divergences).toMatchObject([{ path: '/file', isLocalSuspected: false }]);
  });

  it('is judged without mirrors that are stale there or can’t be reached', async () => {
    const [first, second, third] = engine.mirrors;
    await damage(second?.root ?? '', 'file', (at) => rename(at, join(engine.base, 'aside')));
    third?.mark([{ kind: 'entry', path: treePath('/file') }]);
    if (first) first.tree.linked = false;
    expect((await scrubOf(engine, second)).divergences).toMatchObject([{ isLocalSuspected: false }]);
  });
});
