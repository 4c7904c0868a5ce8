import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { spawn } from 'node:child_process';

const PIECE_BYTES = 1024 * 1024;
const CONCURRENT = 8;
const SECOND_NS = 1_000_000_000n;
const SLASH = Buffer.from('/');
const MAX_DIFFERENCES = 50;

export interface ComparisonOptions {
  /** Mirrors get a directory's time a little later; compare without it while they may still. */
  readonly ignoreDirectoryTimes?: boolean;
  readonly ignoreFileTimes?: boolean;
  /** Where the mirror's login may not set them. */
  readonly ignoreOwners?: boolean;
  /** Paths like `a/b`, not compared. */
  readonly leaveOut?: RegExp;
}

/** One entry of a tree: what has to be the same in each. */
interface Entry {
  readonly path: string;
  readonly inode: string;
  readonly links: bigint;
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Compares directory trees entry by entry, with nothing of the code under test: type, mode, owner, size, content, link target,
 * hard-link groups, mtime to the second. `.proxyfs` at the root is not looked at. Answers readable
 * differences, the first 50 of them and how many more; none where all are equal.
 */
export async function compareTrees(
  roots: readonly string[],
  options: ComparisonOptions = {},
): Promise<string[]> {
  const [first, ...others] = await Promise.all(roots.map((root) => readTree(root, options)));
  const differences: string[] = [];
  for (const [index, other] of others.entries()) {
    const [from, to] = [roots[0] ?? '', roots[index + 1] ?? ''];
    if (first) differences.push(...differencesOf(first, other).map((line) => `${from} | ${to}: ${line}`));
  }
  const left = differences.length - MAX_DIFFERENCES;
  return left <= 0 ? differences : [...differences.slice(0, MAX_DIFFERENCES), `... and ${left} more`];
}

/** What rsync, asked for everything that it can compare, would have to change to make `b` like `a`. */
export async function rsyncDifferences(a: string, b: string): Promise<string[]> {
  const child = spawn('rsync', ['-aHnci', '--delete', '--exclude=/.proxyfs', `${a}/`, `${b}/`]);
  const [output, errors, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`rsync ended with ${code}: ${errors}`);
  return output.split('\n').filter((line) => line !== '');
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

async function readTree(root: string, options: ComparisonOptions): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const directories: Buffer[] = [];
  const visit = async (path: Buffer): Promise<void> => {
    const absolute = path.length === 0 ? Buffer.from(root) : Buffer.concat([Buffer.from(root), SLASH, path]);
    if (options.leaveOut?.test(path.toString())) return;
    const entry = await readEntry(absolute, path, options);
    // Latin-1 keeps every byte, so that names which are no UTF-8 stay apart.
    entries.set(path.toString('latin1'), entry);
    if (entry.facts.type === 'directory') directories.push(path);
  };
  await visit(Buffer.alloc(0));
  for (let directory = directories.pop(); directory; directory = directories.pop()) {
    await inParallel(await childrenOf(root, directory), visit);
  }
  return withLinkGroups(entries);
}

async function childrenOf(root: string, directory: Buffer): Promise<Buffer[]> {
  const absolute = Buffer.concat([Buffer.from(root), SLASH, directory]);
  const names = await readdir(absolute, { encoding: 'buffer' });
  if (directory.length === 0) return names.filter((name) => name.toString() !== '.proxyfs');
  return names.map((name) => Buffer.concat([directory, SLASH, name]));
}

/** Gives each hard-linked file the names of its group, which can be compared where inodes can't. */
function withLinkGroups(entries: Map<string, Entry>): Map<string, Entry> {
  const groups = new Map<string, string[]>();
  for (const { inode, path, links, facts } of entries.values()) {
    if (facts.type === 'directory' || links < 2n) continue;
    groups.set(inode, [...(groups.get(inode) ?? []), path]);
  }
  for (const [key, entry] of entries) {
    const names = groups.get(entry.inode);
    // A single name here has its others outside or among undo images: not a group of this tree.
    if (!names || names.length < 2) continue;
    entries.set(key, { ...entry, facts: { ...entry.facts, 'hard links': names.toSorted().join(' = ') } });
  }
  return entries;
}

async function readEntry(absolute: Buffer, path: Buffer, options: ComparisonOptions): Promise<Entry> {
  const stat = await lstat(absolute, { bigint: true });
  const facts: Record<string, string> = { type: typeOf(stat) };
  // A symlink's mode means nothing on Linux.
  if (!stat.isSymbolicLink()) facts.mode = (stat.mode & 0o7777n).toString(8);
  if (!options.ignoreOwners) facts.owner = `${stat.uid}:${stat.gid}`;
  const timeless = stat.isDirectory() ? options.ignoreDirectoryTimes : options.ignoreFileTimes;
  if (!timeless) facts.mtime = `${secondOf(stat.mtimeNs)} s`;
  if (stat.isFile()) {
    facts.size = String(stat.size);
    facts.sha256 = await hashOf(absolute);
  }
  if (stat.isSymbolicLink())
    facts.target = (await readlink(absolute, { encoding: 'buffer' })).toString('latin1');
  return {
    path: JSON.stringify(path.toString()),
    inode: `${stat.dev}:${stat.ino}`,
    links: stat.nlink,
    facts,
  };
}

function secondOf(timeNs: bigint): bigint {
  const second = timeNs / SECOND_NS;
  return timeNs < 0n && second * SECOND_NS !== timeNs ? second - 1n : second;
}

function typeOf(stat: BigIntStats): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  return `special ${(stat.mode & BigInt(constants.S_IFMT)).toString(8)}`;
}

async function hashOf(absolute: Buffer): Promise<string> {
  const handle = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

function differencesOf(first: Map<string, Entry>, other: Map<string, Entry>): string[] {
  const lines: string[] = [];
  for (const [key, entry] of first) {
    const there = other.get(key);
    if (!there) lines.push(`${entry.path}: missing there (${entry.facts.type ?? ''})`);
    else lines.push(...factDifferences(entry, there));
  }
  for (const [key, entry] of other) {
    if (!first.has(key)) lines.push(`${entry.path}: only there (${entry.facts.type ?? ''})`);
  }
  return lines;
}

function factDifferences(here: Entry, there: Entry): string[] {
  const names = new Set([...Object.keys(here.facts), ...Object.keys(there.facts)]);
  return [...names]
    .filter((name) => here.facts[name] !== there.facts[name])
    .map((name) => `${here.path}: ${name} ${here.facts[name] ?? 'none'} | ${there.facts[name] ?? 'none'}`);
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, items.length) }, worker));
}
