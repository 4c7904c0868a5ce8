import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventBatch } from '../../shared/events.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench({ controlPlane: new MemoryControlPlane({ ringSize: 1000 }) });
});
afterEach(() => bench.stop());

function publish(count: number): void {
  for (let each = 0; each < count; each += 1) bench.controlPlane.publish('tx.dropped', { n: each });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('GET /events', () => {
  const read = async (query: string) => {
    const answer = await bench.call(`/api/v1/events${query}`);
    expect(answer.status).toBe(200);
    return JSON.parse(answer.body) as EventBatch;
  };

  it('says where the events stand, and goes on from there', async () => {
    publish(3);
    expect(await read('')).toEqual({ seq: 3, bootId: 'boot-1', reset: false, events: [] });
    publish(2);
    const batch = await read('?since=3&bootId=boot-1');
    expect([batch.seq, batch.events.map(({ seq }) => seq)]).toEqual([5, [4, 5]]);
  });

  it('waits for the next event', async () => {
    let answered = false;
    const batch = read('?since=0&waitSeconds=20').finally(() => (answered = true));
    for (let each = 0; each < 5; each += 1) await bench.call('/readyz');
    expect(answered).toBe(false);
    publish(1);
    expect((await batch).events.map(({ seq }) => seq)).toEqual([1]);
  });

  it('answers without events when none come in time', async () => {
    expect(await read('?since=0&waitSeconds=0')).toEqual({
      seq: 0,
      bootId: 'boot-1',
      reset: false,
      events: [],
    });
  });

  it('gives large backlogs in pieces, and says when they are gone', async () => {
    publish(900);
    const first = await read('?since=0');
    expect([first.events.length, first.seq]).toEqual([500, 500]);
    expect((await read('?since=500')).events.map(({ seq }) => seq)).toEqual(range(501, 900));
    publish(500);
    expect(await read('?since=10')).toEqual({ seq: 1400, bootId: 'boot-1', reset: true, events: [] });
    expect((await read('?since=1399&bootId=boot-0')).reset).toBe(true);
  });

  it('lets everybody go when the server stops', async () => {
    const waiting = read('?since=0&waitSeconds=60').catch(() => 'cut off');
    for (let each = 0; each < 5; each += 1) await bench.call('/readyz');
    const startMs = performance.now();
    await bench.stop();
    await waiting;
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
