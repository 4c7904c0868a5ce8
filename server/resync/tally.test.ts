import { expect, it } from 'vitest';
import { treePath } from '../filesystem/tree-path.ts';
import { Tally } from './tally.ts';

const stat = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 7,
  mtimeNs: 0n,
  atimeNs: 0n,
} as const;

function tallyOf({ held, removals }: { held: number; removals: number }): Tally {
  const tally = new Tally();
  const path = treePath('/d/f');
  for (let k = 0; k < removals; k += 1) tally.see({ path, here: undefined, there: stat, isBelow: true });
  for (let k = removals; k < held; k += 1) tally.see({ path, here: stat, there: stat, isBelow: false });
  return tally;
}

it.each([
  { held: 50, removals: 50, isMass: false },
  { held: 51, removals: 51, isMass: true },
  { held: 1000, removals: 200, isMass: false },
  { held: 1000, removals: 201, isMass: true },
  { held: 10_000, removals: 1000, isMass: false },
  { held: 10_000, removals: 1001, isMass: true },
])('$removals of $held entries: to be confirmed $isMass', ({ held, removals, isMass }) => {
  expect(tallyOf({ held, removals }).isMassRemoval).toBe(isMass);
});
