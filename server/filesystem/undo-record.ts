import { crc32 } from 'node:zlib';

/** What has to be put back if the process ends in the middle of a change that takes several steps. */
export type UndoRecord =
  /** A write: the old size and times; the bytes it overlaps follow the record. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly device: bigint;
      readonly inode: bigint;
      readonly offset: number;
      readonly sizeBytes: number;
      readonly atimeNs: bigint;
      readonly mtimeNs: bigint;
    }
  /** A new entry that has not got its owner and mode yet. */
  | { readonly kind: 'entry'; readonly path: string; readonly type: 'file' | 'directory' | 'symlink' }
  /** A file whose mode is opened up for a moment. */
  | {
      readonly kind: 'mode';
      readonly path: string;
      readonly device: bigint;
      readonly inode: bigint;
      readonly mode: number;
    };

/** Where the overlapped bytes begin in a slot: behind any record (a path is 4 KiB at most, escaped 24). */
export const OVERLAP_OFFSET = 32 * 1024;
export const MAGIC_BYTES = 8;

const MAGIC = Buffer.from('PXUNDO1\n');
const HEADER_BYTES = MAGIC_BYTES + 3 * 4;

/** The record as it stands at the beginning of a slot; `overlap` must be in its place before. */
export function encodeRecord(record: UndoRecord, overlap: Buffer, bootId: string): Buffer {
  const body = Buffer.from(JSON.stringify({ bootId, record }, (_, value: unknown) => plain(value)));
  const encoded = Buffer.alloc(HEADER_BYTES + body.length);
  MAGIC.copy(encoded);
  encoded.writeUInt32LE(body.length, MAGIC_BYTES + 4);
  encoded.writeUInt32LE(overlap.length, MAGIC_BYTES + 8);
  body.copy(encoded, HEADER_BYTES);
  encoded.writeUInt32LE(checksum(encoded.subarray(MAGIC_BYTES + 4), overlap), MAGIC_BYTES);
  return encoded;
}

/** What an ended process left in a slot. */
export interface LeftRecord {
  /** Names the run of the machine that the record is good for. */
  readonly bootId: string;
  readonly record: UndoRecord;
  readonly overlap: Buffer;
}

/** undefined where the slot is free or its record is torn: the file was not touched then. */
export function decodeRecord(slot: Buffer): LeftRecord | undefined {
  if (slot.length < HEADER_BYTES || !slot.subarray(0, MAGIC_BYTES).equals(MAGIC)) return undefined;
  const bodyBytes = slot.readUInt32LE(MAGIC_BYTES + 4);
  const overlapBytes = slot.readUInt32LE(MAGIC_BYTES + 8);
  const body = slot.subarray(HEADER_BYTES, HEADER_BYTES + bodyBytes);
  const overlap = slot.subarray(OVERLAP_OFFSET, OVERLAP_OFFSET + overlapBytes);
  if (body.length !== bodyBytes || overlap.length !== overlapBytes) return undefined;
  const covered = slot.subarray(MAGIC_BYTES + 4, HEADER_BYTES + bodyBytes);
  if (checksum(covered, overlap) !== slot.readUInt32LE(MAGIC_BYTES)) return undefined;
  return { ...revive(body.toString()), overlap };
}

function checksum(covered: Buffer, overlap: Buffer): number {
  const sum = crc32(covered);
  // zlib begins anew at an empty buffer without memory of its own.
  return overlap.length === 0 ? sum : crc32(overlap, sum);
}

const WIDE_FIELDS = new Set(['device', 'inode', 'atimeNs', 'mtimeNs']);

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** The checksum vouches that this process' own encoder wrote it. */
function revive(json: string): { bootId: string; record: UndoRecord } {
  const wide = (key: string, value: unknown) =>
    WIDE_FIELDS.has(key) && typeof value === 'string' ? BigInt(value) : value;
  return JSON.parse(json, wide) as { bootId: string; record: UndoRecord };
}
