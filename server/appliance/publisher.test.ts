import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventName } from '../../shared/events.ts';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { Engine } from '../testing/engine.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { Transaction } from '../transaction/transaction.ts';
import { EventRing } from './event-ring.ts';
import { History } from './history.ts';
import { MirrorSet } from './mirror-set.ts';
import { Mode } from './mode.ts';
import { Publisher } from './publisher.ts';

const MANY = 600;

let engine: Engine;
let history: History;
let publisher: Publisher;
let told: Map<EventName, number>;
let dropped: number;

beforeEach(async () => {
  engine = await Engine.start();
  engine.mirrors.splice(0);
  const { coordinator, locks } = engine;
  history = await History.open(join(engine.base, 'history'), silentLogger);
  const make = (): never => {
    throw new Error('there are no mirrors');
  };
  const mirrors = new MirrorSet({ configurations: [], make, locks });
  const ring = new EventRing();
  told = new Map();
  dropped = 0;
  ring.on(({ event, data }) => {
    told.set(event, (told.get(event) ?? 0) + 1);
    if (event === 'tx.dropped') dropped += data.n;
  });
  const mode = new Mode(mirrors);
  const logger = silentLogger;
  publisher = new Publisher({ coordinator, mirrors, mode, history, ring, space: new Map(), logger });
  publisher.start();
});

afterEach(async () => {
  publisher.stop();
  await history.close();
  await engine.stop();
});

function end(k: number, outcome: 'committed' | 'rolled-back'): void {
  const operation = { kind: 'unlink', path: treePath(`/f${k}`) } as const;
  const transaction = new Transaction(`ab12-${k}`, operation, { onChange: () => {} });
  for (const state of outcome === 'committed' ? (['applying', 'committing'] as const) : [])
    transaction.enter(state);
  transaction.enter(outcome, outcome === 'committed' ? undefined : new AppError('NO_SPACE', 'full'));
  engine.coordinator.events.emit('ended', transaction);
}

it.each(['committed', 'rolled-back'] as const)(
  'tells of some of very many that are %s in a second, and counts the rest',
  async (outcome) => {
    for (let k = 0; k < MANY; k += 1) end(k, outcome);
    expect(told.get('tx.ended')).toBeLessThan(MANY / 2);
    await waitUntil('the rest is counted', () => dropped > 0);
    expect((told.get('tx.ended') ?? 0) + dropped).toBe(MANY);
    const { committed, rolledBack } = history.counters;
    expect(outcome === 'committed' ? committed : rolledBack).toBe(MANY);
  },
);

it('tells of a failure among very many successes', () => {
  for (let k = 0; k < MANY; k += 1) end(k, 'committed');
  const before = told.get('tx.ended') ?? 0;
  end(MANY, 'rolled-back');
  expect(told.get('tx.ended')).toBe(before + 1);
});
