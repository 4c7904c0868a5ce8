import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { Suspects } from './suspects.ts';

const entry = (path: string): AffectedPath => ({ kind: 'entry', path: treePath(path) });
let marked: AffectedPath[][];
let suspects: Suspects;

beforeEach(() => {
  vi.useFakeTimers();
  marked = [];
  suspects = new Suspects((affected) => marked.push([...affected]));
});
afterEach(() => {
  vi.useRealTimers();
});

describe('suspects', () => {
  it('are marked once, ten seconds after the link is back', () => {
    suspects.add([entry('/a'), entry('/a'), entry('/b')]);
    vi.advanceTimersByTime(60_000);
    expect(marked).toEqual([]);
    suspects.linked = true;
    vi.advanceTimersByTime(9_999);
    expect(marked).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(marked).toEqual([[entry('/a'), entry('/b')]]);
  });

  it('wait again when the link is lost again', () => {
    suspects.linked = true;
    suspects.add([entry('/a')]);
    vi.advanceTimersByTime(5_000);
    suspects.linked = false;
    vi.advanceTimersByTime(60_000);
    expect(marked).toEqual([]);
    suspects.linked = true;
    vi.advanceTimersByTime(10_000);
    expect(marked).toEqual([[entry('/a')]]);
  });

  it('are marked when the mirror is let go, and not twice', () => {
    suspects.add([entry('/a')]);
    suspects.stop();
    suspects.stop();
    vi.advanceTimersByTime(60_000);
    expect(marked).toEqual([[entry('/a')]]);
  });

  it('become the whole tree when there are too many', () => {
    suspects.linked = true;
    suspects.add(Array.from({ length: 10_001 }, (_, k) => entry(`/f${k}`)));
    vi.advanceTimersByTime(10_000);
    expect(marked).toEqual([[{ kind: 'tree', path: ROOT }]]);
  });
});
