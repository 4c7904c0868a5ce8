import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ByteWindow } from './byte-window.ts';

const PIECE = 128 * 1024;

/** Sends through a line that carries one piece in `pieceMs`; the answer is how long each waited for its answer. */
function waits(window: ByteWindow, pieceMs: number, count: number): number[] {
  const underWay: number[] = [];
  const waited: number[] = [];
  for (let nowMs = 0; waited.length < count; ) {
    while ((underWay.length + 1) * PIECE <= window.sizeBytes) {
      expect(window.take(PIECE)).toBeUndefined();
      underWay.push(nowMs);
    }
    nowMs += pieceMs;
    const tookMs = nowMs - (underWay.shift() ?? 0);
    waited.push(tookMs);
    window.give(PIECE, tookMs);
  }
  return waited;
}

test('on a fast line the window opens to its bound', () => {
  const window = new ByteWindow();
  for (let piece = 0; piece < 100; piece++) {
    void window.take(PIECE);
    window.give(PIECE, 50);
  }
  expect(window.sizeBytes).toBe(64 * PIECE);
});

test.each([100, 400, 900, 1500])(
  'where a piece takes %d ms nothing waits long behind the others',
  (pieceMs) => {
    expect(Math.max(...waits(new ByteWindow(), pieceMs, 200).slice(50))).toBeLessThanOrEqual(3000);
  },
);

test('who waits is let in when the window has room again, in order', async () => {
  const window = new ByteWindow();
  const order: number[] = [];
  for (let piece = 0; piece < 8; piece++) void window.take(PIECE);
  for (const name of [1, 2, 3]) void window.take(PIECE)?.then(() => order.push(name));
  expect(window.take(1)).toBeDefined();
  window.give(PIECE, 5000);
  for (let piece = 0; piece < 4; piece++) window.give(PIECE);
  await setImmediate();
  expect([window.sizeBytes, order]).toEqual([4 * PIECE, [1]]);
  window.give(PIECE);
  window.give(PIECE);
  await setImmediate();
  expect(order).toEqual([1, 2, 3]);
});

test('what is larger than the window goes alone', () => {
  const window = new ByteWindow();
  expect(window.take(100 * PIECE)).toBeUndefined();
  expect(window.take(1)).toBeDefined();
});
