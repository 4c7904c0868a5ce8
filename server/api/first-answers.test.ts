import { expect, it } from 'vitest';
import { FirstAnswers } from './first-answers.ts';

const DAY_MS = 24 * 3_600_000;
const ANSWER = { status: 201, location: undefined, payload: '{}' };

it('keeps the last five hundred answers of a day, and whatever is under way', () => {
  let nowMs = 1000;
  const answers = new FirstAnswers(() => nowMs);
  expect(answers.begin('slow', 'a')).toBeUndefined();
  for (let made = 0; made < 501; made += 1) {
    expect(answers.begin(`key-${made}`, 'a')).toBeUndefined();
    answers.end(`key-${made}`, ANSWER);
  }
  expect(answers.begin('key-500', 'a')).toBe(ANSWER);
  expect(answers.begin('key-1', 'a')).toBe(ANSWER);
  expect(answers.begin('key-0', 'a')).toBeUndefined();
  nowMs += DAY_MS - 1;
  expect(answers.begin('key-500', 'a')).toBe(ANSWER);
  nowMs += 1;
  expect(answers.begin('key-500', 'a')).toBeUndefined();
  expect(() => answers.begin('slow', 'a')).toThrow(expect.objectContaining({ code: 'IDEMPOTENCY_KEY_BUSY' }));
});
