import { constants, fstatSync } from 'node:fs';
import { readlink, statfs } from 'node:fs/promises';
import { AppError, asAppError, hasCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import type {
  Allocation,
  AttributeChange,
  Attributes,
  Caller,
  FileSystemStatistics,
  FuseHandlers,
  Handle,
  ListedEntry,
} from '../fuse/driver.ts';
import type { Transactions } from '../transaction/transactions.ts';
import { AttributeChanges, onLocal } from './attribute-changes.ts';
import { attributesOf } from './attributes.ts';
import { Content } from './content.ts';
import { FileChanges } from './file-changes.ts';
import { HandleNumbers } from './handle-numbers.ts';
import { Listings } from './listings.ts';
import type { LocalDirectory } from './local-directory.ts';
import { Names } from './names.ts';
import { OpenFiles } from './open-files.ts';

const NAME_MAX_BYTES = 255;
/** open(O_CREAT) without O_EXCL makes the file or opens it; somebody else may do the opposite in between. */
const MOST_CREATE_ATTEMPTS = 8;

export interface HandlersOptions {
  readonly local: LocalDirectory;
  readonly transactions: Transactions;
  readonly logger: Logger;
}

/** What the mount answers: reads from the local directory alone, every change as a transaction. */
export class MountHandlers implements FuseHandlers {
  readonly #local: LocalDirectory;
  readonly #logger: Logger;
  readonly #files: OpenFiles;
  readonly #listings: Listings;
  readonly #attributes: AttributeChanges;
  readonly #content: Content;
  readonly #names: Names;

  constructor({ local, transactions, logger }: HandlersOptions) {
    const numbers = new HandleNumbers();
    const files = new OpenFiles(numbers);
    const changes = new FileChanges(local, transactions, files);
    this.#local = local;
    this.#logger = logger;
    this.#files = files;
    this.#listings = new Listings(local, numbers, logger);
    this.#attributes = new AttributeChanges(changes, files);
    this.#content = new Content({ local, files, changes, attributes: this.#attributes });
    this.#names = new Names({ local, transactions, files, changes });
  }

  /** Closes what is still open, after the mount has gone. */
  async close(): Promise<void> {
    await Promise.all(this.#files.all().map((file) => this.release(file.handle)));
    await this.#listings.closeAll();
  }

  async getattr(path: TreePath, handle: Handle | undefined): Promise<Attributes> {
    const file = this.#files.find(handle);
    if (!file) return this.#attributesAt(path);
    return attributesOf(await onLocal(() => Promise.resolve(fstatSync(file.fd, { bigint: true }))));
  }

  async setattr(path: TreePath, handle: Handle | undefined, change: AttributeChange, caller: Caller) {
    const file = this.#files.find(handle);
    await this.#attributes.apply(file ? { file } : { path }, change, caller);
    return this.getattr(path, handle);
  }

  async readlink(path: TreePath): Promise<string> {
    const target = await onLocal(() => readlink(this.#local.absolute(path)));
    if (target.includes('\ufffd')) throw new AppError('NAME_NOT_UTF8');
    return target;
  }

  async symlink(path: TreePath, target: string, caller: Caller): Promise<Attributes> {
    await this.#names.symlink(path, target, caller);
    return this.#attributesAt(path);
  }

  async mknod(path: TreePath, mode: number, caller: Caller): Promise<Attributes> {
    await this.#names.mknod(path, mode, caller);
    return this.#attributesAt(path);
  }

  async mkdir(path: TreePath, mode: number, caller: Caller): Promise<Attributes> {
    await this.#names.mkdir(path, mode, caller);
    return this.#attributesAt(path);
  }

  async unlink(path: TreePath, caller: Caller): Promise<void> {
    await this.#names.unlink(path, caller);
  }

  async rmdir(path: TreePath, caller: Caller): Promise<void> {
    await this.#names.rmdir(path, caller);
  }

  async rename(from: TreePath, to: TreePath, flags: number, caller: Caller): Promise<void> {
    await this.#names.rename(from, to, flags, caller);
  }

  async link(existing: TreePath, path: TreePath, caller: Caller): Promise<Attributes> {
    await this.#names.link(existing, path, caller);
    return this.#attributesAt(path);
  }

  async open(path: TreePath, flags: number, caller: Caller): Promise<Handle> {
    return (await this.#content.open(path, flags, caller)).file.handle;
  }

  async reopen(handle: Handle, flags: number, caller: Caller): Promise<Handle> {
    return (await this.#content.reopen(handle, flags, caller)).handle;
  }

  async create(path: TreePath, flags: number, mode: number, caller: Caller) {
    const exclusive = (flags & constants.O_EXCL) !== 0;
    for (let attempt = 1; ; attempt++) {
      const isNew = await this.#createUnlessThere(path, mode, exclusive, caller);
      try {
        // What is new is empty already; a truncate would only cost a round trip to every mirror.
        const wanted = isNew ? flags & ~constants.O_TRUNC : flags;
        const { file, stat } = await this.#content.open(path, wanted, caller);
        const attributes = isNew ? attributesOf(stat) : await this.getattr(path, file.handle);
        return { handle: file.handle, attributes };
      } catch (error) {
        if (exclusive || attempt >= MOST_CREATE_ATTEMPTS || !hasCode(error, 'NOT_FOUND')) throw error;
      }
    }
  }

  read(handle: Handle, offset: number, target: Buffer): Promise<number> {
    return this.#content.read(handle, offset, target);
  }

  async write(handle: Handle, offset: number, data: Buffer, caller: Caller, append?: boolean): Promise<void> {
    await this.#content.write(handle, offset, data, caller, append);
  }

  async allocate(handle: Handle, asked: Allocation, caller: Caller): Promise<void> {
    await this.#content.allocate(handle, asked, caller);
  }

  async fsync(handle: Handle, dataOnly: boolean, caller: Caller): Promise<void> {
    await this.#content.fsync(handle, dataOnly, caller);
  }

  async release(handle: Handle): Promise<void> {
    try {
      await this.#content.release(handle);
    } catch (error) {
      this.#logger.error('release-failed', { error: asAppError(error) });
    }
  }

  opendir(path: TreePath): Promise<Handle> {
    return this.#listings.open(path);
  }

  readdir(handle: Handle): Promise<readonly ListedEntry[]> {
    return this.#listings.read(handle);
  }

  rewinddir(handle: Handle): Promise<void> {
    return this.#listings.rewind(handle);
  }

  releasedir(handle: Handle): Promise<void> {
    return this.#listings.close(handle);
  }

  /** The local one alone: SFTP has no such request for a directory. */
  fsyncdir(handle: Handle): Promise<void> {
    return this.#listings.sync(handle);
  }

  async statfs(): Promise<FileSystemStatistics> {
    const stat = await onLocal(() => statfs(this.#local.absolute(ROOT)));
    return {
      blockSizeBytes: stat.bsize,
      blocks: stat.blocks,
      blocksFree: stat.bfree,
      blocksAvailable: stat.bavail,
      files: stat.files,
      filesFree: stat.ffree,
      nameMaxBytes: NAME_MAX_BYTES,
    };
  }

  async #attributesAt(path: TreePath): Promise<Attributes> {
    return attributesOf(await this.#local.lstat(path));
  }

  /** Whether the file was made just now. */
  async #createUnlessThere(
    path: TreePath,
    mode: number,
    exclusive: boolean,
    caller: Caller,
  ): Promise<boolean> {
    try {
      await this.#names.createFile(path, mode, caller);
      return true;
    } catch (error) {
      if (exclusive || !hasCode(error, 'ALREADY_EXISTS')) throw error;
      return false;
    }
  }
}
