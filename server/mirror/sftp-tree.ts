import { AppError } from '../base/errors.ts';
import type {
  ApplyOptions,
  DirectoryEntry,
  DirectorySource,
  FileSource,
  FileStat,
  Space,
} from '../filesystem/file-tree.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import type { ReplicaSession } from './replica-session.ts';
import { applyOperation } from './sftp-apply.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { fillDirectory } from './sftp-directory.ts';
import { explained } from './sftp-errors.ts';
import { dropLeftovers, dropPreImage, restorePreImage } from './sftp-leftovers.ts';
import { hash, list, read } from './sftp-read.ts';
import { createReserved, overwriteReserved, reservedAgeMs } from './sftp-reserved.ts';
import { replaceFile, replaceWithLink, writeReserved } from './sftp-staging.ts';
import { readSmall } from './small-file.ts';

/** Read as one piece. */
const LARGEST_RESERVED_BYTES = 32 * 1024;
const READ_ONLY_FLAG = 1;

/**
 * A mirror's directory over whatever session is attached; without one everything rejects at once. A session
 * is attached before the mirror's identity is checked, and until it is admitted it may be read only, so that
 * a foreign replica is never written to.
 */
export class SftpTree implements MirrorTree {
  readonly #mirrorName: string;
  #replica: ReplicaSession | undefined;
  #isAdmitted = false;

  constructor(mirrorName: string) {
    this.#mirrorName = mirrorName;
  }

  attach(replica: ReplicaSession): void {
    this.#replica = replica;
    this.#isAdmitted = false;
  }

  admit(): void {
    this.#isAdmitted = true;
  }

  /** Does nothing where another session has been attached since. */
  detach(replica: ReplicaSession): void {
    if (this.#replica !== replica) return;
    this.#replica = undefined;
    this.#isAdmitted = false;
  }

  apply(operation: Operation, options: ApplyOptions = {}): Promise<void> {
    return this.#changing(operation.path, (replica) => applyOperation(replica, operation, options));
  }

  stat(path: TreePath): Promise<FileStat | undefined> {
    return this.#reading(path, async (replica) => {
      const found = await lstatOrMissing(replica.session, replica.absolute(path));
      return found && replica.statOf(found);
    });
  }

  async *list(path: TreePath): AsyncGenerator<readonly DirectoryEntry[], void, undefined> {
    const replica = this.#attached();
    if (path !== ROOT || !replica.isBare) yield* list(replica, path);
  }

  readLink(path: TreePath): Promise<string> {
    return this.#reading(path, (replica) => replica.session.readlink(replica.absolute(path)));
  }

  read(path: TreePath, offset: number, lengthBytes: number): Promise<Buffer> {
    return this.#reading(path, (replica) => read(replica, path, offset, lengthBytes));
  }

  hash(path: TreePath, offset: number, lengthBytes: number): Promise<string | undefined> {
    return this.#reading(path, (replica) => hash(replica, path, { offset, lengthBytes }));
  }

  fileId(path: TreePath): Promise<string | undefined> {
    return this.#reading(path, (replica) => replica.tools.fileId(replica.absolute(path)));
  }

  space(): Promise<Space> {
    return this.#reading(undefined, async ({ session, rootPath }) => {
      if (!session.extensions.statvfs) {
        const unknown = Number.POSITIVE_INFINITY;
        return { freeBytes: unknown, totalBytes: unknown, freeFiles: undefined, readOnly: false };
      }
      const space = await session.statvfs(rootPath);
      return {
        freeBytes: space.f_bavail * space.f_frsize,
        totalBytes: space.f_blocks * space.f_frsize,
        freeFiles: space.f_files > 0 ? space.f_favail : undefined,
        readOnly: (space.f_flag & READ_ONLY_FLAG) !== 0,
      };
    });
  }

  restorePreImage(name: string, path: TreePath): Promise<boolean> {
    return this.#changing(path, (replica) => restorePreImage(replica, name, path));
  }

  dropPreImage(name: string): Promise<void> {
    return this.#changing(undefined, (replica) => dropPreImage(replica, name));
  }

  /** Also before admission, once the replica is known to be ours: nobody else uses them then. */
  dropLeftovers(): Promise<void> {
    return this.#reading(undefined, dropLeftovers);
  }

  replaceFile(path: TreePath, source: FileSource): Promise<void> {
    return this.#changing(path, (replica) => replaceFile(replica, path, source));
  }

  /** Also before admission: it changes nothing. */
  expectFilling(): void {
    if (!this.#replica) return;
    this.#replica.isBare = true;
    this.#replica.bulk.prepare();
  }

  fillDirectory(path: TreePath, source: DirectorySource): Promise<FileStat | undefined> {
    return this.#changing(path, (replica) => fillDirectory(replica, path, source));
  }

  replaceWithLink(path: TreePath, existing: TreePath): Promise<void> {
    return this.#changing(path, (replica) => replaceWithLink(replica, path, existing));
  }

  readReserved(name: string): Promise<Buffer | undefined> {
    return this.#reading(undefined, ({ session, reserved }) =>
      readSmall(session, reserved.file(name), LARGEST_RESERVED_BYTES),
    );
  }

  /** Also before admission, since that is when a new mirror gets its lease. */
  createReserved(name: string, content: Buffer): Promise<boolean> {
    return this.#reading(undefined, (replica) => createReserved(replica, name, content));
  }

  /** Also before admission, since that is when a new mirror gets its identity. */
  writeReserved(name: string, content: Buffer, allowed?: Promise<unknown>): Promise<void> {
    return this.#reading(undefined, (replica) => {
      // Where this may be written, it may also be tried what the login may do: beside it, as at a distance each turn counts.
      replica.probe().catch(() => {});
      return writeReserved(replica, { name, content, allowed });
    });
  }

  overwriteReserved(name: string, content: Buffer): Promise<void> {
    return this.#reading(undefined, (replica) => overwriteReserved(replica, name, content));
  }

  reservedAgeMs(name: string): Promise<number | undefined> {
    return this.#reading(undefined, (replica) => reservedAgeMs(replica, name));
  }

  release(path: TreePath): void {
    this.#replica?.handles.forget(path);
  }

  async #changing<T>(path: TreePath | undefined, work: (replica: ReplicaSession) => Promise<T>): Promise<T> {
    const replica = this.#attached();
    if (!this.#isAdmitted) throw this.#unreachable('its identity is still being checked');
    replica.isBare = false;
    return this.#reading(path, work);
  }

  async #reading<T>(path: TreePath | undefined, work: (replica: ReplicaSession) => Promise<T>): Promise<T> {
    const replica = this.#attached();
    try {
      return await work(replica);
    } catch (thrown) {
      const at = path === undefined ? replica.reserved.path : replica.absolute(path);
      throw await explained(replica.session, thrown, { at });
    }
  }

  #attached(): ReplicaSession {
    if (!this.#replica) throw this.#unreachable('there is no connection');
    return this.#replica;
  }

  #unreachable(why: string): AppError {
    return new AppError('MIRROR_UNREACHABLE', `mirror ${this.#mirrorName}: ${why}`);
  }
}
