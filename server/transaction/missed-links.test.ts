import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';

const A = treePath('/a');
const B = treePath('/b');
const C = treePath('/c');

let engine: Engine;

/** Two names of one file, and another file. */
beforeEach(async () => {
  engine = await Engine.start();
  await run(
    { kind: 'create', path: A, mode: 0o644 },
    { kind: 'link', path: A, to: B },
    { kind: 'create', path: C, mode: 0o600 },
  );
});

afterEach(() => engine.stop());

async function run(...operations: Operation[]): Promise<void> {
  for (const operation of operations) await engine.coordinator.run(operation);
}

/** What one mirror misses, as it is not waited for. */
async function runWithoutOne(...operations: Operation[]): Promise<void> {
  const [absent] = engine.mirrors;
  if (!absent) throw new Error('there are no mirrors');
  absent.required = false;
  absent.tree.linked = false;
  await run(...operations);
  absent.required = true;
}

const written = (path: Operation['path']): Operation => {
  return { kind: 'write', path, offset: 0, data: Buffer.from('written') };
};

it.each<[string, Operation]>([
  ['written to', written(B)],
  ['cut', { kind: 'truncate', path: B, sizeBytes: 3 }],
  ['given a mode', { kind: 'chmod', path: B, mode: 0o640 }],
])('a file %s by a name that went afterwards is put right by its other name', async (_what, change) => {
  await runWithoutOne(change, { kind: 'unlink', path: B });
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
});

it('the same where the name was replaced', async () => {
  await runWithoutOne(written(B), { kind: 'rename', path: C, to: B });
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
});

it('what was done to the file that replaced a name is not done to the one that has the other name', async () => {
  await runWithoutOne({ kind: 'rename', path: C, to: B }, written(B), {
    kind: 'chmod',
    path: B,
    mode: 0o755,
  });
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
});

it.each<[string, Operation[]]>([
  [
    'was made anew',
    [
      { kind: 'unlink', path: B },
      { kind: 'create', path: B, mode: 0o644 },
    ],
  ],
  [
    'replaces it',
    [
      { kind: 'chmod', path: C, mode: 0o644 },
      { kind: 'rename', path: C, to: B },
    ],
  ],
])(
  'a file that looks like the one which had its name, and %s, is another one there too',
  async (_what, calls) => {
    await runWithoutOne(...calls);
    await engine.heal();
    await run(written(A));
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
  },
);
