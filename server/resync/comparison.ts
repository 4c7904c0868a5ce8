import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

const NS_PER_S = 1_000_000_000n;
const LAST_SECOND = 0xffff_ffffn;
const PIECE_BYTES = 1024 * 1024;

/** `quick` trusts equal sizes and mtimes, `content` reads both. */
export type CompareMode = 'quick' | 'content';

export interface ContentRange {
  readonly path: TreePath;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** SFTP carries whole seconds in 32 bits without a sign, so mtimes are equal when these are. */
export function sameMtime(a: FileStat, b: FileStat): boolean {
  return carriedSeconds(a.mtimeNs) === carriedSeconds(b.mtimeNs);
}

export function sameFileQuickly(a: FileStat, b: FileStat): boolean {
  return a.type === 'file' && b.type === 'file' && a.sizeBytes === b.sizeBytes && sameMtime(a, b);
}

/** Whether a file with these attributes here and there is the same on both, as far as `compare` tells. */
export async function sameFile(
  local: FileTree,
  mirror: FileTree,
  file: { path: TreePath; here: FileStat; there: FileStat; compare: CompareMode },
): Promise<boolean> {
  const { path, here, there, compare } = file;
  if (compare === 'quick') return sameFileQuickly(here, there);
  if (here.sizeBytes !== there.sizeBytes) return false;
  return sameContent(local, mirror, { path, offset: 0, lengthBytes: here.sizeBytes });
}

/** Whether a range holds the same bytes on both; reads both in pieces and stops at the first difference. */
export async function sameContent(a: FileTree, b: FileTree, range: ContentRange): Promise<boolean> {
  const end = range.offset + range.lengthBytes;
  for (let at = range.offset; at < end; at += PIECE_BYTES) {
    const lengthBytes = Math.min(PIECE_BYTES, end - at);
    const [mine, theirs] = await Promise.all([
      a.read(range.path, at, lengthBytes),
      b.read(range.path, at, lengthBytes),
    ]);
    if (!mine.equals(theirs)) return false;
  }
  return true;
}

/** The content of a file in pieces, up to the size that it had. */
export async function* contentOf(
  tree: FileTree,
  path: TreePath,
  sizeBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < sizeBytes; ) {
    const piece = await tree.read(path, at, Math.min(PIECE_BYTES, sizeBytes - at));
    if (piece.length === 0) return;
    yield piece;
    at += piece.length;
  }
}

function carriedSeconds(ns: bigint): bigint {
  if (ns < 0n) return 0n;
  const seconds = ns / NS_PER_S;
  return seconds > LAST_SECOND ? LAST_SECOND : seconds;
}
