import { afterEach, beforeEach, expect, it } from 'vitest';
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

const dir = treePath('/dir');
const CHANGES: Record<string, Operation> = {
  'a chmod': { kind: 'chmod', path: dir, mode: 0o700 },
  'a chown': { kind: 'chown', path: dir, uid: 1234, gid: 4321 },
  'a change of times': { kind: 'times', path: dir, atimeNs: 1_000_000_000n, mtimeNs: 2_000_000_000n },
};

it.each(Object.entries(CHANGES))(
  'keeps %s of a directory that a repair looks at between mirrors and commit',
  async (_title, operation) => {
    const [mirror] = engine.mirrors;
    // As the undoing of a call on a file in that directory has it repaired, which the lock on the file does not exclude.
    engine.step = async (step) => {
      if (step !== 'all-mirrors-applied') return;
      mirror?.mark([{ kind: 'attributes', path: dir }]);
      mirror?.reconciler.start();
      await waitUntil('the repair is over', () => mirror?.inSync);
    };
    await engine.coordinator.run(operation);
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  },
);
