import { type BigIntStats, type Dir, lstat as lstatCallback, lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AppError } from '../base/errors.ts';
import { hasErrno } from './errno.ts';
import type { Pace } from './pace.ts';
import { RESERVED_NAME } from './tree-path.ts';

const PAGE_ENTRIES = 256;
const CONCURRENT_LOOKUPS = 16;
const SLASH = Buffer.from('/');

/** Half the work of that of node:fs/promises. */
const lstat = promisify(lstatCallback);

export interface LocalEntry {
  /** Undecodable bytes appear as U+FFFD. */
  readonly name: string;
  readonly stat: BigIntStats;
}

/** The entries of one directory in pages; those that vanish meanwhile are left out. */
export async function* entriesOf(
  absolute: string,
  isRoot: boolean,
  pace: Pace,
): AsyncGenerator<LocalEntry[]> {
  const stat = await lstat(absolute, { bigint: true });
  // opendir(3) would follow a symlink.
  if (!stat.isDirectory()) throw new AppError('NOT_A_DIRECTORY');
  const directory = await openBytes(absolute);
  try {
    for (;;) {
      const names = await nextNames(directory, isRoot);
      if (names.length === 0) return;
      const page = await lookUp(absolute, names, pace);
      if (page.length > 0) yield page;
    }
  } finally {
    await directory.close();
  }
}

/** Names as bytes: what is not UTF-8 couldn't be looked up by its text. */
function openBytes(absolute: string): Promise<Dir> {
  // The encoding that node:fs takes is wider than its types say.
  const encoding = 'buffer' as BufferEncoding;
  return opendir(absolute, { encoding, bufferSize: PAGE_ENTRIES });
}

async function nextNames(directory: Dir, isRoot: boolean): Promise<Buffer[]> {
  const names: Buffer[] = [];
  while (names.length < PAGE_ENTRIES) {
    const entry = await directory.read();
    if (!entry) break;
    const name = Buffer.from(entry.name);
    if (!(isRoot && name.toString() === RESERVED_NAME)) names.push(name);
  }
  return names;
}

async function lookUp(absolute: string, names: readonly Buffer[], pace: Pace): Promise<LocalEntry[]> {
  const parent = Buffer.from(absolute);
  const found: (LocalEntry | undefined)[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < names.length; index = next++) {
      const name = names[index];
      if (name) found[index] = await entryAt(Buffer.concat([parent, SLASH, name]), name, pace);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_LOOKUPS }, worker));
  return found.filter((entry) => entry !== undefined);
}

async function entryAt(absolute: Buffer, name: Buffer, pace: Pace): Promise<LocalEntry | undefined> {
  try {
    const stat = await pace.run(
      () => lstatSync(absolute, { bigint: true }),
      () => lstat(absolute, { bigint: true }),
    );
    return { name: name.toString(), stat };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
