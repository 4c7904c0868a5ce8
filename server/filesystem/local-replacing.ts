import { constants } from 'node:fs';
import { chmod, chown, link, mkdir, rename, rm, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../base/errors.ts';
import {
  chmodDescriptor,
  chownDescriptor,
  closeDescriptor,
  openDescriptor,
  syncDataDescriptor,
  writeFully,
} from './descriptors.ts';
import { appErrorOf, hasErrno } from './errno.ts';
import type { DirectorySource, FileSource } from './file-tree.ts';
import { ensurePrivateDirectory, type LocalPaths } from './local-paths.ts';
import { isSameInode, lstatOptional } from './local-stat.ts';
import { setTimesOfDescriptor } from './local-times.ts';

/** Whole files put in place by a rename out of the staging directory. */
export class LocalReplacing {
  readonly #paths: LocalPaths;

  constructor(paths: LocalPaths) {
    this.#paths = paths;
  }

  async replaceFile(absolute: string, source: FileSource): Promise<void> {
    await this.#staged(async (staged) => {
      await writeStaged(staged, source);
      await putInPlace(staged, absolute);
    });
  }

  async replaceWithLink(absolute: string, existing: string): Promise<void> {
    const [standing, file] = [await lstatOptional(absolute), await lstatOptional(existing)];
    if (!file) throw new AppError('NOT_FOUND');
    if (standing && isSameInode(standing, file)) return;
    await this.#staged(async (staged) => {
      await link(existing, staged);
      await putInPlace(staged, absolute);
    });
  }

  /** False where `absolute` is no empty directory. */
  async fillDirectory(absolute: string, { stat, files }: DirectorySource): Promise<boolean> {
    const staged = this.#paths.staged(randomUUID());
    await ensurePrivateDirectory(this.#paths.stagingDirectory);
    try {
      await mkdir(staged, { mode: 0o700 });
      for (const file of files)
        await writeStaged(join(staged, file.name), { stat: file.stat, content: [file.content] });
      await chown(staged, stat.uid, stat.gid);
      await chmod(staged, stat.mode);
      await rename(staged, absolute);
      return true;
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      if (hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return false;
      throw error;
    }
  }

  async #staged(work: (staged: string) => Promise<void>): Promise<void> {
    const staged = this.#paths.staged(randomUUID());
    await ensurePrivateDirectory(this.#paths.stagingDirectory);
    try {
      await work(staged);
    } catch (error) {
      await unlink(staged).catch(() => {});
      throw error;
    }
  }
}

async function writeStaged(staged: string, { stat, content }: FileSource): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = await openDescriptor(staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    let sizeBytes = 0;
    for await (const piece of content) {
      await writeFully(fd, piece, sizeBytes);
      sizeBytes += piece.length;
    }
    // A source cut short must not pass for the file.
    if (sizeBytes !== stat.sizeBytes)
      throw new AppError('INPUT_OUTPUT', 'the source is not as long as it should be');
    // ORDER: chown(2) takes setuid and setgid away; times come after every other change.
    await chownDescriptor(fd, stat.uid, stat.gid);
    await chmodDescriptor(fd, stat.mode);
    setTimesOfDescriptor(fd, stat);
    // DURABILITY: without this a power cut may leave the new name with no content.
    await syncDataDescriptor(fd);
  } finally {
    await closeDescriptor(fd);
  }
}

async function putInPlace(staged: string, absolute: string): Promise<void> {
  if ((await lstatOptional(absolute))?.isDirectory()) throw new AppError('IS_A_DIRECTORY');
  try {
    await rename(staged, absolute);
  } catch (error) {
    throw appErrorOf(error);
  }
}
