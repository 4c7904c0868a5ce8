import { accessSync, constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { AppError } from '../base/errors.ts';
import { appErrorOf } from '../filesystem/errno.ts';
import { lstatNow, lstatOptionalNow } from '../filesystem/local-stat.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation, OperationOf } from '../filesystem/operation.ts';
import { isWithin, parentOf, type TreePath } from '../filesystem/tree-path.ts';

/** What the check found out, with the paths locked. */
export interface LocalFacts {
  readonly isDirectory: boolean;
  /** The files concerned that have further names: they must not change by those at the same time. */
  readonly sharedInodes?: readonly string[];
  /** The operation takes a file or symlink out of the tree. */
  readonly hidesFile?: boolean;
  /** When the names of the directory last changed that the operation makes or removes a name in. */
  readonly directoryChangedMs?: number;
  /** The operation changes nothing (a rename onto itself). */
  readonly nothingToDo?: boolean;
}

/** Bytes below which the free space is asked for at each growing write. */
const AMPLE_SPACE_BYTES = 1024 ** 3;
const SPACE_FRESH_MS = 1000;

/**
 * Refuses on the local tree alone whatever it would refuse at the commit, so that nothing is sent for an
 * operation that can't work. It needs not be complete: a commit that fails all the same is undone. The kernel has
 * just looked the names up, so they are asked for synchronously: a turn through the thread pool costs more.
 */
export class LocalCheck {
  readonly #local: LocalTree;
  #ampleUntilMs = 0;

  constructor(local: LocalTree) {
    this.#local = local;
  }

  /** Rejects with the errno that the local file system would give. */
  async check(operation: Operation): Promise<LocalFacts> {
    switch (operation.kind) {
      case 'create':
      case 'mkdir':
      case 'symlink':
        return {
          isDirectory: operation.kind === 'mkdir',
          directoryChangedMs: await this.#checkNewName(operation.path),
        };
      case 'link':
        return this.#checkLink(operation);
      case 'write':
      case 'truncate':
      case 'fsync':
        return this.#checkContent(operation);
      case 'unlink':
        return this.#checkUnlink(operation.path);
      case 'rmdir':
        return this.#checkRmdir(operation.path);
      case 'rename':
        return this.#checkRename(operation);
      case 'chmod':
      case 'chown':
      case 'times': {
        const stat = this.#existing(operation.path);
        if (operation.kind === 'chmod' && stat.isSymbolicLink()) throw new AppError('NOT_SUPPORTED');
        return factsOf(stat);
      }
    }
  }

  async #checkNewName(path: TreePath): Promise<number> {
    const changedMs = this.#checkParent(path);
    if (this.#optional(path)) throw new AppError('ALREADY_EXISTS');
    await this.#checkSpace(0);
    return changedMs;
  }

  async #checkLink({ path, to }: OperationOf<'link'>): Promise<LocalFacts> {
    const stat = this.#existing(path);
    if (stat.isDirectory()) throw new AppError('NOT_PERMITTED');
    await this.#checkNewName(to);
    return { isDirectory: false, sharedInodes: [inodeOf(stat)] };
  }

  async #checkContent(operation: OperationOf<'write' | 'truncate' | 'fsync'>): Promise<LocalFacts> {
    const stat = this.#existing(operation.path);
    if (stat.isDirectory()) throw new AppError('IS_A_DIRECTORY');
    if (!stat.isFile()) throw new AppError('INVALID_ARGUMENT');
    if (operation.kind === 'write') {
      const growth = operation.offset + operation.data.length - Number(stat.size);
      if (growth > 0) await this.#checkSpace(Math.min(growth, operation.data.length));
    }
    return factsOf(stat);
  }

  #checkUnlink(path: TreePath): LocalFacts {
    const stat = this.#existing(path);
    if (stat.isDirectory()) throw new AppError('IS_A_DIRECTORY');
    return { ...factsOf(stat), hidesFile: true, directoryChangedMs: this.#checkParent(path) };
  }

  async #checkRmdir(path: TreePath): Promise<LocalFacts> {
    const stat = this.#existing(path);
    if (!stat.isDirectory()) throw new AppError('NOT_A_DIRECTORY');
    const directoryChangedMs = this.#checkParent(path);
    await this.#checkEmpty(path);
    return { ...factsOf(stat), directoryChangedMs };
  }

  async #checkRename({ path, to }: OperationOf<'rename'>): Promise<LocalFacts> {
    const stat = this.#existing(path);
    this.#checkParent(path);
    this.#checkParent(to);
    if (stat.isDirectory() && path !== to && isWithin(to, path)) throw new AppError('INVALID_ARGUMENT');
    if (path !== to && isWithin(path, to)) throw new AppError('NOT_EMPTY');
    const target = this.#optional(to);
    if (target && inodeOf(target) === inodeOf(stat)) return { ...factsOf(stat), nothingToDo: true };
    if (target?.isDirectory()) {
      if (!stat.isDirectory()) throw new AppError('IS_A_DIRECTORY');
      await this.#checkEmpty(to);
    } else if (target && stat.isDirectory()) throw new AppError('NOT_A_DIRECTORY');
    const sharedInodes = [stat, ...(target ? [target] : [])].flatMap(sharedInodeOf);
    return { ...factsOf(stat), sharedInodes, hidesFile: target !== undefined && !target.isDirectory() };
  }

  async #checkEmpty(path: TreePath): Promise<void> {
    for await (const page of this.#local.list(path)) {
      if (page.length > 0) throw new AppError('NOT_EMPTY');
    }
  }

  /**
   * The parent must be a directory that this process may change; access(2) also tells a read-only file system.
   * Answers when its names last changed.
   */
  #checkParent(path: TreePath): number {
    const parent = parentOf(path);
    const stat = this.#existing(parent);
    if (!stat.isDirectory()) throw new AppError('NOT_A_DIRECTORY');
    try {
      accessSync(this.#local.absolute(parent), constants.W_OK | constants.X_OK);
    } catch (error) {
      throw appErrorOf(error);
    }
    return Number(stat.ctimeMs);
  }

  async #checkSpace(growthBytes: number): Promise<void> {
    if (Date.now() < this.#ampleUntilMs) return;
    const space = await this.#local.space();
    if (space.readOnly) throw new AppError('READ_ONLY');
    if (space.freeBytes < growthBytes || space.freeFiles === 0) throw new AppError('NO_SPACE');
    if (space.freeBytes > AMPLE_SPACE_BYTES) this.#ampleUntilMs = Date.now() + SPACE_FRESH_MS;
  }

  #existing(path: TreePath): BigIntStats {
    const stat = lstatNow(this.#local.absolute(path));
    if (!stat.isFile() && !stat.isDirectory() && !stat.isSymbolicLink()) throw new AppError('NOT_SUPPORTED');
    return stat;
  }

  #optional(path: TreePath): BigIntStats | undefined {
    return lstatOptionalNow(this.#local.absolute(path));
  }
}

function factsOf(stat: BigIntStats): LocalFacts {
  return { isDirectory: stat.isDirectory(), sharedInodes: sharedInodeOf(stat) };
}

/** What a file is locked by beside its name, where it has further names; else nothing. */
export function sharedInodeOf(stat: BigIntStats): string[] {
  return !stat.isDirectory() && stat.nlink > 1n ? [inodeOf(stat)] : [];
}

function inodeOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}
