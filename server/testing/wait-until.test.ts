import { expect, it } from 'vitest';
import { waitUntil } from './wait-until.ts';

it('resolves with the first truthy answer', async () => {
  let looks = 0;
  expect(await waitUntil('the third look', () => (looks += 1) === 3 && 'found')).toBe('found');
  expect(looks).toBe(3);
});

it('takes a throw for "not yet"', async () => {
  let looks = 0;
  const value = await waitUntil('no throw', () => {
    looks += 1;
    if (looks < 3) throw new Error('early');
    return looks;
  });
  expect(value).toBe(3);
});

it('names what it waited for, and why it failed last', async () => {
  const failing = waitUntil('the moon', () => Promise.reject(new Error('clouds')), 30);
  await expect(failing).rejects.toThrow('not within 30 ms: the moon');
  await expect(failing).rejects.toMatchObject({ cause: { message: 'clouds' } });
});
