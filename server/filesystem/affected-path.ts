import type { Operation, OperationOf } from './operation.ts';
import { parentOf, type TreePath } from './tree-path.ts';

/** How finely a large file is noted: putting it right copies this much, not the file. */
export const EXTENT_BYTES = 4 * 1024 * 1024;

/** A part of a replica that may be wrong there. */
export type AffectedPath =
  /** This name: existence, type, content, attributes; of a directory not its children. */
  | { readonly kind: 'entry'; readonly path: TreePath }
  /** Mode, owner, times. */
  | { readonly kind: 'attributes'; readonly path: TreePath }
  /** The content from `index * EXTENT_BYTES` for EXTENT_BYTES, and the size. */
  | { readonly kind: 'extent'; readonly path: TreePath; readonly index: number }
  /** A file of several names that was changed by this one: it may be wrong there by another name too, once this one is gone. */
  | { readonly kind: 'inode'; readonly path: TreePath; readonly inode: string }
  /** This name led to a file that has others: what has it now is another file, though it may look the same. */
  | { readonly kind: 'fresh'; readonly path: TreePath }
  /** The entry and all below it. */
  | { readonly kind: 'tree'; readonly path: TreePath }
  /** The names in a directory, and of its files those that changed since then by the clock of the local tree. */
  | { readonly kind: 'children'; readonly path: TreePath; readonly sinceMs: number }
  /** A directory's rename: it may be under either name. */
  | { readonly kind: 'move'; readonly path: TreePath; readonly to: TreePath };

/**
 * What is to be put right where the outcome of `operation` is unknown; `isDirectory` says what a rename moves, `inode` is
 * that of a file which has further names.
 */
export function affectedBy(operation: Operation, isDirectory: boolean, inode?: string): AffectedPath[] {
  const named = affectedNames(operation, isDirectory);
  return inode === undefined ? named : [...named, ...affectedLinks(operation, inode)];
}

/** What is wrong beside where a file of several names is changed, or loses one. */
function affectedLinks(operation: Operation, inode: string): AffectedPath[] {
  const { path } = operation;
  switch (operation.kind) {
    case 'write':
    case 'truncate':
    case 'chmod':
    case 'chown':
    case 'times':
      return [{ kind: 'inode', path, inode }];
    case 'unlink':
      return [{ kind: 'fresh', path }];
    case 'rename':
      return [path, operation.to].map((name) => ({ kind: 'fresh', path: name }));
    default:
      return [];
  }
}

function affectedNames(operation: Operation, isDirectory: boolean): AffectedPath[] {
  const { path } = operation;
  switch (operation.kind) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'unlink':
    case 'rmdir':
      return [entry(path), attributes(parentOf(path))];
    case 'truncate':
      return [entry(path)];
    case 'write':
      return extentsOf(operation);
    case 'link':
      return [entry(operation.to), attributes(parentOf(operation.to))];
    case 'rename':
      return renamed(operation, isDirectory);
    case 'chmod':
    case 'chown':
    case 'times':
      return [attributes(path)];
    case 'fsync':
      return [];
  }
}

/** A unique key; sorted by it, each directory comes before all that is below it. */
export function keyOf(affected: AffectedPath): string {
  // NUL is in no path and sorts before `/`, so `/a` and its kinds come before `/a/b`.
  return `${affected.path}\0${detailOf(affected)}`;
}

function detailOf(affected: AffectedPath): string {
  switch (affected.kind) {
    case 'extent':
      return `extent\0${String(affected.index).padStart(12, '0')}`;
    case 'inode':
      return `inode\0${affected.inode}`;
    case 'children':
      return `children\0${affected.sinceMs}`;
    case 'move':
      return `move\0${affected.to}`;
    default:
      return affected.kind;
  }
}

function extentsOf(operation: OperationOf<'write'>): AffectedPath[] {
  const { path, offset, data } = operation;
  const first = Math.floor(offset / EXTENT_BYTES);
  const last = Math.floor((offset + Math.max(data.length, 1) - 1) / EXTENT_BYTES);
  return Array.from({ length: last - first + 1 }, (_, step) => ({
    kind: 'extent',
    path,
    index: first + step,
  }));
}

function renamed(operation: OperationOf<'rename'>, isDirectory: boolean): AffectedPath[] {
  const { path, to } = operation;
  const names: AffectedPath[] = isDirectory ? [{ kind: 'move', path, to }] : [entry(path), entry(to)];
  const parents = [...new Set([parentOf(path), parentOf(to)])];
  return [...names, ...parents.map(attributes)];
}

function entry(path: TreePath): AffectedPath {
  return { kind: 'entry', path };
}

function attributes(path: TreePath): AffectedPath {
  return { kind: 'attributes', path };
}
