import { expect, it } from 'vitest';
import { SeededRandom } from '../testing/seeded-random.ts';
import { KeySet } from './key-set.ts';

it('says the same as a Set of the keys, whatever comes and goes', () => {
  const random = new SeededRandom(7);
  const [fingerprints, keys] = [new KeySet(), new Set<string>()];
  for (let step = 0; step < 60_000; step += 1) {
    const key = `/directory/${random.below(4000)}`;
    if (random.below(2) === 0) {
      fingerprints.add(key);
      keys.add(key);
    } else {
      fingerprints.delete(key);
      keys.delete(key);
    }
  }
  expect(fingerprints.size).toBe(keys.size);
  for (let k = 0; k < 4000; k += 1)
    expect(fingerprints.has(`/directory/${k}`)).toBe(keys.has(`/directory/${k}`));
});
