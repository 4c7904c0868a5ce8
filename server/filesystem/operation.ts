import type { OperationKind } from '../../shared/states.ts';
import type { TreePath } from './tree-path.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A mutating call (or fsync) as data: everything a replica needs to carry it out, and nothing of how it came.
 * Modes are permission bits (0o7777), times nanoseconds since the epoch, sizes and offsets bytes.
 */
export type Operation =
  /** A new empty regular file. */
  | { readonly kind: 'create'; readonly path: TreePath; readonly mode: number; readonly owner?: Owner }
  | { readonly kind: 'write'; readonly path: TreePath; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: TreePath; readonly sizeBytes: number }
  | { readonly kind: 'mkdir'; readonly path: TreePath; readonly mode: number; readonly owner?: Owner }
  | { readonly kind: 'unlink'; readonly path: TreePath }
  | { readonly kind: 'rmdir'; readonly path: TreePath }
  /** Replaces `to` as rename(2) does; a caller's NOREPLACE is the local check's business. */
  | { readonly kind: 'rename'; readonly path: TreePath; readonly to: TreePath }
  /** A second name `to` for the file `path`. */
  | { readonly kind: 'link'; readonly path: TreePath; readonly to: TreePath }
  | { readonly kind: 'symlink'; readonly path: TreePath; readonly target: string; readonly owner?: Owner }
  | { readonly kind: 'chmod'; readonly path: TreePath; readonly mode: number }
  /** Never follows a symlink. */
  | ({ readonly kind: 'chown'; readonly path: TreePath } & Owner)
  /** Never follows a symlink. SFTP carries whole seconds. */
  | { readonly kind: 'times'; readonly path: TreePath; readonly atimeNs: bigint; readonly mtimeNs: bigint }
  /** Changes nothing: what was written to the file reaches stable storage. */
  | { readonly kind: 'fsync'; readonly path: TreePath; readonly dataOnly: boolean };

export type OperationOf<Kind extends OperationKind> = Extract<Operation, { kind: Kind }>;
