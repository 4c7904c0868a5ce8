import { Cancellation } from '../base/cancellation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

/**
 * The narrow port between the ways to speak FUSE and the one set of handlers. Drivers translate the wire
 * into these calls and nothing else; handlers know no wire. Handlers reject with AppError, whose catalogue row holds the errno.
 */
export interface FuseDriver {
  /**
   * Mounts and begins to serve; resolves when the kernel accepts calls on the mount point. A dead mount
   * left there is removed first. Rejects with MOUNT_FAILED, saying what is missing.
   */
  mount(): Promise<void>;
  /** Unmounts, lazily if somebody is still inside; safe to repeat. Requests under way are answered first. */
  unmount(): Promise<void>;
  /** Called once if the mount ends without `unmount` (fusermount -u by hand, a lost device). */
  onLost(listener: (reason: string) => void): void;
}

/** Who calls, where the driver can tell, and whether they still wait. */
export interface Caller {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly pid: number | undefined;
  /** Cancelled with INTERRUPTED when the caller was interrupted (a signal, Ctrl-C). */
  readonly cancellation: Cancellation;
}

/** Who asks on nobody's behalf, and waits for as long as it takes. */
export const NOBODY: Caller = {
  uid: undefined,
  gid: undefined,
  pid: undefined,
  cancellation: new Cancellation(),
};

/** stat(2) as FUSE carries it. */
export interface Attributes {
  readonly inode: bigint;
  /** Inode numbers are unique on one device only. */
  readonly device: bigint;
  /** File type and permission bits (S_IFMT | 0o7777). */
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** In units of 512 bytes. */
  readonly blocks: number;
  readonly blockSizeBytes: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** The fields of one setattr; absent fields stay as they are. */
export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly sizeBytes?: number;
  readonly atime?: bigint | 'now';
  readonly mtime?: bigint | 'now';
}

export interface FileSystemStatistics {
  readonly blockSizeBytes: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
  readonly nameMaxBytes: number;
}

export interface ListedEntry {
  readonly name: string;
  readonly inode: bigint;
  /** S_IFMT bits. */
  readonly type: number;
  /** Where they are known anyway: they spare the driver a getattr. */
  readonly attributes?: Attributes;
}

/** What fallocate(2) is asked for; `mode` has its flags. */
export interface Allocation {
  readonly mode: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** An open file or directory, as the handlers number it. */
export type Handle = number;

/**
 * What a mount answers. Paths name the object at the moment of the call; a handle, where given, wins over the
 * path (an unlinked open file has no path that counts). Flags are those of open(2) on Linux.
 */
export interface FuseHandlers {
  getattr(path: TreePath, handle: Handle | undefined, caller: Caller): Promise<Attributes>;
  setattr(
    path: TreePath,
    handle: Handle | undefined,
    change: AttributeChange,
    caller: Caller,
  ): Promise<Attributes>;
  readlink(path: TreePath, caller: Caller): Promise<string>;
  symlink(path: TreePath, target: string, caller: Caller): Promise<Attributes>;
  /** Regular files only; everything else is refused with NOT_SUPPORTED. `mode` has the S_IFMT bits, umask applied. */
  mknod(path: TreePath, mode: number, caller: Caller): Promise<Attributes>;
  mkdir(path: TreePath, mode: number, caller: Caller): Promise<Attributes>;
  unlink(path: TreePath, caller: Caller): Promise<void>;
  rmdir(path: TreePath, caller: Caller): Promise<void>;
  /** `flags` of renameat2(2): NOREPLACE is honoured, the others are refused with INVALID_ARGUMENT. */
  rename(from: TreePath, to: TreePath, flags: number, caller: Caller): Promise<void>;
  link(existing: TreePath, path: TreePath, caller: Caller): Promise<Attributes>;

  /** Honours O_TRUNC where the driver passes it on. */
  open(path: TreePath, flags: number, caller: Caller): Promise<Handle>;
  /** Opens the file of an open handle once more; also one that has no name left. */
  reopen(handle: Handle, flags: number, caller: Caller): Promise<Handle>;
  create(
    path: TreePath,
    flags: number,
    mode: number,
    caller: Caller,
  ): Promise<{ handle: Handle; attributes: Attributes }>;
  /** Reads into `target` from `offset`; answers the byte count, short only at the end of the file. */
  read(handle: Handle, offset: number, target: Buffer): Promise<number>;
  /**
   * `data` is the handler's until it resolves, and the driver's again afterwards. Writes all or nothing. `append`
   * says whether this write goes to the end of the file, where that may differ from how it was opened.
   */
  write(handle: Handle, offset: number, data: Buffer, caller: Caller, append?: boolean): Promise<void>;
  /** fallocate(2); refused with NOT_SUPPORTED where the mirrors can't follow. */
  allocate(handle: Handle, asked: Allocation, caller: Caller): Promise<void>;
  fsync(handle: Handle, dataOnly: boolean, caller: Caller): Promise<void>;
  /** Never fails towards the kernel, which ignores the answer, and never waits for the network. */
  release(handle: Handle): Promise<void>;

  opendir(path: TreePath, caller: Caller): Promise<Handle>;
  /** The next entries, in pages of bounded size; an empty page is the end. `.` and `..` are the driver's. */
  readdir(handle: Handle): Promise<readonly ListedEntry[]>;
  /** Starts the listing over, as rewinddir(3) does. */
  rewinddir(handle: Handle): Promise<void>;
  releasedir(handle: Handle): Promise<void>;
  fsyncdir(handle: Handle, caller: Caller): Promise<void>;

  statfs(): Promise<FileSystemStatistics>;
}
