import type { Operation } from './operation.ts';
import type { TreePath } from './tree-path.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'other';

/** What both kinds of replica can say of a path. lstat(2): a symlink is described, not followed. */
export interface FileStat {
  readonly type: FileType;
  /** Permission bits, 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  /** How many names the file has, where the replica can tell. */
  readonly links?: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly stat: FileStat;
}

export interface Space {
  /** Bytes that this login may still use. */
  readonly freeBytes: number;
  /** Free or not. */
  readonly totalBytes: number;
  /** Inodes that this login may still use; undefined where the file system has no such limit. */
  readonly freeFiles: number | undefined;
  readonly readOnly: boolean;
}

export interface ApplyOptions {
  /** An earlier attempt may have worked unheard, so finding the wanted state is success. */
  readonly repeated?: boolean;
  /**
   * Keep what `unlink` removes or `rename` replaces under this name (`.proxyfs/undo/NAME`), so that
   * `restorePreImage` can bring it back. Best effort: the local tree has the content too.
   */
  readonly preImage?: string;
}

/** What a replacement is made of. */
export interface FileSource {
  readonly stat: FileStat;
  /** The content in order, in pieces of any size; read once. */
  readonly content: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Others follow at once: it may wait a moment to go with them. */
  readonly isOneOfMany?: boolean;
}

/** A directory with all that is in it: few small files. */
export interface DirectorySource {
  readonly stat: FileStat;
  readonly files: readonly SmallFile[];
}

export interface SmallFile {
  readonly name: string;
  readonly stat: FileStat;
  readonly content: Buffer;
}

/**
 * A replica: the local directory or a mirror, the same thing to the coordinator. Every path is relative to
 * the replica's root and never leaves it. Failures reject with AppError: file-system codes (NOT_FOUND,
 * NO_SPACE, ACCESS_DENIED, READ_ONLY ...) are a definite refusal; MIRROR_UNREACHABLE and MIRROR_TIMEOUT mean
 * that the outcome is unknown. Every step ends by itself: nothing here waits for ever.
 */
export interface FileTree {
  /**
   * Carries the operation out. After a rejection of unknown outcome a mirror may hold all, part or none of
   * it; the local tree holds none of it, whatever the error. With `repeated` the operation is idempotent.
   */
  apply(operation: Operation, options?: ApplyOptions): Promise<void>;

  /** undefined where there is nothing, also where a parent is missing or no directory. */
  stat(path: TreePath): Promise<FileStat | undefined>;
  /** The entries in pages of bounded size, in no order, without `.`, `..` and the reserved directory. */
  list(path: TreePath): AsyncIterable<readonly DirectoryEntry[]>;
  readLink(path: TreePath): Promise<string>;
  /** Short only at the end of the file. At most 4 MiB a call. */
  read(path: TreePath, offset: number, lengthBytes: number): Promise<Buffer>;
  /**
   * SHA-256 in hex of a range that begins at a multiple of 1 MiB, short only at the end of the file, made where the file is; undefined
   * where its content would have to be carried here.
   */
  hash(path: TreePath, offset: number, lengthBytes: number): Promise<string | undefined>;
  /** The same for two names that lead to one file, and for no others; undefined where that can't be told. */
  fileId(path: TreePath): Promise<string | undefined>;
  space(): Promise<Space>;

  /** Moves a kept pre-image back to `path`, replacing what is there; false where there is none. */
  restorePreImage(name: string, path: TreePath): Promise<boolean>;
  /** Removes a kept pre-image; nothing happens where there is none. */
  dropPreImage(name: string): Promise<void>;
  /** Removes all pre-images and staged files, as recovery does. */
  dropLeftovers(): Promise<void>;

  /**
   * Puts a regular file with this content and these attributes at `path`, whatever file or symlink is
   * there, through a staged file and an atomic rename. Nobody sees a half of it. Rejects with IS_A_DIRECTORY where a directory stands.
   */
  replaceFile(path: TreePath, source: FileSource): Promise<void>;
  /** Makes `path` a further name of the file `existing`, whatever file or symlink is there, atomically. */
  replaceWithLink(path: TreePath, existing: TreePath): Promise<void>;

  /**
   * Puts a directory with these files at `path`, where nothing is or an empty one, all of it in one step, and answers what it is like
   * then: its times are still to be set. Undefined where something else is there, or where the replica can't: then nothing has changed.
   */
  fillDirectory(path: TreePath, source: DirectorySource): Promise<FileStat | undefined>;
  /**
   * Says that there is nothing yet, as a listing has just shown, and that much is about to be put there: what this takes long to
   * start may be begun, and until then the root need not be listed again. Changes nothing.
   */
  expectFilling(): void;

  /** A small file of the reserved directory, such as replica.json; undefined where there is none. */
  readReserved(name: string): Promise<Buffer | undefined>;
  /** Writes it durably and atomically, making the reserved directory (mode 0700) where it is missing. */
  writeReserved(name: string, content: Buffer): Promise<void>;

  /** Overwrites one that is there, in place: where it is no shorter than before that needs no space. */
  overwriteReserved(name: string, content: Buffer): Promise<void>;
  /** How long ago it was last written, by the replica's own clock; undefined where there is none. */
  reservedAgeMs(name: string): Promise<number | undefined>;

  /** Lets go of what the tree keeps open for `path` between operations. */
  release(path: TreePath): void;
}
