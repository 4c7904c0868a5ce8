import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../base/errors.ts';
import { Excludes } from '../filesystem/excludes.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import { IDENTITY_FILE, ROOT } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';
import { differences, extraPath } from '../resync/difference.ts';
import { isEmpty } from '../resync/tree-walk.ts';
import type { LeaseOwner, MirrorLease } from './mirror-lease.ts';
import { markOf } from './process-mark.ts';

const SHOWN_DIFFERENCES = 5;
/** How the local directory is called in its own identity; no mirror's name has parentheses. */
const LOCAL = '(local_path)';
const TO_TAKE_IN =
  'To use it here all the same, remove .proxyfs there: it is then compared, and taken in if it is empty or equal';

/** Raised with what a program of before would read wrongly. What has no format yet is of the first. */
const IDENTITY_FORMAT = 1;
const formatSchema = z.object({ format: z.number().int().default(1) });

const identitySchema = z.object({
  format: z.number().int().default(1),
  setId: z.string().min(1),
  replica: z.string(),
  generation: z.number().int().nonnegative(),
  /** Of the same start: a copy of this appliance counts the same numbers. */
  startId: z.string().optional(),
});
type Identity = z.infer<typeof identitySchema>;

export interface Admission {
  readonly mirror: string;
  readonly tree: MirrorTree;
  readonly lease: MirrorLease;
  /** Rejects where the directory may be no mirror. */
  readonly ground: Promise<void>;
  readonly markAllStale: () => Promise<void>;
}

/** Of the mirror's directory, where it is met for the first time. */
interface FirstLook {
  readonly top: Promise<FileStat | undefined>;
  readonly isEmpty: Promise<boolean>;
}

/**
 * Who belongs together: every replica carries the id of its set, and number and id of the start that used it last.
 * Nothing is written to a mirror before it has shown that it belongs here, or that it holds nothing.
 */
export class ReplicaIdentity {
  readonly #local: LocalTree;
  readonly #journal: Journal;
  readonly #excludes: Excludes;
  readonly #adoptions = new Map<string, (tree: FileTree) => Promise<boolean>>();
  #owner: LeaseOwner | undefined;

  /** `local` without what is excluded, as the trees of the mirrors. */
  constructor(local: LocalTree, journal: Journal, excludes: Excludes) {
    this.#local = local;
    this.#journal = journal;
    this.#excludes = excludes;
  }

  /**
   * Reads or makes the local identity and counts this start, which holds `lock`. Rejects with LOCAL_UNKNOWN where the tree
   * was exchanged.
   */
  async begin(lock?: string): Promise<void> {
    const known = await readIdentity(this.#local, 'local_path');
    const journalled = this.#journal.setId;
    if (journalled !== undefined && known?.setId !== journalled) {
      throw new AppError(
        'LOCAL_UNKNOWN',
        known
          ? 'local_path belongs to another set than the journal in state_path'
          : 'local_path has lost its .proxyfs/replica.json: is its disk mounted? Nothing was changed anywhere',
      );
    }
    const counted = this.#journal.generation ?? 0;
    if (journalled !== undefined && known && known.generation < counted) {
      throw new AppError(
        'LOCAL_UNKNOWN',
        `local_path is of start ${known.generation}, the journal of start ${counted}: was local_path restored from an ` +
          'older copy? Bring back the newer one; or, to go on from the copy, remove the journal in state_path',
      );
    }
    const setId = known?.setId ?? randomUUID();
    const generation = Math.max(known?.generation ?? 0, counted) + 1;
    this.#owner = { setId, generation, startId: randomUUID(), holder: await markOf(process.pid, lock) };
    // ORDER: the journal never counts further than the tree that it belongs to.
    await writeIdentity(this.#local, this.#identityOf(LOCAL));
    await this.#journal.belongTo(setId, generation);
  }

  /** What the leases of this start say. */
  get owner(): LeaseOwner {
    if (!this.#owner) throw new AppError('BUG', 'begin() comes before admit()');
    return this.#owner;
  }

  /**
   * Lets a mirror in or refuses it (FOREIGN_REPLICA, MIRROR_HELD, ROLLED_BACK, ADOPTION_NEEDED), changing nothing
   * there when it refuses. A mirror without history, or with somebody else's, is compared: empty ones are filled,
   * equal ones adopted.
   */
  async admit({ mirror, tree, lease, ground, markAllStale }: Admission): Promise<void> {
    // Asked for together: at a distance each turn counts.
    const found = begun(lease.look());
    const identity = begun(readIdentity(tree, `mirror ${mirror}`));
    const first: FirstLook = { top: begun(tree.stat(ROOT)), isEmpty: begun(isEmpty(tree)) };
    await ground;
    const theirs = await identity;
    checkKind(mirror, theirs);
    if (theirs) this.#checkSet(mirror, theirs);
    const renewals = await lease.check(found);
    if (theirs) this.#checkGeneration(mirror, theirs);
    const isOurs = theirs && this.#isOurs(mirror, theirs, renewals);
    if (isOurs) await this.#otherExcludes(mirror, tree, markAllStale);
    else await this.#firstContact({ mirror, tree, markAllStale }, first);
    await this.#note(mirror, theirs);
    const own = this.#identityOf(mirror);
    // ORDER: staged beside the lease's taking, and in place only after it.
    if (!theirs) return writeIdentity(tree, own, lease.take());
    await lease.take();
    // What a lost link left put aside or staged serves nobody any more: the local tree has the content.
    await tree.dropLeftovers();
    if (theirs.startId !== own.startId || theirs.replica !== mirror) await writeIdentity(tree, own);
  }

  /**
   * Lets a mirror of unknown origin in though it differs, if `consider`, which may only read there, says so the next time
   * that it connects. All of it is stale then. The answer takes the permission back.
   */
  adoptIf(mirror: string, consider: (tree: FileTree) => Promise<boolean>): () => void {
    this.#adoptions.set(mirror, consider);
    return () => void this.#adoptions.delete(mirror);
  }

  /** From now on the mirror is known, and this start the last that used it. */
  async #note(mirror: string, theirs: Identity | undefined): Promise<void> {
    const { startId } = this.owner;
    const starts = theirs?.startId === undefined ? [startId] : [...new Set([theirs.startId, startId])];
    // DURABILITY: the stale set is complete on disk before the mirror counts as known; and the journal has both
    // starts before the mirror has the new one, whose writing may be interrupted.
    await this.#journal.flushed();
    const isNoted = this.#journal.mirror(mirror)?.startIds?.join() === starts.join();
    if (!isNoted || this.#otherLists(mirror).length > 0)
      await this.#journal.admit(mirror, starts, this.#excludes.patterns);
  }

  #checkSet(mirror: string, theirs: Identity): void {
    const { setId } = this.owner;
    if (theirs.setId === setId) return;
    throw new AppError(
      'FOREIGN_REPLICA',
      `${mirror} belongs to another set (${theirs.setId}, here ${setId}); ${TO_TAKE_IN}`,
    );
  }

  #checkGeneration(mirror: string, theirs: Identity): void {
    const { generation } = this.owner;
    if (theirs.generation <= generation) return;
    throw new AppError(
      'ROLLED_BACK',
      `${mirror} was last used by start ${theirs.generation} of this set, this is start ${generation}: was local_path ` +
        `restored from an older copy? ${TO_TAKE_IN}`,
    );
  }

  /**
   * Whether nobody but this appliance has used the mirror since, as the journal remembers it. A copy of it, older or
   * going on elsewhere, counts the same numbers: so starts have ids, and within one the renewed leases are counted.
   */
  #isOurs(mirror: string, { startId }: Identity, renewals: number): boolean {
    const known = this.#journal.mirror(mirror);
    if (!known) return false;
    if (!known.startIds || startId === undefined) return true;
    return known.startIds.includes(startId) && renewals <= (known.renewals ?? 0);
  }

  #identityOf(replica: string): Identity {
    const { setId, generation, startId } = this.owner;
    return { format: IDENTITY_FORMAT, setId, replica, generation, startId };
  }

  /** By which something was excluded from the mirror since it was last let in, beside those of now. */
  #otherLists(mirror: string): readonly (readonly string[])[] {
    return this.#journal.excludesOf(mirror).filter((list) => !this.#excludes.isBy(list));
  }

  /**
   * What is excluded no longer is looked for there. What only the mirror has of it was never ours to remove, or was left there
   * as it was.
   */
  async #otherExcludes(mirror: string, tree: FileTree, markAllStale: () => Promise<void>): Promise<void> {
    const before = this.#otherLists(mirror).map((list) => new Excludes(list));
    if (before.every(({ isEmpty }) => isEmpty)) return;
    const wasExcluded: Excludes['has'] = (...path) => before.some((excludes) => excludes.has(...path));
    const extra = await extraPath(this.#local, tree, wasExcluded);
    if (extra === undefined || (await this.#adoptions.get(mirror)?.(tree))) return markAllStale();
    throw new AppError(
      'ADOPTION_NEEDED',
      `${mirror} holds ${extra}, which was excluded and is not any more, and which local_path does not have. ` +
        `Exclude it again, move it away there, or have all such paths removed: proxyfs resync ${mirror} --adopt ` +
        `(with --dry-run it only says what that would change and remove)`,
    );
  }

  async #firstContact(
    { mirror, tree, markAllStale }: Pick<Admission, 'mirror' | 'tree' | 'markAllStale'>,
    first: FirstLook,
  ): Promise<void> {
    if (!(await first.top))
      throw new AppError('MIRROR_UNSUITABLE', `the path of ${mirror} does not exist there`);
    if (await first.isEmpty) {
      if (!(await isEmpty(this.#local))) tree.expectFilling();
      return markAllStale();
    }
    const found = await differences(this.#local, tree, SHOWN_DIFFERENCES);
    if (found.length === 0) return;
    if (await this.#adoptions.get(mirror)?.(tree)) return markAllStale();
    throw new AppError(
      'ADOPTION_NEEDED',
      `${mirror} holds files of unknown origin that differ from local_path (${found.join('; ')}). ` +
        `Empty that directory and it is filled by itself, or overwrite it: proxyfs resync ${mirror} --adopt ` +
        `(with --dry-run it only says what that would change and remove)`,
    );
  }
}

/** A directory that an appliance serves is no mirror. */
export async function refuseLocalReplica(mirror: string, tree: FileTree): Promise<void> {
  checkKind(mirror, await readIdentity(tree, `mirror ${mirror}`));
}

function checkKind(mirror: string, theirs: Identity | undefined): void {
  if (theirs?.replica !== LOCAL) return;
  const what = `the directory of ${mirror} is a local_path, or a copy of one: give it another, or remove .proxyfs there`;
  throw new AppError('MIRROR_UNSUITABLE', what);
}

/** Under way while something else is waited for; who needs it hears why it fails. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

async function readIdentity(tree: FileTree, place: string): Promise<Identity | undefined> {
  const content = await tree.readReserved(IDENTITY_FILE);
  if (!content) return undefined;
  const written = parseJson(content.toString('utf8'));
  const { format = 1 } = formatSchema.safeParse(written).data ?? {};
  if (format > IDENTITY_FORMAT) {
    const what = `${place}: .proxyfs/${IDENTITY_FILE} is of format ${format}, which a newer Proxyfs has written`;
    throw new AppError('STATE_NEWER', `${what}; use that one. Nothing was changed`);
  }
  const parsed = identitySchema.safeParse(written);
  if (parsed.success) return parsed.data;
  throw new AppError('FOREIGN_REPLICA', `${place}: .proxyfs/${IDENTITY_FILE} can't be read`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function writeIdentity(
  tree: Pick<MirrorTree, 'writeReserved'>,
  identity: Identity,
  allowed?: Promise<void>,
): Promise<void> {
  await tree.writeReserved(IDENTITY_FILE, Buffer.from(`${JSON.stringify(identity)}\n`), allowed);
}
