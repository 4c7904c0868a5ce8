import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasCode } from '../base/errors.ts';
import { type AffectedPath, keyOf } from '../filesystem/affected-path.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { CoveredIntents } from './covered-intents.ts';
import { IntentLog } from './intent-log.ts';
import { Journal } from './journal.ts';
import type { StaleSet } from './stale-set.ts';

let directory: string;
let journal: Journal;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
  journal = await Journal.open(directory);
});

afterEach(async () => {
  await journal.close().catch(() => {});
  await rm(directory, { recursive: true, force: true });
});

async function reopen(bootId?: string): Promise<void> {
  await journal.close();
  journal = await Journal.open(directory, bootId);
}

const entry = (path: string): AffectedPath => ({ kind: 'entry', path: treePath(path) });
const nothing = new Set<string>();

describe('the intent log', () => {
  it('finds after a restart what was held and not retired', async () => {
    await journal.intents.hold([entry('/a'), entry('/b')]);
    journal.intents.letGo([entry('/a')]);
    const later = Date.now() + 1000;
    journal.intents.retire([entry('/a'), entry('/b')], later);
    await reopen();
    expect(journal.intents.left()).toEqual([entry('/b')]);
  });

  it('keeps a path noted while any user holds it', async () => {
    await journal.intents.hold([entry('/a')]);
    await journal.intents.hold([entry('/a')]);
    journal.intents.letGo([entry('/a')]);
    expect(journal.intents.idleSince(Date.now() + 1000)).toEqual([]);
    journal.intents.letGo([entry('/a')]);
    expect(journal.intents.idleSince(Date.now() + 1000)).toEqual([entry('/a')]);
  });

  it('does not retire a path that was used again meanwhile', async () => {
    await journal.intents.hold([entry('/a')]);
    journal.intents.letGo([entry('/a')]);
    const idle = journal.intents.idleSince(Date.now() + 1000);
    await journal.intents.hold([entry('/a')]);
    journal.intents.retire(idle, Date.now() + 1000);
    await reopen();
    expect(journal.intents.left()).toEqual([entry('/a')]);
  });

  it('remembers directory moves in the order of their last use', async () => {
    const move = (path: string, to: string): AffectedPath => ({
      kind: 'move',
      path: treePath(path),
      to: treePath(to),
    });
    for (const next of [move('/a', '/b'), move('/b', '/a'), move('/a', '/b')]) {
      await journal.intents.hold([next]);
      journal.intents.letGo([next]);
    }
    await reopen();
    expect(journal.intents.left()).toEqual([move('/b', '/a'), move('/a', '/b')]);
  });

  it('takes paths of any length and any characters', async () => {
    const long = `/${Array.from({ length: 20 }, (_, k) => `${k}`.repeat(100).slice(0, 200)).join('/')}`;
    const odd = ['/with space', '/new\nline', '/ünï', '/😀', '/"quoted"', long, `${long}x`];
    await journal.intents.hold(odd.map(entry));
    await reopen();
    expect(journal.intents.left()).toEqual(odd.map(entry));
  });
});

describe('an intent that could not be noted', () => {
  /** The journal's own disk is full for as long as a test says so. */
  class FullStore {
    full = true;

    async put(): Promise<boolean> {
      if (this.full) throw new Error('no space');
      return true;
    }

    async remove(): Promise<boolean> {
      return true;
    }

    getRange(): [] {
      return [];
    }

    get(): undefined {
      return undefined;
    }
  }

  it.each([undefined, { directory: treePath('/d'), changedMs: 1, isNew: true }])(
    'is noted anew by whoever comes next (covered by %j)',
    async (cover) => {
      const store = new FullStore();
      const intents = new IntentLog(store, new CoveredIntents(join(directory, 'other'), 'boot'));
      const held = [entry('/d/a')];
      await expect(intents.hold(held, cover)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
      intents.letGo(held);
      expect(intents.size).toBe(0);
      store.full = false;
      await intents.hold(held, cover);
    },
  );

  it('still stands as its directory noted it before, and is noted by itself once there is room', async () => {
    const store = new FullStore();
    store.full = false;
    const intents = new IntentLog(store, new CoveredIntents(join(directory, 'other'), 'boot'));
    const held = [entry('/d/removed')];
    const cover = { directory: treePath('/d'), changedMs: 1, isNew: false };
    await intents.hold(held, cover);
    store.full = true;
    await expect(intents.hold(held)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    expect(intents.isHot(entry('/d/removed'))).toBe(false);
    await intents.hold(held, cover);
    store.full = false;
    await intents.hold(held);
    expect(intents.isHot(entry('/d/removed'))).toBe(true);
  });
});

describe('intents that their directory covers', () => {
  const changedMs = 1000;
  const made = { directory: treePath('/d'), changedMs, isNew: true };
  const removed = { ...made, isNew: false };
  const children: AffectedPath = { kind: 'children', path: treePath('/d'), sinceMs: changedMs };

  it('are found by name after the end of the process', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.intents.hold([entry('/d/b')], removed);
    await reopen();
    expect(journal.intents.left()).toEqual([entry('/d/a'), entry('/d/b')]);
  });

  it('are found as their directory after the machine went down', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.intents.hold([entry('/other')]);
    await reopen('another boot');
    expect(journal.intents.left()).toEqual([children, entry('/other')]);
  });

  it('keep the order among the others', async () => {
    await journal.intents.hold([entry('/1')]);
    await journal.intents.hold([entry('/d/2')], made);
    await journal.intents.hold([entry('/3')]);
    await reopen();
    expect(journal.intents.left()).toEqual([entry('/1'), entry('/d/2'), entry('/3')]);
  });

  it('are enough for changes of what was made, but not of what was there before', async () => {
    await journal.intents.hold([entry('/d/new')], made);
    await journal.intents.hold([entry('/d/old')], removed);
    expect(journal.intents.isHot(entry('/d/new'))).toBe(true);
    expect(journal.intents.isHot(entry('/d/old'))).toBe(false);
    await journal.intents.hold([entry('/d/new'), entry('/d/old')]);
    await reopen('another boot');
    expect(journal.intents.left()).toEqual([children, entry('/d/old')]);
  });

  it('are not enough any more when what was made has been removed', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.intents.hold([entry('/d/a')], removed);
    expect(journal.intents.isHot(entry('/d/a'))).toBe(false);
  });

  it('keep their directory noted until the last of them is retired', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.intents.hold([entry('/d/b')], made);
    journal.intents.letGo([entry('/d/a')]);
    const later = Date.now() + 1000;
    journal.intents.retire([entry('/d/a'), children], later);
    expect(journal.intents.size).toBe(2);
    journal.intents.letGo([entry('/d/b')]);
    journal.intents.retire([entry('/d/b')], later);
    journal.intents.retire([children], later);
    expect(journal.intents.size).toBe(0);
    await reopen('another boot');
    expect(journal.intents.left()).toEqual([]);
  });

  it('are forgotten once recovery has taken them over', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await reopen('another boot');
    journal.intents.dropLeft();
    await journal.flushed();
    await reopen('another boot');
    expect(journal.intents.left()).toEqual([]);
  });

  it('end where the last record was torn, at any byte', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.intents.hold([entry('/d/b')], made);
    await journal.close();
    const file = join(directory, 'covered-intents');
    const whole = await readFile(file);
    const secondEndsAt = whole.length;
    const firstEndsAt = whole.subarray(0, -1).lastIndexOf('\n') + 1;
    for (let length = firstEndsAt; length < secondEndsAt; length += 7) {
      await writeFile(file, whole.subarray(0, length));
      journal = await Journal.open(directory);
      expect(journal.intents.left()).toEqual([entry('/d/a')]);
      await journal.close();
    }
  });

  it('count as lost where their file is: then their directory is compared', async () => {
    await journal.intents.hold([entry('/d/a')], made);
    await journal.close();
    await writeFile(join(directory, 'covered-intents'), 'nonsense\n');
    journal = await Journal.open(directory);
    expect(journal.intents.left()).toEqual([children]);
  });

  it('are written anew when most of the file is of retired ones', async () => {
    const paths = Array.from({ length: 3000 }, (_, k) => entry(`/d/${'x'.repeat(50)}${k}`));
    await journal.intents.hold(paths, made);
    journal.intents.letGo(paths.slice(1));
    journal.intents.retire(paths, Date.now() + 1000);
    expect((await stat(join(directory, 'covered-intents'))).size).toBeLessThan(1000);
    await reopen();
    expect(journal.intents.left()).toEqual(paths.slice(0, 1));
  });
});

describe('the stale set of a mirror', () => {
  it('survives a restart, apart from other mirrors', async () => {
    journal.staleSet('m1').mark([entry('/a'), entry('/b')]);
    journal.staleSet('m10').mark([entry('/c')]);
    await reopen();
    expect(
      journal
        .staleSet('m1')
        .next(10, nothing)
        .map(({ affected }) => affected),
    ).toEqual([entry('/a'), entry('/b')]);
    expect(journal.staleSet('m10').size).toBe(1);
    expect(journal.staleSet('m2').size).toBe(0);
  });

  it('keeps a path that was marked again while it was repaired', () => {
    const stale = journal.staleSet('m1');
    stale.mark([entry('/a')]);
    expect(stale.next(0, nothing)).toEqual([]);
    const [offered] = stale.next(1, nothing);
    stale.mark([entry('/a')]);
    expect(offered && stale.settle(offered)).toBe(false);
    const [again] = stale.next(1, nothing);
    expect(again && stale.settle(again)).toBe(true);
    expect(stale.size).toBe(0);
  });

  it('does not offer a path whose transaction is under way, and outdates a repair that began before', () => {
    const stale = journal.staleSet('m1');
    stale.mark([entry('/a')]);
    const [offered] = stale.next(1, nothing);
    const mark = stale.markHeld([entry('/a')]);
    expect(stale.next(1, nothing)).toEqual([]);
    expect(offered && stale.settle(offered)).toBe(false);
    mark.release();
    expect(offered && stale.settle(offered)).toBe(false);
    expect(stale.next(1, nothing)).toHaveLength(1);
  });

  it('takes back by clear what the mark put in, and leaves what was stale before', async () => {
    const stale = journal.staleSet('m1');
    stale.mark([entry('/before')]);
    stale.markHeld([entry('/before'), entry('/new')]).clear();
    expect(stale.next(10, nothing).map(({ affected }) => affected)).toEqual([entry('/before')]);
    await reopen();
    expect(journal.staleSet('m1').size).toBe(1);
  });

  it('keeps a path cleared by one transaction while another one holds it', () => {
    const stale = journal.staleSet('m1');
    const first = stale.markHeld([entry('/a')]);
    const second = stale.markHeld([entry('/a')]);
    first.clear();
    expect(stale.size).toBe(1);
    second.release();
    expect(stale.next(1, nothing)).toHaveLength(1);
  });

  it('offers directory moves first, alone and the latest first', () => {
    const stale = journal.staleSet('m1');
    const move = (path: string, to: string): AffectedPath => ({
      kind: 'move',
      path: treePath(path),
      to: treePath(to),
    });
    stale.mark([entry('/x'), move('/a', '/b'), move('/b', '/c')]);
    const order: AffectedPath[] = [];
    for (let page = stale.next(10, nothing); page.length > 0; page = stale.next(10, nothing)) {
      order.push(...page.map(({ affected }) => affected));
      for (const offered of page) stale.settle(offered);
    }
    expect(order).toEqual([move('/b', '/c'), move('/a', '/b'), entry('/x')]);
  });

  const many = (count: number, from = 0) =>
    Array.from({ length: count }, (_, k): AffectedPath => entry(`/many/f${from + k}`));

  /** Settles all that is offered; answers what was. */
  function drained(stale: StaleSet): AffectedPath[] {
    const all: AffectedPath[] = [];
    for (let page = stale.next(64, nothing); page.length > 0; page = stale.next(64, nothing)) {
      for (const offered of page) if (stale.settle(offered)) all.push(offered.affected);
    }
    return all;
  }

  it('holds many more than fit into memory, each once, also after a restart', async () => {
    const paths = many(30_000);
    journal.staleSet('m1').mark(paths);
    journal.staleSet('m1').mark(paths.slice(5000, 25_000));
    expect(journal.staleSet('m1').size).toBe(30_000);
    await reopen();
    expect(journal.staleSet('m1').size).toBe(30_000);
    const left = drained(journal.staleSet('m1'));
    expect(new Set(left.map(keyOf))).toEqual(new Set(paths.map(keyOf)));
    expect(left).toHaveLength(30_000);
    await reopen();
    expect(journal.staleSet('m1').size).toBe(0);
  });

  it('keeps what is marked while others are drained, whether it waits on disk or not', async () => {
    const stale = journal.staleSet('m1');
    stale.mark(many(25_000));
    const page = stale.next(64, nothing);
    stale.mark(many(64));
    expect(page.map((offered) => stale.settle(offered))).not.toContain(true);
    stale.mark(many(64, 24_000));
    stale.mark(many(5000, 25_000));
    await reopen();
    expect(new Set(drained(journal.staleSet('m1')).map(keyOf))).toEqual(new Set(many(30_000).map(keyOf)));
  });

  it('loses nothing of what waits on disk to a transaction that ends meanwhile', async () => {
    const stale = journal.staleSet('m1');
    stale.mark(many(10_700));
    const waiting = many(50, 10_600);
    stale.markHeld(waiting).clear();
    stale.markHeld(waiting).release();
    expect(new Set(drained(stale).map(keyOf))).toEqual(new Set(many(10_700).map(keyOf)));
    stale.mark(many(10_700));
    const mark = stale.markHeld(waiting);
    // Taken into memory while it is held, it is not offered.
    const free = drained(stale).map(({ path }) => path);
    expect(waiting.filter(({ path }) => free.includes(path))).toEqual([]);
    mark.release();
    await reopen();
    expect(new Set(drained(journal.staleSet('m1')).map(keyOf))).toEqual(new Set(waiting.map(keyOf)));
  });

  it('offers what waits on disk where nothing in memory can be repaired', () => {
    const stale = journal.staleSet('m1');
    stale.mark(many(12_000));
    const stuck = new Set(many(10_000).map(keyOf));
    expect(stale.next(1, stuck)).toEqual([]);
    expect(stale.more()).toBe(true);
    const [first] = stale.next(1, stuck);
    expect(first?.affected).toEqual(many(1, 10_000)[0]);
  });

  it('offers attributes last', () => {
    const stale = journal.staleSet('m1');
    const attributes: AffectedPath = { kind: 'attributes', path: treePath('/a') };
    stale.mark([attributes, entry('/a/b')]);
    expect(drained(stale)).toEqual([entry('/a/b'), attributes]);
  });

  it('becomes the whole tree when it grows beyond its bound', async () => {
    await journal.close();
    journal = await Journal.open(directory, undefined, { inMemory: 100, stuck: 1000, paths: 5000 });
    const stale = journal.staleSet('m1');
    for (const from of [0, 4990]) stale.mark(many(5000, from));
    await reopen();
    expect(journal.staleSet('m1').size).toBe(1);
    expect(drained(journal.staleSet('m1'))).toEqual([{ kind: 'tree', path: ROOT }]);
  });
});

describe('the journal', () => {
  it('remembers the set, the admitted mirrors and the detached ones', async () => {
    await journal.belongTo('set-1', 7);
    await journal.admit('m1', ['start-6', 'start-7']);
    await journal.noteRenewals('m1', 12);
    await journal.noteRenewals('m2', 12);
    await journal.setDetachment('m2', 'maintenance');
    await reopen();
    expect([journal.setId, journal.generation, journal.detachment('m2')]).toEqual([
      'set-1',
      7,
      'maintenance',
    ]);
    expect(journal.mirror('m1')).toMatchObject({ startIds: ['start-6', 'start-7'], renewals: 12 });
    expect(journal.mirror('m2')).toBeUndefined();
    await journal.admit('m1', ['start-7', 'start-8']);
    expect(journal.mirror('m1')).toMatchObject({ startIds: ['start-7', 'start-8'], renewals: 12 });
    await journal.setDetachment('m2', undefined);
    expect(journal.detachment('m2')).toBeUndefined();
  });

  it('refuses a file that is no journal, and leaves it as it is', async () => {
    await journal.close();
    const [file] = (await readdir(directory)).filter((name) => name.startsWith('data'));
    await writeFile(join(directory, file ?? 'data.mdb'), Buffer.alloc(64 * 1024, 'not a journal'));
    await expect(Journal.open(directory)).rejects.toSatisfy((error) => hasCode(error, 'JOURNAL_DAMAGED'));
  });
});
