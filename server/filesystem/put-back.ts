import { constants, fstatSync } from 'node:fs';
import { chmod, rmdir, unlink } from 'node:fs/promises';
import {
  CAREFULLY,
  closeQuietly,
  openDescriptor,
  readFully,
  truncateDescriptor,
  writeFully,
} from './descriptors.ts';
import { hasErrno } from './errno.ts';
import { isSameInode, lstatOptional, typeOf } from './local-stat.ts';
import { setTimesOfDescriptor } from './local-times.ts';
import type { UndoRecord } from './undo-record.ts';

type RecordOf<Kind extends UndoRecord['kind']> = Extract<UndoRecord, { kind: Kind }>;

const PIECE_BYTES = 64 * 1024;

/** Takes back at start what an ended process left half done; does nothing where the entry is another by now. */
export async function putBackAfterCrash(record: UndoRecord, overlap: Buffer): Promise<void> {
  const stat = await lstatOptional(record.path);
  if (!stat) return;
  if (record.kind === 'entry') {
    const untouched = record.type !== 'file' || (stat.size === 0n && stat.nlink === 1n);
    if (typeOf(stat) === record.type && untouched) await removeNew(record);
    return;
  }
  if (!stat.isFile() || !isSameInode(stat, { dev: record.device, ino: record.inode })) return;
  if (record.kind === 'mode') return chmod(record.path, record.mode);
  const fd = await openOwn(record.path, Number(stat.mode & 0o7777n));
  try {
    await putBackWrite(fd, record, overlap);
  } finally {
    closeQuietly(fd);
  }
}

/** Opens a file whose mode may forbid it by now, though it was written to through an earlier descriptor. */
async function openOwn(absolute: string, mode: number): Promise<number> {
  try {
    return await openDescriptor(absolute, constants.O_RDWR | CAREFULLY);
  } catch (error) {
    if (!hasErrno(error, 'EACCES')) throw error;
  }
  await chmod(absolute, mode | 0o600);
  try {
    return await openDescriptor(absolute, constants.O_RDWR | CAREFULLY);
  } finally {
    await chmod(absolute, mode);
  }
}

/** Removes an entry made a moment ago; a directory only while it is empty. */
export async function removeNew(record: RecordOf<'entry'>): Promise<void> {
  try {
    await (record.type === 'directory' ? rmdir(record.path) : unlink(record.path));
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** Gives a file its old bytes, size and times again. */
export async function putBackWrite(fd: number, record: RecordOf<'write'>, overlap: Buffer): Promise<void> {
  await putBackBytes(fd, record.offset, overlap);
  if (fstatSync(fd).size !== record.sizeBytes) await truncateDescriptor(fd, record.sizeBytes);
  setTimesOfDescriptor(fd, record);
}

/**
 * Writes only what differs: where a full disk stopped the write in the middle of a hole, writing the
 * untouched rest of the hole would need the very space that is missing.
 */
async function putBackBytes(fd: number, offset: number, old: Buffer): Promise<void> {
  const present = Buffer.allocUnsafe(Math.min(PIECE_BYTES, old.length));
  for (let done = 0; done < old.length; done += PIECE_BYTES) {
    const wanted = old.subarray(done, done + PIECE_BYTES);
    const found = present.subarray(0, await readFully(fd, present.subarray(0, wanted.length), offset + done));
    const range = differingRange(found, wanted);
    if (range) await writeFully(fd, wanted.subarray(range.from, range.to), offset + done + range.from);
  }
}

function differingRange(found: Buffer, wanted: Buffer): { from: number; to: number } | undefined {
  if (found.equals(wanted)) return undefined;
  let from = 0;
  while (from < wanted.length && found[from] === wanted[from]) from++;
  let to = wanted.length;
  while (to > from && found[to - 1] === wanted[to - 1]) to--;
  return { from, to };
}
