import type { RootDatabase } from 'lmdb';
import { AppError } from '../base/errors.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { type JournalRecord, type MirrorRecord, pageRecord } from './journal-record.ts';

/** Raised with what a program of before would read wrongly; 2: something may be excluded from a mirror, pages are packed. */
export const JOURNAL_VERSION = 2;

const KEY = 'meta/version';

type Root = RootDatabase<JournalRecord, string>;

/** What leads to the next version, by the version it begins with. */
const MIGRATIONS: Readonly<Record<number, (root: Root) => void>> = {
  1: (root) => {
    noteThatNothingWasExcluded(root);
    packPages(root);
  },
};

/**
 * Makes a journal of an earlier version one of this version. Rejects with STATE_NEWER or JOURNAL_DAMAGED, changing
 * nothing then.
 */
export async function bringUpToDate(root: Root, directory: string): Promise<void> {
  for (let version = versionOf(root, directory); version < JOURNAL_VERSION; version++) {
    // DURABILITY: one transaction, so that a crash leaves the journal in the one version or the other.
    root.transactionSync(() => {
      MIGRATIONS[version]?.(root);
      root.putSync(KEY, { version: version + 1 });
    });
  }
  await root.flushed;
}

/** A new journal counts as one of this version that has yet to say so. */
function versionOf(root: Root, directory: string): number {
  const record = root.get(KEY);
  if (record === undefined && root.getKeysCount({ limit: 1 }) === 0) return JOURNAL_VERSION - 1;
  const version = record && 'version' in record ? record.version : undefined;
  if (version === undefined || !Number.isInteger(version) || version < 1)
    throw new AppError('JOURNAL_DAMAGED', `the journal in ${directory} has no version`);
  if (version <= JOURNAL_VERSION) return version;
  throw new AppError(
    'STATE_NEWER',
    `the journal in ${directory} is of version ${version}, which a newer Proxyfs has written; this one knows up to ` +
      `${JOURNAL_VERSION}. Use the newer Proxyfs; nothing was changed`,
  );
}

function noteThatNothingWasExcluded(root: Root): void {
  const records = [...root.getRange({ start: 'mirror/', end: 'mirror/~' })];
  for (const { key, value } of records) {
    if ('admittedAtMs' in value) root.putSync(key, { ...value, excludes: [[]] } satisfies MirrorRecord);
  }
}

function packPages(root: Root): void {
  // One by one: there may be millions of paths.
  for (const key of [...root.getKeys({ start: 'stale-pages/', end: 'stale-pages/~' })]) {
    const { paths } = root.get(key) as unknown as { readonly paths: readonly AffectedPath[] };
    root.putSync(key, pageRecord(paths));
  }
}
