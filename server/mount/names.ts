import { AppError } from '../base/errors.ts';
import { parentOf, type TreePath } from '../filesystem/tree-path.ts';
import type { Operation, Owner } from '../filesystem/operation.ts';
import type { Caller } from '../fuse/driver.ts';
import type { Transactions } from '../transaction/transactions.ts';
import { isSameFile } from './attributes.ts';
import { runOptions, type FileChanges } from './file-changes.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { OpenFiles } from './open-files.ts';
import { S_ISGID } from './privilege-bits.ts';

const S_IFMT = 0o170_000;
const S_IFREG = 0o100_000;
/** mkdir(2) on Linux honours the permission bits and the sticky bit. */
const MKDIR_MODE = 0o1777;
const RENAME_NOREPLACE = 1;

/** What the changes of names are made of. */
export interface NameParts {
  readonly local: LocalDirectory;
  readonly transactions: Transactions;
  readonly files: OpenFiles;
  readonly changes: FileChanges;
}

/** Creating, removing and renaming. Every method resolves when it is on all replicas. */
export class Names {
  readonly #parts: NameParts;

  constructor(parts: NameParts) {
    this.#parts = parts;
  }

  async createFile(path: TreePath, mode: number, caller: Caller): Promise<void> {
    const { owner } = await this.#inheritance(path, caller);
    await this.#run({ kind: 'create', path, mode: mode & 0o7777, ...(owner && { owner }) }, caller);
  }

  async mknod(path: TreePath, mode: number, caller: Caller): Promise<void> {
    const type = mode & S_IFMT;
    if (type !== S_IFREG && type !== 0) throw new AppError('NOT_SUPPORTED', 'only regular files can be made');
    await this.createFile(path, mode, caller);
  }

  async mkdir(path: TreePath, mode: number, caller: Caller): Promise<void> {
    const { owner, setgid } = await this.#inheritance(path, caller);
    const wanted = (mode & MKDIR_MODE) | (setgid ? S_ISGID : 0);
    await this.#run({ kind: 'mkdir', path, mode: wanted, ...(owner && { owner }) }, caller);
  }

  async symlink(path: TreePath, target: string, caller: Caller): Promise<void> {
    // Undecodable bytes arrive as U+FFFD: the mirrors would get another target than was asked for.
    if (target.includes('\ufffd')) throw new AppError('NAME_NOT_UTF8');
    const { owner } = await this.#inheritance(path, caller);
    await this.#run({ kind: 'symlink', path, target, ...(owner && { owner }) }, caller);
  }

  async link(existing: TreePath, path: TreePath, caller: Caller): Promise<void> {
    const { files } = this.#parts;
    await files.whileRenaming(() => this.#run({ kind: 'link', path: existing, to: path }, caller));
  }

  async unlink(path: TreePath, caller: Caller): Promise<void> {
    await this.#run({ kind: 'unlink', path }, caller);
    this.#parts.files.nameGone(path);
  }

  async rmdir(path: TreePath, caller: Caller): Promise<void> {
    await this.#run({ kind: 'rmdir', path }, caller);
  }

  async rename(from: TreePath, to: TreePath, flags: number, caller: Caller): Promise<void> {
    if ((flags & ~RENAME_NOREPLACE) !== 0) throw new AppError('INVALID_ARGUMENT', 'unknown flags of rename');
    const { files } = this.#parts;
    const keeps = (flags & RENAME_NOREPLACE) !== 0;
    if (!keeps && (await this.#areOneFile(from, to))) return;
    const precondition = keeps ? () => this.#mustBeFree(to) : undefined;
    await files.whileRenaming(async () => {
      await this.#run({ kind: 'rename', path: from, to }, caller, precondition);
      files.moved(from, to);
    });
  }

  async #run(operation: Operation, caller: Caller, precondition?: () => Promise<void>): Promise<void> {
    await this.#parts.transactions.run(operation, runOptions(caller, precondition));
  }

  async #mustBeFree(path: TreePath): Promise<void> {
    if (await this.#parts.changes.statOf(path)) throw new AppError('ALREADY_EXISTS');
  }

  /** rename(2) between two names of one file does nothing, and succeeds. */
  async #areOneFile(from: TreePath, to: TreePath): Promise<boolean> {
    const source = await this.#parts.local.lstat(from);
    const target = from === to ? source : await this.#parts.changes.statOf(to);
    return target !== undefined && isSameFile(source, target);
  }

  /** Who owns what is made in this directory, as Linux has it: a set-group-id directory hands its group on. */
  async #inheritance(path: TreePath, caller: Caller): Promise<{ owner: Owner | undefined; setgid: boolean }> {
    const parent = await this.#parts.local.lstat(parentOf(path));
    const setgid = (Number(parent.mode) & S_ISGID) !== 0;
    if (caller.uid === undefined || caller.gid === undefined) return { owner: undefined, setgid };
    return { owner: { uid: caller.uid, gid: setgid ? Number(parent.gid) : caller.gid }, setgid };
  }
}
