import { expect, it } from 'vitest';
import { LogRing } from './log-ring.ts';
import { jsonLogger } from './logger.ts';

function ringWith(count: number): LogRing {
  const ring = new LogRing();
  const logger = jsonLogger('debug', (line) => ring.add(line));
  for (let k = 1; k <= count; k += 1) logger[k % 10 === 0 ? 'warn' : 'info'](`event-${k}`, { k });
  return ring;
}

it('answers the latest lines, oldest first, and what came after one', () => {
  const ring = ringWith(30);
  const latest = ring.read({ level: 'debug', limit: 2 });
  expect(latest.items.map(({ seq, event, fields }) => [seq, event, fields])).toEqual([
    [29, 'event-29', { k: 29 }],
    [30, 'event-30', { k: 30 }],
  ]);
  expect(latest.seq).toBe(30);
  expect(ring.read({ after: 30, level: 'debug', limit: 10 })).toEqual({ items: [], seq: 30 });
  const next = ring.read({ after: 5, level: 'debug', limit: 3 });
  expect([next.items.map(({ seq }) => seq), next.seq]).toEqual([[6, 7, 8], 8]);
});

it('leaves out what is less than was asked for', () => {
  const { items, seq } = ringWith(35).read({ after: 0, level: 'warn', limit: 10 });
  expect(items.map(({ event }) => event)).toEqual(['event-10', 'event-20', 'event-30']);
  expect(seq).toBe(35);
});

it('keeps 2,000 lines, and of a long one its beginning', () => {
  const ring = ringWith(5000);
  const { items } = ring.read({ after: 1, level: 'debug', limit: 1 });
  expect(items[0]?.seq).toBe(3001);
  ring.add(
    `${JSON.stringify({ time: new Date().toISOString(), level: 'error', event: 'long', text: 'x'.repeat(100_000) })}\n`,
  );
  const [long] = ring.read({ level: 'error', limit: 1 }).items;
  expect(long?.event).toBe('long');
  expect(JSON.stringify(long).length).toBeLessThan(8192);
});

it('answers all it has where somebody asks for what it never had', () => {
  expect(ringWith(3).read({ after: 99, level: 'debug', limit: 5 })).toEqual({ items: [], seq: 3 });
});
