import { appendFile, chmod, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonLogger, type LogFields } from '../base/logger.ts';
import { endedTransaction } from '../testing/ended-transaction.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import type { EndedTransaction } from './history-line.ts';
import { HISTORY_BOUNDS, type HistoryQuery, HistoryStore } from './history-store.ts';

const BOUNDS = { ...HISTORY_BOUNDS, rows: 100, segmentRows: 10 };
const HOUR_MS = 3600_000;

let directory: TempDirectory;
let startedMs: number;
const logged: LogFields[] = [];

beforeEach(async () => {
  directory = await tempDirectory('history');
  startedMs = Date.now() - HOUR_MS;
  logged.length = 0;
});
afterEach(() => directory.remove());

async function opened(bounds: Partial<typeof BOUNDS> = {}): Promise<HistoryStore> {
  const logger = jsonLogger('info', (line) => logged.push(JSON.parse(line) as LogFields));
  const store = new HistoryStore(directory.path, logger, { ...BOUNDS, ...bounds });
  await store.load();
  return store;
}

type Changes = Partial<EndedTransaction>;

function add(store: HistoryStore, from: number, to: number, changes: (k: number) => Changes = () => ({})) {
  for (let k = from; k <= to; k += 1) {
    const ended = endedTransaction(k, startedMs, changes(k));
    store.add(ended.outcome, () => ended);
  }
}

/** Every third has failed. */
const mixed = (k: number): Changes => (k % 3 === 0 ? { outcome: 'rolled-back' } : {});

async function numbers(store: HistoryStore, query: Partial<HistoryQuery> = {}): Promise<number[]> {
  const { items } = await store.page({ filter: {}, limit: 1000, ...query });
  return items.map(({ sizeBytes = -1 }) => sizeBytes);
}

/** It takes a moment to describe, as one of many mirrors does. */
function described(k: number): EndedTransaction {
  const untilMs = performance.now() + 2;
  while (performance.now() < untilMs);
  return endedTransaction(k, startedMs);
}

function down(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, index) => from - index * step);
}

async function filesOf(name: string): Promise<string[]> {
  return (await readdir(directory.path)).filter((file) => file.startsWith(`${name}.`));
}

describe('the history', () => {
  it('has what just ended, and all of it after a clean stop, both kinds in the order of their end', async () => {
    const store = await opened();
    add(store, 1, 35, mixed);
    expect(await numbers(store)).toEqual(down(35, 1));
    await store.close();
    expect(await numbers(store)).toEqual(down(35, 1));
    const again = await opened();
    expect(await numbers(again)).toEqual(down(35, 1));
    add(again, 36, 40, mixed);
    await again.close();
    const third = await opened();
    expect(await numbers(third)).toEqual(down(40, 1));
    const { items } = await third.page({ filter: {}, limit: 1 });
    expect(items[0]).toEqual(endedTransaction(40, startedMs));
    expect(logged).toEqual([]);
  });

  it('has what ended a moment ago after a crash', async () => {
    const store = await opened();
    add(store, 1, 25);
    await waitUntil('all is written', async () => (await numbers(await opened())).length === 25);
    // It is not closed before another one reads.
    expect(await numbers(await opened())).toEqual(down(25, 1));
    await store.close();
  });

  it('goes on where a page ended, whatever comes in meanwhile', async () => {
    const store = await opened();
    add(store, 1, 50, mixed);
    const pages: number[] = [];
    let beforeSeq: number | undefined;
    do {
      const { items, nextSeq } = await store.page({ filter: {}, limit: 7, beforeSeq });
      pages.push(...items.map(({ sizeBytes = -1 }) => sizeBytes));
      add(store, 51 + pages.length, 60 + pages.length, mixed);
      beforeSeq = nextSeq;
    } while (beforeSeq !== undefined);
    expect(pages).toEqual(down(50, 1));
    await store.close();
  });

  it('finds what is asked for', async () => {
    const store = await opened();
    add(store, 1, 60, (k) => ({
      ...mixed(k),
      ...(k % 2 === 0 && { operation: 'rename', path: `/dir "x"/${k}`, to: `/to/${k}` }),
      ...(k % 7 === 0 && { uid: k }),
      ...(k % 5 === 0 && { participants: [{ mirror: 'web2', state: 'failed', attempt: 2, attempts: 2 }] }),
    }));
    await store.close();
    const all = async (filter: HistoryQuery['filter']) => numbers(store, { filter });
    expect(await all({ outcome: 'rolled-back' })).toEqual(down(60, 3, 3));
    expect(await all({ outcome: 'committed' })).toHaveLength(40);
    expect(await all({ op: 'rename' })).toEqual(down(60, 2, 2));
    expect(await all({ uid: 7 })).toEqual([7]);
    expect(await all({ uid: 1 })).toEqual([]);
    expect(await all({ mirror: 'web2' })).toEqual(down(60, 5, 5));
    expect(await all({ mirror: 'web' })).toEqual([]);
    expect(await all({ pathPrefix: '/dir "x"/1' })).toEqual([18, 16, 14, 12, 10]);
    expect(await all({ pathPrefix: '/to/4' })).toEqual([48, 46, 44, 42, 40, 4]);
    expect(await all({ pathPrefix: 'to/4' })).toEqual([]);
    const since = new Date(startedMs + 55_000).toISOString();
    expect(await all({ since })).toEqual(down(60, 55));
    expect(await all({ since, outcome: 'rolled-back', mirror: 'web2' })).toEqual([60]);
  });

  it('looks at no more rows for a page than it may, and says where to go on', async () => {
    const store = await opened();
    add(store, 1, 95, mixed);
    await store.close();
    const rare = { pathPrefix: '/file-3' };
    const found: number[] = [];
    let [pages, beforeSeq]: [number, number | undefined] = [0, undefined];
    do {
      const page = await store.page({ filter: rare, limit: 50, beforeSeq, mostLookedAt: 20 });
      expect(page.lookedAt).toBeLessThanOrEqual(20);
      found.push(...page.items.map(({ sizeBytes = -1 }) => sizeBytes));
      pages += 1;
      beforeSeq = page.nextSeq;
    } while (beforeSeq !== undefined);
    expect([pages, found]).toEqual([5, [...down(39, 30), 3]]);
    expect((await store.page({ filter: {}, limit: 5 })).lookedAt).toBe(5);
    const late = { since: new Date(startedMs + 90_000).toISOString() };
    expect((await store.page({ filter: late, limit: 50 })).lookedAt).toBeLessThan(30);
  });

  it('finds a transaction by its id, wherever it is', async () => {
    const store = await opened();
    add(store, 1, 44, mixed);
    const idOf = (k: number) => endedTransaction(k, startedMs).id;
    for (const k of [1, 9, 30, 43, 44]) expect((await store.find(idOf(k)))?.sizeBytes).toBe(k);
    await store.close();
    const again = await opened();
    for (const k of [1, 9, 30, 43, 44]) expect((await again.find(idOf(k)))?.sizeBytes).toBe(k);
    expect(await again.find(idOf(45))).toBeUndefined();
    const long = { endedAt: new Date(startedMs + 2 * HOUR_MS).toISOString() };
    add(again, 45, 45, () => ({ ...long, ...mixed(45) }));
    add(again, 46, 80, mixed);
    await again.close();
    expect((await (await opened()).find(idOf(45)))?.endedAt).toBe(long.endedAt);
    expect(await again.find('"id":"')).toBeUndefined();
  });

  it('lets others have their turn while it makes lines of long rows', async () => {
    const store = await opened();
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    for (let k = 1; k <= 40; k += 1) store.add('committed', () => described(k));
    expect(await numbers(store)).toEqual(down(40, 1));
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});

describe('the bounds of the history', () => {
  it('let the oldest go by number, of each kind for itself', async () => {
    const store = await opened({ rows: 40 });
    add(store, 1, 30, () => ({ outcome: 'rolled-back' }));
    for (let k = 31; k <= 500; k += 10) {
      add(store, k, k + 9);
      await waitUntil('a segment is written', async () => (await filesOf('committed')).length > 0);
    }
    await store.close();
    const kept = await numbers(await opened({ rows: 40 }));
    expect(kept.slice(-30)).toEqual(down(30, 1));
    expect(kept.slice(0, -30)).toEqual(down(500, 461));
    expect(await filesOf('committed')).toHaveLength(4);
  });

  it('let the oldest go by age', async () => {
    const store = await opened();
    add(store, 1, 45);
    await store.close();
    const ageMs = Date.now() - startedMs - 22_000;
    expect(await numbers(await opened({ ageMs }))).toEqual(down(45, 21));
    expect(await filesOf('committed')).toHaveLength(3);
  });

  it('drop and count what the disk is too slow for', async () => {
    const store = await opened({ waitingRows: 20 });
    add(store, 1, 50);
    expect(store.dropped).toBe(30);
    await store.close();
    expect(await numbers(await opened())).toEqual(down(20, 1));
    expect(logged).toMatchObject([{ event: 'history-dropped', transactions: 30 }]);
  });

  it('cut what is long beyond reason', async () => {
    const store = await opened();
    const message = 'x'.repeat(2000);
    const error = { code: 'MIRROR_TIMEOUT', message } as const;
    const step = { afterMs: 1, mirror: 'web1', state: 'failed', attempt: 1, error } as const;
    add(store, 1, 1, () => ({ timeline: Array.from({ length: 100 }, () => step), timelineLeftOut: 7 }));
    const [ended] = (await store.page({ filter: {}, limit: 1 })).items;
    expect(ended).toMatchObject({ timeline: [], timelineLeftOut: 107, participants: [{ mirror: 'web1' }] });
    await store.close();
  });
});

describe('damage', () => {
  it('of a line costs that line', async () => {
    const store = await opened();
    add(store, 1, 8);
    await store.close();
    const [name = ''] = await filesOf('committed');
    const file = join(directory.path, name);
    const content = await readFile(file, 'utf8');
    await writeFile(file, content.replace('/file-3', '/file-9').slice(0, -20));
    const again = await opened();
    expect(await numbers(again)).toEqual([7, 6, 5, 4, 2, 1]);
    expect(logged).toMatchObject([{ event: 'history-unreadable', lines: 2 }]);
    add(again, 9, 9);
    await again.close();
    expect(await numbers(await opened())).toEqual([9, 7, 6, 5, 4, 2, 1]);
  });

  it('of the first line, or of all, costs no other', async () => {
    const store = await opened();
    add(store, 1, 8, mixed);
    await store.close();
    const [committed = ''] = await filesOf('committed');
    const [rolledBack = ''] = await filesOf('rolled-back');
    await writeFile(join(directory.path, rolledBack), Buffer.from([0, 255, 10, 1, 10]));
    const file = join(directory.path, committed);
    await writeFile(file, (await readFile(file)).subarray(1));
    const again = await opened();
    expect(await numbers(again)).toEqual([8, 7, 5, 4, 2]);
    add(again, 9, 12, mixed);
    await again.close();
    expect(await numbers(await opened())).toEqual([12, 11, 10, 9, 8, 7, 5, 4, 2]);
  });

  it('of a packed file costs that file', async () => {
    const store = await opened();
    add(store, 1, 35);
    await store.close();
    const packed = (await filesOf('committed')).find((name) => name.includes('.11-')) ?? '';
    const file = join(directory.path, packed);
    const content = await readFile(file);
    await writeFile(file, content.fill(0, 50, 60));
    expect(await numbers(await opened())).toEqual([...down(35, 21), ...down(10, 1)]);
    expect(logged).toMatchObject([{ event: 'history-unreadable', firstSeq: 11 }]);
  });

  it('and files of another version or of nobody are left as they are', async () => {
    const strange = ['committed.v2.1-10-10-5.gz', 'committed.v1.x.lines', 'notes', 'committed.v1.7'];
    for (const name of strange) await appendFile(join(directory.path, name), 'what');
    const store = await opened();
    add(store, 1, 25);
    await store.close();
    expect(await numbers(await opened())).toEqual(down(25, 1));
    for (const name of strange) expect(await readFile(join(directory.path, name), 'utf8')).toBe('what');
  });

  it('that came of a crash while a file was packed costs nothing', async () => {
    const store = await opened();
    add(store, 1, 9);
    await store.close();
    const [underWay = ''] = await filesOf('committed');
    const content = await readFile(join(directory.path, underWay));
    const again = await opened();
    add(again, 10, 12);
    await again.close();
    // The packed file is there, and the other not gone yet.
    await writeFile(join(directory.path, underWay), content);
    expect(await numbers(await opened())).toEqual(down(12, 1));
    const files = (await filesOf('committed')).sort();
    expect(files).toEqual([
      expect.stringMatching(/^committed\.v1\.1-10-10-.*\.gz$/),
      'committed.v1.11.lines',
    ]);
  });

  it('of the place for packed files loses them, and leaves nothing lying about', async () => {
    const store = await opened();
    // Where a packed file is written before it gets its name.
    await mkdir(join(directory.path, 'committed.new'));
    add(store, 1, 25);
    await store.close();
    expect([await numbers(store), store.dropped]).toEqual([down(25, 21), 20]);
    expect((await filesOf('committed')).sort()).toEqual(['committed.new', 'committed.v1.21.lines']);
    await rmdir(join(directory.path, 'committed.new'));
    const again = await opened();
    add(again, 26, 35);
    await again.close();
    expect(await numbers(await opened())).toEqual(down(35, 21));
  });

  it('of the directory loses the files, not what is in memory, and is told once', async () => {
    const store = await opened();
    await rm(directory.path, { recursive: true });
    await writeFile(directory.path, '');
    await chmod(directory.path, 0o600);
    add(store, 1, 5);
    await waitUntil('it is told', () => logged.length > 0);
    add(store, 6, 8);
    await store.close();
    expect(await numbers(store)).toEqual(down(8, 1));
    expect(logged.map(({ event }) => event)).toEqual(['history-not-kept']);
    const again = await opened();
    add(again, 1, 25);
    await again.close();
    expect([await numbers(again), again.dropped]).toEqual([down(25, 21), 20]);
  });
});
