import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import { type Outstanding, OutstandingRequests } from './outstanding-requests.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started() {
  const silences: AppError[] = [];
  const rejected: string[] = [];
  const requests = new OutstandingRequests(1000, (error) => silences.push(error));
  const send = (name: string): Outstanding => {
    const request = { name, reject: () => rejected.push(name) };
    requests.add(request);
    return request;
  };
  return { silences, rejected, requests, send };
}

test('a request that nobody answers is noticed at its deadline, and named', async () => {
  const { silences, send } = started();
  send('WRITE /file');
  await vi.advanceTimersByTimeAsync(900);
  expect(silences).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(110);
  expect(silences).toMatchObject([{ code: 'MIRROR_TIMEOUT' }]);
  expect(silences[0]?.message).toContain('WRITE /file');
});

test('a long queue with progress is never cut, however long it takes in all', async () => {
  const { silences, requests, send } = started();
  const queue = Array.from({ length: 20 }, (_, index) => send(String(index)));
  for (const request of queue) {
    await vi.advanceTimersByTimeAsync(900);
    expect(requests.answered(request)).toBe(true);
  }
  expect(silences).toHaveLength(0);
});

test('answers to later requests do not excuse the oldest', async () => {
  const { silences, requests, send } = started();
  send('oldest');
  for (let turn = 0; turn < 12; turn++) {
    const later = send('later');
    await vi.advanceTimersByTimeAsync(100);
    requests.answered(later);
  }
  expect(silences).toHaveLength(1);
  expect(silences[0]?.message).toContain('oldest');
});

test('the clock starts with the request, not with the connection', async () => {
  const { silences, requests, send } = started();
  requests.answered(send('early'));
  await vi.advanceTimersByTimeAsync(950);
  send('late');
  await vi.advanceTimersByTimeAsync(900);
  expect(silences).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(silences).toHaveLength(1);
});

test('the end rejects all that is under way, oldest first, and later answers count no more', () => {
  const { rejected, requests, send } = started();
  const first = send('first');
  send('second');
  requests.rejectAll(new AppError('MIRROR_UNREACHABLE'));
  expect(rejected).toEqual(['first', 'second']);
  expect(requests.answered(first)).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
