import { expect, it } from 'vitest';
import { Wakefulness } from './wakefulness.ts';

/** What comes at these milliseconds; answers at which of the turns, ten in each, the event loop was kept awake. */
function awakeAt(arrivalsMs: readonly number[], processors = 2): number[] {
  let nowMs = 0;
  let due: (() => void)[] = [];
  const wakefulness = new Wakefulness({
    processors,
    nowMs: () => nowMs,
    inNextTurn: (turn) => due.push(turn),
  });
  const awake: number[] = [];
  for (let turn = 0; turn < 200; turn++) {
    nowMs = turn / 10;
    const now = due;
    due = [];
    for (const each of now) each();
    for (const arrivalMs of arrivalsMs) if (arrivalMs === nowMs) wakefulness.arrived();
    if (due.length > 0) awake.push(nowMs);
    expect(due.length).toBeLessThan(2);
  }
  return awake;
}

it('stays awake for two milliseconds after what came closely behind another', () => {
  const awake = awakeAt([3, 4]);
  expect([awake[0], awake.at(-1), awake.length]).toEqual([4, 5.9, 20]);
});

it('stays awake throughout what keeps coming, and sleeps after it', () => {
  const awake = awakeAt([3, 4, 5.5, 7, 7.1]);
  expect([awake[0], awake.at(-1), awake.length]).toEqual([4, 9, 51]);
});

it('sleeps between things that come further apart', () => {
  expect(awakeAt([3, 6, 9, 12, 15])).toEqual([]);
});

it('leaves a single processor to others', () => {
  expect(awakeAt([3, 4, 5, 6], 1)).toEqual([]);
});
