import type { FoundAttributes } from '../mount-worker.ts';

/** What a tree is made of. Nodes are told apart by identity, as inodes are. */
export type ModelNode = ModelFile | ModelDirectory | ModelSymlink;

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  /** Set to the millisecond by a caller, or by the clock at some moment since. */
  mtime: { readonly setMs: number } | { readonly sinceMs: number };
}

export interface ModelFile extends Attributes {
  readonly kind: 'file';
  links: number;
  content: Buffer;
}

export interface ModelDirectory extends Attributes {
  readonly kind: 'directory';
  readonly children: Map<string, ModelNode>;
}

export interface ModelSymlink extends Attributes {
  readonly kind: 'symlink';
  links: number;
  readonly target: string;
}

/** All that can be told for certain; times and inode numbers are the checker's. */
export type CertainAttributes = Omit<FoundAttributes, 'mtimeMs' | 'inode'>;

export function certainAttributes(node: ModelNode): CertainAttributes {
  const { kind, mode, uid, gid } = node;
  return { kind, mode, uid, gid, links: linksOf(node), sizeBytes: sizeOf(node) };
}

function linksOf(node: ModelNode): number {
  if (node.kind !== 'directory') return node.links;
  return 2 + [...node.children.values()].filter(({ kind }) => kind === 'directory').length;
}

function sizeOf(node: ModelNode): number {
  if (node.kind === 'file') return node.content.length;
  return node.kind === 'symlink' ? Buffer.byteLength(node.target) : 0;
}

/** Whether `inner` is `outer` or somewhere below it. */
export function contains(outer: ModelNode, inner: ModelNode): boolean {
  if (outer === inner) return true;
  return outer.kind === 'directory' && [...outer.children.values()].some((child) => contains(child, inner));
}
