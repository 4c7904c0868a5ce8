import { constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { chmod, lchown, link, mkdir, readlink, symlink } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import { chmodDescriptor, chownDescriptor, closeQuietly } from './descriptors.ts';
import { hasErrno } from './errno.ts';
import type { LocalPaths } from './local-paths.ts';
import { isSameInode, lstatNow, lstatOptional, lstatOptionalNow } from './local-stat.ts';
import type { OpenFiles } from './open-files.ts';
import type { OperationOf, Owner } from './operation.ts';
import { removeNew } from './put-back.ts';
import type { UndoSlots } from './undo-slots.ts';

/** Names that come to be: create, mkdir, symlink, link. */
export class LocalNewEntries {
  readonly #paths: LocalPaths;
  readonly #files: OpenFiles;
  readonly #slots: UndoSlots;

  constructor(paths: LocalPaths, files: OpenFiles, slots: UndoSlots) {
    this.#paths = paths;
    this.#files = files;
    this.#slots = slots;
  }

  async create(operation: OperationOf<'create'>, repeated: boolean): Promise<void> {
    const absolute = this.#paths.absolute(operation.path);
    // Whether it is there already is what open(2) says too; only a repeated attempt has to know before.
    const found = repeated ? lstatOptionalNow(absolute) : undefined;
    // A file with content is not what this operation made, and not to be lost.
    if (found && !(found.isFile() && found.size === 0n)) throw new AppError('ALREADY_EXISTS');
    if (found) return finish(absolute, operation);
    // A file that open(2) makes as it is to be has no second step that could be missing.
    const { fd, stat } = await (isMadeAtOnce(operation)
      ? createFile(absolute, operation, () => {})
      : this.#guarded(absolute, 'file', (made) => createFile(absolute, operation, made)));
    // Kept open: the next call writes to it, and may do so even where the mode forbids opening it again.
    this.#files.adopt(operation.path, fd, stat);
  }

  async mkdir(operation: OperationOf<'mkdir'>, repeated: boolean): Promise<void> {
    const absolute = this.#paths.absolute(operation.path);
    const found = lstatOptionalNow(absolute);
    if (found && !(repeated && found.isDirectory())) throw new AppError('ALREADY_EXISTS');
    if (found) return finish(absolute, operation);
    await this.#guarded(absolute, 'directory', async (made) => {
      await mkdir(absolute, firstMode(operation));
      made();
      await finish(absolute, operation);
    });
  }

  async symlink({ path, target, owner }: OperationOf<'symlink'>, repeated: boolean): Promise<void> {
    const absolute = this.#paths.absolute(path);
    const found = lstatOptionalNow(absolute);
    if (found && !(repeated && found.isSymbolicLink() && (await readlink(absolute)) === target)) {
      throw new AppError('ALREADY_EXISTS');
    }
    if (found) return own(absolute, owner);
    await this.#guarded(absolute, 'symlink', async (made) => {
      await symlink(target, absolute);
      made();
      await own(absolute, owner);
    });
  }

  async link({ path, to }: OperationOf<'link'>, repeated: boolean): Promise<void> {
    const [existing, absolute] = [this.#paths.absolute(path), this.#paths.absolute(to)];
    try {
      await link(existing, absolute);
    } catch (error) {
      if (!repeated || !hasErrno(error, 'EEXIST')) throw error;
      const [one, other] = [await lstatOptional(existing), await lstatOptional(absolute)];
      if (!one || !other || !isSameInode(one, other)) throw error;
    }
  }

  async #guarded<Result>(
    absolute: string,
    type: 'file' | 'directory' | 'symlink',
    carryOut: (made: () => void) => Promise<Result>,
  ): Promise<Result> {
    const slot = await this.#slots.take();
    const record = { kind: 'entry', path: absolute, type } as const;
    let isOurs = false;
    try {
      return await this.#slots.guard(slot, {
        record,
        carryOut: () =>
          carryOut(() => {
            isOurs = true;
          }),
        // What another writer made in the meantime is not ours to remove.
        putBack: async () => {
          if (isOurs) await removeNew(record);
        },
      });
    } finally {
      this.#slots.give(slot);
    }
  }
}

/** The file mode creation mask (umask(2)) of this process, which main.ts clears: modes are what is asked for. */
const MASK = currentMask();

function currentMask(): number {
  const mask = process.umask(0o077);
  process.umask(mask);
  return mask;
}

function isMadeAtOnce({ mode, owner }: { mode: number; owner?: Owner }): boolean {
  return firstMode({ mode, ...(owner && { owner }) }) === mode && (mode & MASK) === 0;
}

async function createFile(
  absolute: string,
  operation: OperationOf<'create'>,
  made: () => void,
): Promise<{ fd: number; stat: BigIntStats }> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(absolute, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, firstMode(operation));
  made();
  try {
    const { mode, owner } = operation;
    const stat = fstatSync(fd, { bigint: true });
    const differs = difference(stat, mode, owner);
    // ORDER: chown(2) takes setuid and setgid away, and until the owner is right nobody else may get in.
    if (owner && differs.owner) await chownDescriptor(fd, owner.uid, owner.gid);
    if (differs.owner || differs.mode) await chmodDescriptor(fd, mode);
    return { fd, stat };
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}

/** Gives a new entry the owner and mode that it is to have. */
async function finish(absolute: string, { mode, owner }: { mode: number; owner?: Owner }): Promise<void> {
  const differs = difference(lstatNow(absolute), mode, owner);
  if (owner && differs.owner) await lchown(absolute, owner.uid, owner.gid);
  if (differs.owner || differs.mode) await chmod(absolute, mode);
}

async function own(absolute: string, owner: Owner | undefined): Promise<void> {
  if (!owner || !difference(lstatNow(absolute), undefined, owner).owner) return;
  await lchown(absolute, owner.uid, owner.gid);
}

function difference(stat: BigIntStats, mode: number | undefined, owner: Owner | undefined) {
  return {
    owner: owner !== undefined && (Number(stat.uid) !== owner.uid || Number(stat.gid) !== owner.gid),
    mode: mode !== undefined && Number(stat.mode & 0o7777n) !== mode,
  };
}

/** What an entry is made with: its mode at once, unless it is yet to be given to somebody else. */
function firstMode({ mode, owner }: { mode: number; owner?: Owner }): number {
  const forOthers = owner && (owner.uid !== process.geteuid?.() || owner.gid !== process.getegid?.());
  return mode & (forOthers ? 0o700 : 0o777);
}
