import { constants, type Dir } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';
import { AppError, hasCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { appErrorOf } from '../filesystem/errno.ts';
import { RESERVED_NAME, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import type { Handle, ListedEntry } from '../fuse/driver.ts';
import { onLocal } from './attribute-changes.ts';
import { attributesOf } from './attributes.ts';
import type { HandleNumbers } from './handle-numbers.ts';
import type { LocalDirectory } from './local-directory.ts';

const PAGE_ENTRIES = 128;
const S_IFMT = 0o170_000n;
/** Directories that a warning was logged for are remembered up to this number; then the warnings begin anew. */
const MOST_WARNED = 1000;

interface Listing {
  readonly path: TreePath;
  /** Keeps the directory itself, whatever it is called by then. */
  readonly directory: FileHandle;
  stream: Dir | undefined;
}

/** Open directories, read in pages from the local directory. */
export class Listings {
  readonly #local: LocalDirectory;
  readonly #numbers: HandleNumbers;
  readonly #logger: Logger;
  readonly #open = new Map<Handle, Listing>();
  readonly #warned = new Set<TreePath>();

  constructor(local: LocalDirectory, numbers: HandleNumbers, logger: Logger) {
    this.#local = local;
    this.#numbers = numbers;
    this.#logger = logger;
  }

  async open(path: TreePath): Promise<Handle> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const directory = await onLocal(() => open(this.#local.absolute(path), flags));
    const handle = this.#numbers.take();
    this.#open.set(handle, { path, directory, stream: undefined });
    return handle;
  }

  /** The next entries; none is the end. */
  async read(handle: Handle): Promise<readonly ListedEntry[]> {
    const listing = this.#get(handle);
    for (;;) {
      const names = await onLocal(() => this.#nextNames(listing));
      if (names.length === 0) return [];
      const entries = await Promise.all(names.map((name) => this.#entry(listing, name)));
      const present = entries.filter((entry) => entry !== undefined);
      if (present.length > 0) return present;
    }
  }

  async rewind(handle: Handle): Promise<void> {
    const listing = this.#get(handle);
    const { stream } = listing;
    listing.stream = undefined;
    await stream?.close();
  }

  async sync(handle: Handle): Promise<void> {
    await onLocal(() => this.#get(handle).directory.sync());
  }

  async close(handle: Handle): Promise<void> {
    const listing = this.#open.get(handle);
    if (!listing) return;
    this.#open.delete(handle);
    this.#numbers.giveBack(handle);
    await listing.stream?.close();
    await listing.directory.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((handle) => this.close(handle)));
  }

  #get(handle: Handle): Listing {
    const listing = this.#open.get(handle);
    if (!listing) throw new AppError('BAD_HANDLE');
    return listing;
  }

  async #nextNames(listing: Listing): Promise<string[]> {
    // Through the descriptor: the directory may have been renamed or removed since it was opened.
    listing.stream ??= await opendir(`/proc/self/fd/${listing.directory.fd}`, { bufferSize: PAGE_ENTRIES });
    const names: string[] = [];
    while (names.length < PAGE_ENTRIES) {
      const entry = await listing.stream.read();
      if (!entry) break;
      if (this.#isShown(listing.path, entry.name)) names.push(entry.name);
    }
    return names;
  }

  #isShown(directory: TreePath, name: string): boolean {
    if (directory === ROOT && name === RESERVED_NAME) return false;
    // The bytes of such a name are lost, so nothing could be done with it, and no mirror can have it.
    if (name.includes('\ufffd')) this.#warnOfName(directory);
    return !name.includes('\ufffd');
  }

  #warnOfName(directory: TreePath): void {
    if (this.#warned.has(directory)) return;
    if (this.#warned.size >= MOST_WARNED) this.#warned.clear();
    this.#warned.add(directory);
    this.#logger.warn('name-not-utf8', { directory, consequence: 'not listed' });
  }

  /** undefined where the entry has gone since. */
  async #entry(listing: Listing, name: string): Promise<ListedEntry | undefined> {
    try {
      const stat = await lstat(`/proc/self/fd/${listing.directory.fd}/${name}`, { bigint: true });
      return {
        name,
        inode: stat.ino,
        type: Number(stat.mode & S_IFMT),
        attributes: attributesOf(stat),
      };
    } catch (error) {
      if (hasCode(appErrorOf(error), 'NOT_FOUND', 'NOT_A_DIRECTORY')) return undefined;
      throw appErrorOf(error);
    }
  }
}
