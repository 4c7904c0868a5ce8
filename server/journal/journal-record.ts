import { createHash } from 'node:crypto';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { AppError } from '../base/errors.ts';
import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';

export type JournalRecord =
  | { readonly version: number }
  | { readonly setId: string; readonly generation?: number }
  | MirrorRecord
  | LastScrubs
  | { readonly writesOff: string }
  | { readonly detachedAtMs: number; readonly reason: string }
  /** `sequence` tells which of two directory moves came later. */
  | AffectedRecord
  | PageRecord;

/** A mirror that was admitted. The optional ones are missing in what earlier versions wrote. */
export interface MirrorRecord {
  readonly admittedAtMs: number;
  /** The starts of this appliance that the mirror may have been used by last. */
  readonly startIds?: readonly string[];
  /** Its lease was renewed no more often than this. */
  readonly renewals?: number;
  /** The lists of patterns that something was excluded by since it was last let in. */
  readonly excludes: readonly (readonly string[])[];
}

/** When the whole of a mirror was last compared with the local tree, and when by content. */
export interface LastScrubs {
  readonly scrubbedAtMs: number;
  readonly contentScrubbedAtMs?: number;
  /** So many differences the last one has left as they were. */
  readonly left?: number;
}

export interface AffectedRecord {
  readonly affected: AffectedPath;
  readonly sequence: number;
  /** Of the other two: a flipped bit must not turn one path into another. */
  readonly checksum: number;
}

/** Many paths at once, compressed: what is read of the journal stays in memory for a while. */
export interface PageRecord {
  readonly packed: string;
  readonly checksum: number;
}

export function affectedRecord(affected: AffectedPath, sequence: number): AffectedRecord {
  return { affected, sequence, checksum: checksumOf(affected, sequence) };
}

function checksumOf(affected: AffectedPath, sequence: number): number {
  return crc32(`${sequence} ${keyOf(affected)}`);
}

export function pageRecord(paths: readonly AffectedPath[]): PageRecord {
  const packed = deflateSync(JSON.stringify(paths)).toString('base64');
  return { packed, checksum: checksumOfPage(paths) };
}

export function pathsOfPage(record: JournalRecord | undefined): readonly AffectedPath[] {
  const paths = record && 'packed' in record ? unpacked(record) : undefined;
  if (!paths) throw new AppError('JOURNAL_DAMAGED', 'the journal has a damaged page of stale paths');
  return paths;
}

function unpacked({ packed, checksum }: PageRecord): readonly AffectedPath[] | undefined {
  try {
    const paths = JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString()) as AffectedPath[];
    return checksum === checksumOfPage(paths) ? paths : undefined;
  } catch {
    return undefined;
  }
}

function checksumOfPage(paths: readonly AffectedPath[]): number {
  return crc32(paths.map(keyOf).join('\n'));
}

/** The part of lmdb that the intent log and the stale sets use. Writes are committed in the order they are made. */
export interface JournalStore {
  put(key: string, value: JournalRecord): Promise<boolean>;
  remove(key: string): Promise<boolean>;
  /** As committed: what was put a moment ago may not show yet. */
  get(key: string): JournalRecord | undefined;
  getRange(options: { start: string; end: string }): Iterable<{ key: string; value: JournalRecord }>;
}

/** Paths may be longer than lmdb's keys and hold bytes that its key encoding gives a meaning: they are hashed. */
export function journalKey(prefix: string, key: string): string {
  return prefix + createHash('sha256').update(key).digest('base64url');
}

/** All records whose keys begin with `prefix`. */
export function affectedRecordsIn(store: JournalStore, prefix: string): AffectedRecord[] {
  const records: AffectedRecord[] = [];
  for (const { value } of store.getRange({ start: prefix, end: `${prefix}~` })) {
    if (!('affected' in value) || !isWhole(value)) {
      throw new AppError('JOURNAL_DAMAGED', `the journal has a damaged record under ${prefix}`);
    }
    records.push(value);
  }
  return records;
}

/** The paths in the order they were noted. */
export function affectedPathsOf(records: readonly AffectedRecord[]): AffectedPath[] {
  return records.toSorted((a, b) => a.sequence - b.sequence).map(({ affected }) => affected);
}

export function isWhole({ affected, sequence, checksum }: AffectedRecord): boolean {
  return checksum === checksumOf(affected, sequence);
}
