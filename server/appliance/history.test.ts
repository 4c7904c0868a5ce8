import { afterEach, beforeEach, expect, it } from 'vitest';
import { transactionListSchema } from '../../shared/api.ts';
import { type TransactionsQuery, transactionsQuerySchema } from '../../shared/requests.ts';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { Transaction } from '../transaction/transaction.ts';
import { History } from './history.ts';

let directory: TempDirectory;
let history: History;

beforeEach(async () => {
  directory = await tempDirectory('history');
  history = await History.open(directory.path, silentLogger);
});
afterEach(async () => {
  await history.close();
  await directory.remove();
});

function begun(k: number): Transaction {
  const operation = { kind: 'unlink', path: treePath(`/f${k}`) } as const;
  const transaction = new Transaction(`ab12-${k}`, operation, { onChange: () => {} });
  transaction.enter('applying');
  return transaction;
}

function end(transaction: Transaction, fails = false): void {
  for (const state of fails ? (['undoing'] as const) : (['committing', 'committed'] as const))
    transaction.enter(state, fails ? new AppError('NO_SPACE', 'full') : undefined);
  if (fails) transaction.enter('rolled-back');
  history.add(transaction);
}

/** All pages of a list, by the numbers in the paths. */
async function pages(query: Partial<TransactionsQuery>, inFlight: readonly Transaction[]) {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const parsed = transactionsQuerySchema.parse({ limit: '3', ...(cursor && { cursor }) });
    const list = await history.list(
      { ...parsed, ...query },
      inFlight.map((each) => each.snapshot()),
    );
    transactionListSchema.parse(list);
    found.push(list.items.map(({ path }) => path.slice(2)));
    cursor = list.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

it('lists those in flight before those that are over, a page at a time', async () => {
  for (let k = 1; k <= 4; k += 1) end(begun(k), k % 2 === 0);
  const running = [5, 6, 7, 8].map(begun);
  expect(await pages({}, running)).toEqual([
    ['8', '7', '6'],
    ['5', '4', '3'],
    ['2', '1'],
  ]);
  expect(await pages({}, running.slice(1))).toEqual([['8', '7', '6'], ['4', '3', '2'], ['1']]);
  expect(await pages({ state: 'inFlight' }, running)).toEqual([['8', '7', '6'], ['5']]);
  expect(await pages({ state: 'ended' }, running)).toEqual([['4', '3', '2'], ['1']]);
  expect(await pages({ outcome: 'rolled-back' }, running)).toEqual([['4', '2']]);
  expect(await pages({ pathPrefix: '/f6' }, running)).toEqual([['6']]);
  expect(await pages({ pathPrefix: '/g' }, running)).toEqual([[]]);
});

it('goes on where it was although others begin and end meanwhile', async () => {
  const running = [1, 2, 3, 4, 5].map(begun);
  const limit = { ...transactionsQuerySchema.parse({}), limit: 2 };
  const show = (list: readonly Transaction[]) => list.map((each) => each.snapshot());
  const first = await history.list(limit, show(running));
  expect(first.items.map(({ path }) => path)).toEqual(['/f5', '/f4']);
  const [one, two, three, four] = running;
  if (!one || !two || !three || !four || !first.nextCursor) throw new Error('there is more');
  end(four);
  const cursor = first.nextCursor;
  const second = await history.list({ ...limit, cursor }, show([begun(6), three, two, one]));
  expect(second.items.map(({ path }) => path)).toEqual(['/f3', '/f2']);
});

it('refuses what is no cursor', async () => {
  const query = transactionsQuerySchema.parse({});
  for (const cursor of ['', 'x', 'tx-1', Buffer.from('r').toString('base64url'), '../e5'])
    await expect(history.list({ ...query, cursor }, [])).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

it('has the last ones, their steps and the outcomes at hand after a restart, and counts anew', async () => {
  const kept = [1, 2, 3].map(begun);
  for (const [index, transaction] of kept.entries()) end(transaction, index === 1);
  const before = history.recent();
  expect(history.counters).toEqual({ committed: 2, rolledBack: 1, retries: 0, missingInHistory: 0 });
  await history.close();
  history = await History.open(directory.path, silentLogger);
  expect(history.recent()).toEqual(before);
  expect(history.outcomes24h()).toEqual({ committed: 2, rolledBack: 1 });
  expect(history.counters).toMatchObject({ committed: 0, rolledBack: 0 });
  const failed = await history.find(kept[1]?.id ?? '');
  expect(failed).toMatchObject({ path: '/f2', error: { code: 'NO_SPACE', errno: 'ENOSPC' } });
  expect(failed?.timeline.map(({ state }) => state)).toEqual(['applying', 'undoing', 'rolled-back']);
});
