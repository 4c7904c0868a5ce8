import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { bootIdOf } from '../base/boot-id.ts';
import { AppError } from '../base/errors.ts';
import { CoveredIntents } from './covered-intents.ts';
import { probeJournal } from './journal-probe.ts';
import { IntentLog } from './intent-log.ts';
import { bringUpToDate } from './journal-version.ts';
import { type StaleBounds, StaleSet } from './stale-set.ts';
import {
  type JournalRecord,
  type JournalStore,
  type LastScrubs,
  type MirrorRecord,
} from './journal-record.ts';

/** Kinds of records that there is at most one of for each mirror. */
const MIRROR_RECORDS = ['mirror', 'scrubbed', 'detached'] as const;
/** Beside lmdb's own files. */
const COVERED_INTENTS = 'covered-intents';

/**
 * What must survive a crash: the intents of transactions and the stale paths of each mirror, in one lmdb
 * environment, so that one order of commits holds for both. A journal that can't be read is refused (JOURNAL_DAMAGED),
 * as is one of a newer version (STATE_NEWER), and never guessed at.
 */
export class Journal {
  readonly intents: IntentLog;
  readonly #root: RootDatabase<JournalRecord, string>;
  readonly #store: JournalStore;
  readonly #covered: CoveredIntents;
  readonly #staleSets = new Map<string, StaleSet>();

  readonly #bounds: StaleBounds | undefined;

  private constructor(
    root: RootDatabase<JournalRecord, string>,
    covered: CoveredIntents,
    bounds: StaleBounds | undefined,
  ) {
    this.#root = root;
    this.#store = root;
    this.#covered = covered;
    this.#bounds = bounds;
    this.intents = new IntentLog(this.#store, covered);
  }

  /** `bootId`: of the machine as it runs now; another one than before means that it went down in between. */
  static async open(directory: string, bootId?: string, bounds?: StaleBounds): Promise<Journal> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await probeJournal(directory);
    const root = openEnvironment(directory);
    try {
      await bringUpToDate(root, directory);
    } catch (error) {
      await root.close();
      throw error;
    }
    const file = join(directory, COVERED_INTENTS);
    return new Journal(root, new CoveredIntents(file, bootId ?? (await bootIdOf())), bounds);
  }

  staleSet(mirror: string): StaleSet {
    let set = this.#staleSets.get(mirror);
    if (!set) {
      set = new StaleSet(this.#store, mirror, this.#bounds);
      this.#staleSets.set(mirror, set);
    }
    return set;
  }

  /** The replica set that the records are about; undefined in a new journal. */
  get setId(): string | undefined {
    const record = this.#root.get('meta/set');
    return record && 'setId' in record ? record.setId : undefined;
  }

  /** The number of the last start; undefined in a new journal. */
  get generation(): number | undefined {
    const record = this.#root.get('meta/set');
    return record && 'setId' in record ? record.generation : undefined;
  }

  async belongTo(setId: string, generation: number): Promise<void> {
    await putDurably(this.#root, 'meta/set', { setId, generation });
  }

  /** What is known of a mirror that was ever admitted: only then does an empty stale set mean that it is in sync. */
  mirror(mirror: string): MirrorRecord | undefined {
    const record = this.#root.get(`mirror/${mirror}`);
    return record && 'admittedAtMs' in record ? record : undefined;
  }

  /**
   * Notes durably that the mirror's stale set is complete from now on, but for what these patterns exclude, and by which
   * starts it is used.
   */
  async admit(mirror: string, startIds: readonly string[], patterns: readonly string[] = []): Promise<void> {
    const record = { ...this.mirror(mirror), admittedAtMs: Date.now(), startIds, excludes: [patterns] };
    await putDurably(this.#root, `mirror/${mirror}`, record);
  }

  /** The lists of patterns by which something may be missing in the mirror's stale set; none where it was never admitted. */
  excludesOf(mirror: string): readonly (readonly string[])[] {
    return this.mirror(mirror)?.excludes ?? [];
  }

  /** Notes durably that these patterns exclude something from an admitted mirror from now on. */
  async noteExcludes(mirror: string, patterns: readonly string[]): Promise<void> {
    const known = this.mirror(mirror);
    if (!known) return;
    const excludes = [...this.excludesOf(mirror), patterns];
    await putDurably(this.#root, `mirror/${mirror}`, { ...known, excludes });
    await this.flushed();
  }

  /** Notes durably how often the lease on an admitted mirror may have been renewed. */
  async noteRenewals(mirror: string, renewals: number): Promise<void> {
    const known = this.mirror(mirror);
    if (known) await putDurably(this.#root, `mirror/${mirror}`, { ...known, renewals });
  }

  /** undefined where the mirror was never compared as a whole. */
  lastScrubs(mirror: string): LastScrubs | undefined {
    const record = this.#root.get(`scrubbed/${mirror}`);
    return record && 'scrubbedAtMs' in record ? record : undefined;
  }

  async setLastScrubs(mirror: string, scrubs: LastScrubs): Promise<void> {
    await putDurably(this.#root, `scrubbed/${mirror}`, scrubs);
  }

  /** Why an operator has detached the mirror; undefined while it is attached. */
  detachment(mirror: string): string | undefined {
    const record = this.#root.get(`detached/${mirror}`);
    return record && 'detachedAtMs' in record ? record.reason : undefined;
  }

  async setDetachment(mirror: string, reason: string | undefined): Promise<void> {
    const key = `detached/${mirror}`;
    if (reason === undefined) await this.#root.remove(key);
    else await putDurably(this.#root, key, { detachedAtMs: Date.now(), reason });
  }

  /** Why an operator has switched writing off; undefined while it is on. */
  get writesOff(): string | undefined {
    const record = this.#root.get('meta/writes-off');
    return record && 'writesOff' in record ? record.writesOff : undefined;
  }

  async setWritesOff(reason: string | undefined): Promise<void> {
    const key = 'meta/writes-off';
    if (reason === undefined) await this.#root.remove(key);
    else await putDurably(this.#root, key, { writesOff: reason });
    await this.flushed();
  }

  /** Forgets durably all that is known of a mirror: what changes from now on is not marked for it any more. */
  async forget(mirror: string): Promise<void> {
    // ORDER: while it is known, its stale set says what may be wrong there.
    for (const kind of MIRROR_RECORDS) await this.#root.remove(`${kind}/${mirror}`);
    this.staleSet(mirror).clear();
    this.#staleSets.delete(mirror);
    await this.flushed();
  }

  /** The mirrors of which anything is known. */
  knownMirrors(): string[] {
    const names = MIRROR_RECORDS.flatMap((kind) =>
      [...this.#root.getKeys({ start: `${kind}/`, end: `${kind}/~` })].map((key) =>
        key.slice(kind.length + 1),
      ),
    );
    return [...new Set(names)];
  }

  /** Resolves when everything handed over so far is on stable storage. */
  async flushed(): Promise<void> {
    await this.#root.committed;
    await this.#root.flushed;
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#covered.close();
    await this.#root.close();
  }
}

function openEnvironment(directory: string): RootDatabase<JournalRecord, string> {
  try {
    return open<JournalRecord, string>({
      path: directory,
      noSubdir: false,
      encoding: 'json',
      overlappingSync: false,
    });
  } catch (cause) {
    throw new AppError('JOURNAL_DAMAGED', `the journal in ${directory} can't be opened`, { cause });
  }
}

async function putDurably(
  root: RootDatabase<JournalRecord, string>,
  key: string,
  value: JournalRecord,
): Promise<void> {
  try {
    await root.put(key, value);
  } catch (cause) {
    throw new AppError('JOURNAL_FAILED', undefined, { cause });
  }
}
