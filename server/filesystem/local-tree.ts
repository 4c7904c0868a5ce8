import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { appErrorOf } from './errno.ts';
import type {
  ApplyOptions,
  DirectoryEntry,
  DirectorySource,
  FileSource,
  FileStat,
  FileTree,
  Space,
} from './file-tree.ts';
import { syncFileSystem } from './file-system-sync.ts';
import { LocalAttributes } from './local-attributes.ts';
import { LocalContent } from './local-content.ts';
import { hardLinkGroups, namesOf } from './local-hard-links.ts';
import { entriesOf } from './local-listing.ts';
import { LocalNames } from './local-names.ts';
import { LocalNewEntries } from './local-new-entries.ts';
import { LocalOpening } from './local-opening.ts';
import { LocalPaths } from './local-paths.ts';
import { LocalPreImages } from './local-pre-images.ts';
import { LocalReading, readLinkText, spaceOf } from './local-reading.ts';
import { LocalReplacing } from './local-replacing.ts';
import { LocalReserved } from './local-reserved.ts';
import { fileStatOf, lstatNow, lstatOptional, lstatOptionalNow } from './local-stat.ts';
import { OpenFiles } from './open-files.ts';
import type { Operation } from './operation.ts';
import { Pace } from './pace.ts';
import { putBackAfterCrash } from './put-back.ts';
import { ROOT, type TreePath } from './tree-path.ts';
import { UndoSlots, type StepHook } from './undo-slots.ts';

/**
 * The local directory as a replica: the record of truth, where applying an operation is the commit. After a
 * rejection, and after the end of this process at any moment, an operation is there as a whole or not at all.
 */
export class LocalTree implements FileTree {
  readonly #paths: LocalPaths;
  readonly #slots: UndoSlots;
  readonly #files: OpenFiles;
  readonly #content: LocalContent;
  readonly #newEntries: LocalNewEntries;
  readonly #names: LocalNames;
  readonly #attributes: LocalAttributes;
  readonly #preImages: LocalPreImages;
  readonly #replacing: LocalReplacing;
  readonly #reserved: LocalReserved;
  readonly #reading: LocalReading;
  readonly #pace = new Pace();

  /** `root` and `stateDirectory` are absolute; `step` is for tests that stop the process at it. */
  constructor(root: string, stateDirectory: string, step?: StepHook) {
    this.#paths = new LocalPaths(root);
    this.#slots = new UndoSlots(join(stateDirectory, 'local-undo'), step);
    const opening = new LocalOpening(this.#slots, this.#pace);
    this.#files = new OpenFiles(opening.forChange);
    this.#content = new LocalContent(this.#paths, this.#files, this.#slots);
    this.#newEntries = new LocalNewEntries(this.#paths, this.#files, this.#slots);
    this.#preImages = new LocalPreImages(this.#paths);
    this.#names = new LocalNames(this.#paths, this.#files, this.#preImages);
    this.#attributes = new LocalAttributes(this.#paths);
    this.#replacing = new LocalReplacing(this.#paths);
    this.#reserved = new LocalReserved(this.#paths);
    this.#reading = new LocalReading(opening, this.#pace);
  }

  /** Puts back what an ended process left half done, then accepts changes. */
  async start(): Promise<void> {
    await this.recover();
    await this.#slots.start();
  }

  /** Part of `start`: makes every change that was under way when the process ended one that never was. */
  recover(): Promise<void> {
    return translated(this.#slots.recover(putBackAfterCrash));
  }

  async stop(): Promise<void> {
    this.#files.closeAll();
    await this.#slots.stop();
  }

  apply(operation: Operation, options: ApplyOptions = {}): Promise<void> {
    return translated(this.#apply(operation, options));
  }

  async #apply(operation: Operation, options: ApplyOptions): Promise<void> {
    this.#slots.check();
    const repeated = options.repeated === true;
    switch (operation.kind) {
      case 'create':
        return this.#newEntries.create(operation, repeated);
      case 'mkdir':
        return this.#newEntries.mkdir(operation, repeated);
      case 'symlink':
        return this.#newEntries.symlink(operation, repeated);
      case 'link':
        return this.#newEntries.link(operation, repeated);
      case 'write':
        return this.#content.write(operation);
      case 'truncate':
        return this.#content.truncate(operation);
      case 'unlink':
        return this.#names.unlink(operation, options);
      case 'rmdir':
        return this.#names.rmdir(operation, options);
      case 'rename':
        return this.#names.rename(operation, options);
      case 'chmod':
        return this.#attributes.chmod(operation);
      case 'chown':
        return this.#attributes.chown(operation);
      case 'times':
        return this.#attributes.times(operation);
      case 'fsync':
        return this.#reading.sync(this.#paths.absolute(operation.path), operation.dataOnly);
    }
  }

  /** The path on this machine; throws NAME_TOO_LONG where the system would not take it. */
  absolute(path: TreePath): string {
    return this.#paths.absolute(path);
  }

  /** Rejects with NOT_FOUND where nothing is. */
  async lstat(path: TreePath): Promise<BigIntStats> {
    // Asked for names that the kernel has just looked up: a turn through the thread pool costs more than the call.
    return lstatNow(this.#paths.absolute(path));
  }

  async stat(path: TreePath): Promise<FileStat | undefined> {
    const stat = await lstatOptional(this.#paths.absolute(path));
    return stat && fileStatOf(stat);
  }

  /** The same for what has just been changed, without a turn through the thread pool. */
  statNow(path: TreePath): FileStat | undefined {
    const stat = lstatOptionalNow(this.#paths.absolute(path));
    return stat && fileStatOf(stat);
  }

  async *list(path: TreePath): AsyncGenerator<readonly DirectoryEntry[]> {
    try {
      for await (const page of entriesOf(this.#paths.absolute(path), path === ROOT, this.#pace)) {
        yield page.map(({ name, stat }) => ({ name, stat: fileStatOf(stat) }));
      }
    } catch (error) {
      throw appErrorOf(error);
    }
  }

  async readLink(path: TreePath): Promise<string> {
    return translated(readLinkText(this.#paths.absolute(path)));
  }

  async read(path: TreePath, offset: number, lengthBytes: number): Promise<Buffer> {
    return translated(this.#reading.read(this.#paths.absolute(path), offset, lengthBytes));
  }

  /** The beginning of a file, as far as `target` and the file go; answers how far that is. */
  async readInto(path: TreePath, target: Buffer): Promise<number> {
    return translated(this.#reading.readInto(this.#paths.absolute(path), target, 0));
  }

  async hash(path: TreePath, offset: number, lengthBytes: number): Promise<string> {
    return translated(this.#reading.hash(this.#paths.absolute(path), offset, lengthBytes));
  }

  async fileId(path: TreePath): Promise<string | undefined> {
    const stat = await translated(lstatOptional(this.absolute(path)));
    return stat && `${stat.dev}:${stat.ino}`;
  }

  space(): Promise<Space> {
    return translated(spaceOf(this.#paths.root));
  }

  async restorePreImage(name: string, path: TreePath): Promise<boolean> {
    this.#slots.check();
    const restored = await translated(this.#preImages.restore(name, this.#paths.absolute(path)));
    this.#files.forget(path);
    return restored;
  }

  dropPreImage(name: string): Promise<void> {
    return translated(this.#preImages.drop(name));
  }

  dropLeftovers(): Promise<void> {
    return translated(this.#preImages.dropLeftovers());
  }

  async replaceFile(path: TreePath, source: FileSource): Promise<void> {
    this.#slots.check();
    await translated(this.#replacing.replaceFile(this.#paths.absolute(path), source));
    this.#files.forget(path);
  }

  expectFilling(): void {}

  async fillDirectory(path: TreePath, source: DirectorySource): Promise<FileStat | undefined> {
    this.#slots.check();
    this.#files.forget(path);
    const isFilled = await translated(this.#replacing.fillDirectory(this.#paths.absolute(path), source));
    return isFilled ? this.statNow(path) : undefined;
  }

  async replaceWithLink(path: TreePath, existing: TreePath): Promise<void> {
    this.#slots.check();
    const [absolute, file] = [this.#paths.absolute(path), this.#paths.absolute(existing)];
    await translated(this.#replacing.replaceWithLink(absolute, file));
    this.#files.forget(path);
  }

  readReserved(name: string): Promise<Buffer | undefined> {
    return translated(this.#reserved.read(name));
  }

  writeReserved(name: string, content: Buffer): Promise<void> {
    return translated(this.#reserved.write(name, content));
  }

  overwriteReserved(name: string, content: Buffer): Promise<void> {
    return translated(this.#reserved.overwrite(name, content));
  }

  reservedAgeMs(name: string): Promise<number | undefined> {
    return translated(this.#reserved.ageMs(name));
  }

  release(path: TreePath): void {
    this.#files.forget(path);
  }

  /** Undefined where nothing is. */
  async inodeOf(path: TreePath): Promise<string | undefined> {
    const stat = await translated(lstatOptional(this.absolute(path)));
    return stat && String(stat.ino);
  }

  /** The names of one inode, found by walking the tree; of any device where none is said. */
  namesOf(inode: bigint, device?: bigint): AsyncIterable<TreePath> {
    return namesOf(this.#paths, inode, device);
  }

  /** The names of every file with several links, by `device:inode`; holds all of them in memory. */
  walkHardLinks(): Promise<Map<string, TreePath[]>> {
    return translated(hardLinkGroups(this.#paths));
  }

  /** Resolves when all that was applied so far is on stable storage. */
  syncAll(): Promise<void> {
    return syncFileSystem(this.#paths.root);
  }
}

async function translated<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw appErrorOf(error);
  }
}
