import { beforeEach, describe, expect, it } from 'vitest';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { RecentWrites } from './recent-writes.ts';

const entry = (path: string): AffectedPath => ({ kind: 'entry', path: treePath(path) });
const extent = (path: string): AffectedPath => ({ kind: 'extent', path: treePath(path), index: 0 });
const tree = (path: string): AffectedPath => ({ kind: 'tree', path: treePath(path) });

let recent: RecentWrites;
beforeEach(() => {
  recent = new RecentWrites();
});

describe('what was written to a mirror', () => {
  it('is suspect for a minute after the last time', () => {
    recent.add([entry('/a'), entry('/b')], 0);
    recent.add([entry('/a')], 30_000);
    expect(recent.list(61_000)).toEqual([entry('/a')]);
    expect(recent.list(91_000)).toEqual([]);
  });

  it('is looked for under the names that directories were given since', () => {
    const move: AffectedPath = { kind: 'move', path: treePath('/d'), to: treePath('/e') };
    recent.add([entry('/d/file')], 0);
    recent.add([move], 1);
    expect(recent.list(2)).toEqual([entry('/d/file'), entry('/e/file'), move]);
  });

  it('is not suspect once it was flushed, but for its name', () => {
    recent.add([entry('/a'), extent('/a'), extent('/b')], 0);
    recent.flushed(treePath('/a'));
    expect(recent.list(1)).toEqual([entry('/a'), extent('/b')]);
  });

  it('is suspect again when it was written after the flush, also within the same millisecond', () => {
    recent.add([extent('/a')], 0);
    recent.flushed(treePath('/a'));
    recent.add([extent('/a')], 0);
    expect(recent.list(0)).toEqual([extent('/a')]);
  });

  it('becomes its directories when it is too much, and the whole tree when those are', () => {
    recent.add(
      Array.from({ length: 20_001 }, (_, k) => entry(`/d${k % 3}/f${k}`)),
      0,
    );
    expect(recent.list(1)).toEqual([tree('/d0'), tree('/d1'), tree('/d2')]);
    recent = new RecentWrites();
    recent.add(
      Array.from({ length: 20_001 }, (_, k) => entry(`/d${k}/f`)),
      0,
    );
    expect(recent.list(1)).toEqual([{ kind: 'tree', path: ROOT }]);
  });
});
