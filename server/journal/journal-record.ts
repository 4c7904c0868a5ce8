import { createHash } from 'node:crypto';
import type { AffectedPath } from '../filesystem/affected-path.ts';

export const JOURNAL_VERSION = 1;

export type JournalRecord =
  | { readonly version: number }
  | { readonly setId: string }
  | { readonly admittedAtMs: number }
  | { readonly detachedAtMs: number; readonly reason: string }
  /** `sequence` tells which of two directory moves came later. */
  | { readonly affected: AffectedPath; readonly sequence: number };

/** The part of lmdb that the intent log and the stale sets use. Writes are committed in the order they are made. */
export interface JournalStore {
  put(key: string, value: JournalRecord): Promise<boolean>;
  remove(key: string): Promise<boolean>;
  readonly committed: Promise<boolean>;
  readonly flushed: Promise<boolean>;
  getRange(options: { start: string; end: string }): Iterable<{ key: string; value: JournalRecord }>;
}

/** lmdb refuses keys above 1,978 bytes. */
const LONGEST_KEY_BYTES = 1500;

/** A key that lmdb takes: long ones end in a hash, as the record itself names the path. */
export function journalKey(prefix: string, key: string): string {
  const whole = prefix + key;
  if (Buffer.byteLength(whole) <= LONGEST_KEY_BYTES) return whole;
  const head = Buffer.from(whole).subarray(0, LONGEST_KEY_BYTES - 200).toString('latin1').slice(0, 600);
  return `${head}\u0001${createHash('sha256').update(whole).digest('hex')}`;
}

/** All paths whose keys begin with `prefix`, in the order they were noted. */
export function affectedPathsIn(store: JournalStore, prefix: string): AffectedPath[] {
  const records: { affected: AffectedPath; sequence: number }[] = [];
  for (const { value } of store.getRange({ start: prefix, end: `${prefix}\u{10ffff}` })) {
    if ('affected' in value) records.push(value);
  }
  return records.sort((a, b) => a.sequence - b.sequence).map(({ affected }) => affected);
}
