import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { plantTree } from '../testing/planted-tree.ts';

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  for (const root of engine.roots) await plantTree(root);
});

afterEach(() => engine.stop());

const CHANGED: Record<string, { readonly stale: AffectedPath; readonly touched: string }> = {
  'a file': { stale: { kind: 'entry', path: treePath('/dir/below/deep') }, touched: 'dir/below' },
  'a name that is gone': {
    stale: { kind: 'entry', path: treePath('/dir/below/gone') },
    touched: 'dir/below',
  },
  'a file with a further name elsewhere': {
    stale: { kind: 'entry', path: treePath('/linked') },
    touched: 'dir',
  },
  'a directory': { stale: { kind: 'tree', path: treePath('/dir/below') }, touched: 'dir' },
};

it.each(Object.entries(CHANGED))(
  'puts the mtime of the directory right where a killed repair of %s has changed it before',
  async (_title, { stale, touched }) => {
    const [mirror] = engine.mirrors;
    // What the killed repair has left: all is equal again, but for the mtime that replacing a name has set.
    await utimes(join(mirror?.root ?? '', touched), new Date(), new Date());
    mirror?.mark([stale]);
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  },
);
