import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonLogger, silentLogger } from '../base/logger.ts';
import { endedTransaction } from '../testing/ended-transaction.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { HistoryStore } from './history-store.ts';
import { OutcomeFile } from './outcome-file.ts';

let directory: TempDirectory;
beforeEach(async () => {
  directory = await tempDirectory('outcomes');
});
afterEach(() => directory.remove());

async function run() {
  const store = new HistoryStore(directory.path, silentLogger);
  await store.load();
  const outcomes = new OutcomeFile(directory.path, store, silentLogger);
  await outcomes.load();
  const end = (k: number, outcome: 'committed' | 'rolled-back', agoMs = 0) => {
    const ended = endedTransaction(k, Date.now() - agoMs, { outcome });
    store.add(outcome, () => ended);
    outcomes.add(outcome, Date.now() - agoMs);
  };
  return { store, outcomes, end };
}

async function expectAfterStart(total: { committed: number; rolledBack: number }): Promise<void> {
  const { outcomes } = await run();
  await waitUntil('all are counted', () => {
    expect(outcomes.total()).toEqual(total);
    return true;
  });
}

it('counts over a clean stop and a crash, by what is in the history and not in the file', async () => {
  const first = await run();
  first.end(-7, 'committed', 25 * 3600_000);
  for (let k = 1; k <= 5; k += 1) first.end(-k, 'committed');
  first.end(-6, 'rolled-back');
  await first.store.close();
  await first.outcomes.close();
  await expectAfterStart({ committed: 5, rolledBack: 1 });

  const second = await run();
  second.end(-8, 'committed');
  second.end(-9, 'rolled-back');
  // Of a crash: the file of the counts stays behind.
  await second.store.close();
  await expectAfterStart({ committed: 6, rolledBack: 2 });

  await rm(join(directory.path, 'outcomes.json'));
  await expectAfterStart({ committed: 6, rolledBack: 2 });
});

it('says nothing of a file that is not there yet, and tells of one that is damaged', async () => {
  const told: string[] = [];
  const logger = jsonLogger('debug', (line) => void told.push((JSON.parse(line) as { event: string }).event));
  const store = new HistoryStore(directory.path, silentLogger);
  await new OutcomeFile(directory.path, store, logger).load();
  expect(told).toEqual([]);
  await writeFile(join(directory.path, 'outcomes.json'), '{');
  await new OutcomeFile(directory.path, store, logger).load();
  expect(told).toEqual(['outcomes-unreadable']);
});
