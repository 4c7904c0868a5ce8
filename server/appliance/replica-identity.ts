import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../base/errors.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { IDENTITY_FILE, ROOT } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';
import { differences } from '../resync/difference.ts';
import { isEmpty } from '../resync/tree-walk.ts';

const SHOWN_DIFFERENCES = 5;

const identitySchema = z.object({
  setId: z.string().min(1),
  replica: z.string(),
  generation: z.number().int().nonnegative(),
});
type Identity = z.infer<typeof identitySchema>;

/**
 * Who belongs together: every replica carries the id of its set and the number of the appliance's last start.
 * Nothing is written to a mirror before it has shown that it belongs here, or that it holds nothing.
 */
export class ReplicaIdentity {
  readonly #local: LocalTree;
  readonly #journal: Journal;
  readonly #adoptions = new Map<string, (tree: FileTree) => Promise<boolean>>();
  #identity: Identity | undefined;

  constructor(local: LocalTree, journal: Journal) {
    this.#local = local;
    this.#journal = journal;
  }

  /** Reads or makes the local identity and counts this start. Rejects with LOCAL_UNKNOWN where the tree was exchanged. */
  async begin(): Promise<void> {
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
    const setId = known?.setId ?? randomUUID();
    this.#identity = { setId, replica: 'local', generation: (known?.generation ?? 0) + 1 };
    await writeIdentity(this.#local, this.#identity);
    if (journalled === undefined) await this.#journal.belongTo(setId);
  }

  /**
   * Lets a mirror in or refuses it (FOREIGN_REPLICA, ROLLED_BACK, ADOPTION_NEEDED), changing nothing there
   * when it refuses. A mirror without history is compared: empty ones are filled, equal ones adopted.
   */
  async admit(mirror: string, tree: FileTree, markAllStale: () => Promise<void>): Promise<void> {
    const own = this.#own;
    const theirs = await readIdentity(tree, `mirror ${mirror}`);
    if (theirs && theirs.setId !== own.setId) {
      throw new AppError(
        'FOREIGN_REPLICA',
        `${mirror} belongs to another set (${theirs.setId}, here ${own.setId})`,
      );
    }
    if (theirs && theirs.generation > own.generation) {
      throw new AppError(
        'ROLLED_BACK',
        `${mirror} was last used by start ${theirs.generation} of this set, this is start ${own.generation}: was local_path restored from an older copy?`,
      );
    }
    // What a lost link left put aside or staged serves nobody any more: the local tree has the content.
    if (theirs) await tree.dropLeftovers();
    if (!theirs || !this.#journal.knows(mirror)) await this.#firstContact(mirror, tree, markAllStale);
    // DURABILITY: the stale set is complete on disk before the mirror counts as known.
    await this.#journal.flushed();
    await writeIdentity(tree, { ...own, replica: mirror });
    if (!this.#journal.knows(mirror)) await this.#journal.admit(mirror);
  }

  /**
   * Lets a mirror of unknown origin in though it differs, if `consider`, which may only read there, says so the next time
   * that it connects. All of it is stale then. The answer takes the permission back.
   */
  adoptIf(mirror: string, consider: (tree: FileTree) => Promise<boolean>): () => void {
    this.#adoptions.set(mirror, consider);
    return () => void this.#adoptions.delete(mirror);
  }

  get #own(): Identity {
    if (!this.#identity) throw new AppError('BUG', 'begin() comes before admit()');
    return this.#identity;
  }

  async #firstContact(mirror: string, tree: FileTree, markAllStale: () => Promise<void>): Promise<void> {
    if (!(await tree.stat(ROOT)))
      throw new AppError('MIRROR_UNSUITABLE', `the path of ${mirror} does not exist there`);
    if (await isEmpty(tree)) return markAllStale();
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

async function readIdentity(tree: FileTree, place: string): Promise<Identity | undefined> {
  const content = await tree.readReserved(IDENTITY_FILE);
  if (!content) return undefined;
  const parsed = identitySchema.safeParse(parseJson(content.toString('utf8')));
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

async function writeIdentity(tree: FileTree, identity: Identity): Promise<void> {
  await tree.writeReserved(IDENTITY_FILE, Buffer.from(`${JSON.stringify(identity)}\n`));
}
