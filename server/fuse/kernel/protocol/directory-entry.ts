import { viewOf, type ValueOf } from './structure.ts';
import { DIRENT, ENTRY_OUT } from './structures.ts';

/** One entry of a listing as the kernel takes it; with `entry` in the form of READDIRPLUS. */
export interface WireDirectoryEntry {
  readonly name: Buffer;
  readonly inode: bigint;
  /** S_IFMT bits. */
  readonly type: number;
  /** Where a listing goes on after this entry. */
  readonly nextOffset: number;
}

/** How long an entry with a name of this length is. */
export function directoryEntryBytes(nameBytes: number, plus: boolean): number {
  const unpadded = (plus ? ENTRY_OUT.sizeBytes : 0) + DIRENT.sizeBytes + nameBytes;
  return Math.ceil(unpadded / 8) * 8;
}

/** Writes an entry at `at`; the memory there is zero. */
export function writeDirectoryEntry(
  target: Buffer,
  at: number,
  { name, inode, type, nextOffset }: WireDirectoryEntry,
) {
  DIRENT.write(viewOf(target), at, { ino: inode, off: nextOffset, namelen: name.length, type: type >> 12 });
  name.copy(target, at + DIRENT.sizeBytes);
}

/** The same for READDIRPLUS; without a node the kernel takes the name alone. */
export function writeDirectoryEntryPlus(
  target: Buffer,
  at: number,
  entry: WireDirectoryEntry,
  node: ValueOf<typeof ENTRY_OUT> | undefined,
) {
  if (node) ENTRY_OUT.write(viewOf(target), at, node);
  writeDirectoryEntry(target, at + ENTRY_OUT.sizeBytes, entry);
}
