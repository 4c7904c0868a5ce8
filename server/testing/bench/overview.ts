import { join } from 'node:path';
import type { TransactionList } from '../../../shared/api.ts';
import { silentLogger } from '../../base/logger.ts';
import { HISTORY_BOUNDS, HistoryStore } from '../../history/history-store.ts';
import { ApplianceProcess } from '../appliance-process.ts';
import { endedTransaction } from '../ended-transaction.ts';
import type { Row } from './table.ts';

const ROWS = 1_000_000;
const CALLS = 200;
const MOST = 0.95;
const SPACING_MS = 1000;

/** How long the dashboard's first answer takes, however much has happened before; 50 ms are what it may take. */
export async function measureOverview(): Promise<Row[]> {
  const appliance = new ApplianceProcess({ mirrors: [] });
  try {
    await appliance.start();
    const empty = await answerTimes(appliance);
    await appliance.terminate();
    await plantHistory(join(appliance.localPath, '.proxyfs', 'history'));
    await appliance.start();
    await checkPlanted(appliance);
    const full = await answerTimes(appliance);
    return [
      {
        what: '`/api/v1/overview`, a million transactions in the history',
        proxyfs: `${full.middleMs.toFixed(1)} ms, 19 of 20 within ${full.mostMs.toFixed(1)} ms`,
        other: `no history: ${empty.middleMs.toFixed(1)} ms`,
        times: full.middleMs / empty.middleMs,
        of: 'the time',
      },
    ];
  } finally {
    await appliance.stop();
  }
}

/** Single ones tell of the machine: another process had the processor. */
async function answerTimes(appliance: ApplianceProcess): Promise<{ middleMs: number; mostMs: number }> {
  const timesMs: number[] = [];
  for (let call = 0; call < CALLS; call += 1) timesMs.push(await overviewMs(appliance));
  timesMs.sort((a, b) => a - b);
  return { middleMs: timesMs[CALLS / 2] ?? Number.NaN, mostMs: timesMs[CALLS * MOST] ?? Number.NaN };
}

/** As many as wait for the disk at a time, by one store after the other. */
async function plantHistory(directory: string): Promise<void> {
  const startedMs = Date.now() - ROWS * SPACING_MS;
  for (let first = 0; first < ROWS; first += HISTORY_BOUNDS.waitingRows) {
    const store = new HistoryStore(directory, silentLogger);
    await store.load();
    for (let k = first; k < first + HISTORY_BOUNDS.waitingRows; k += 1)
      store.add('committed', () => endedTransaction(k, startedMs));
    await store.close();
    if (store.dropped > 0 || store.lastSeq !== first + HISTORY_BOUNDS.waitingRows)
      throw new Error(`${store.dropped} transactions were not planted`);
  }
}

async function checkPlanted(appliance: ApplianceProcess): Promise<void> {
  const { body } = await appliance.api('/api/v1/transactions?limit=1');
  const [newest] = (body as TransactionList).items;
  if (newest?.path !== `/file-${ROWS - 1}`) throw new Error('the history is not the one that was planted');
}

async function overviewMs(appliance: ApplianceProcess): Promise<number> {
  const startMs = performance.now();
  const { status } = await appliance.api('/api/v1/overview');
  if (status !== 200) throw new Error(`the overview was answered with ${status}`);
  return performance.now() - startMs;
}
