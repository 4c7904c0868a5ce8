import { expect, it } from 'vitest';
import { AccountIds } from './account-ids.ts';

const HERE =
  'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:\nbob:x:1001:\nwww:x:33:\n# no:x:7:\n+nis:x:8:\nhalf\n';
const THERE = 'root:x:0:0::/:/bin/sh\nalice:x:1001:\ncarl:x:1000:\nwww:x:33:\nalice:x:5:\n';

it('matches ids by name, and keeps those without one on both sides', () => {
  const ids = new AccountIds(HERE, THERE);
  const pairs = [0, 1000, 33, 4711].map((id) => [id, ids.there(id)]);
  expect(pairs).toEqual([
    [0, 0],
    [1000, 1001],
    [33, 33],
    [4711, 4711],
  ]);
  expect(pairs.map(([, id]) => ids.here(id ?? -1))).toEqual([0, 1000, 33, 4711]);
});

it('gives nothing to somebody else', () => {
  const ids = new AccountIds(HERE, THERE);
  // Bob has no account there, and his number is Alice's.
  expect(() => ids.there(1001)).toThrow(/id 1001 .* another's there/);
});

it('takes nobody else for one of ours', () => {
  // Carl has Alice's number there.
  expect(new AccountIds(HERE, THERE).here(1000)).toBe(0xffff_ffff);
});
