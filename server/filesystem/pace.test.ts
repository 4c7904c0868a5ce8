import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

it('makes a call at once until one was slow, and then for a while in the thread pool', async () => {
  let nowMs = 0;
  const pace = new Pace(() => nowMs);
  const made: string[] = [];
  const quick = () => void made.push('now');
  const slow = () => {
    made.push('slow');
    nowMs += 2;
  };
  const pooled = () => Promise.resolve(void made.push('pooled'));
  for (const now of [quick, quick, slow, ...Array.from({ length: 257 }, () => quick)]) {
    await pace.run(now, pooled);
  }
  expect(made.slice(0, 4)).toEqual(['now', 'now', 'slow', 'pooled']);
  expect(made.slice(-2)).toEqual(['pooled', 'now']);
});

it('rejects with what the call throws', async () => {
  const refuse = () => {
    throw new Error('refused');
  };
  await expect(new Pace().run(refuse, () => Promise.resolve())).rejects.toThrow('refused');
});
