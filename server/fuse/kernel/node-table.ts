import { AppError } from '../../base/errors.ts';
import { PATH_MAX, ROOT, type TreePath } from '../../filesystem/tree-path.ts';
import type { Attributes, Handle } from '../driver.ts';
import { Node, type OpenHandle } from './node.ts';
import { FLAGS } from './protocol/flags.ts';

/** Deeper than any path can be: a name is two bytes of it at least. */
const MOST_ANCESTORS = PATH_MAX / 2;
/** Inode numbers of further devices are shown with the device's place above these bits. */
const DEVICE_SHIFT = 56n;

/**
 * Which of our files the kernel knows under which number. A node is an inode of the local tree, so that all
 * names of a hard-linked file share one page cache. Numbers are never used again. Every method is synchronous:
 * no request sees half of an update.
 */
export class NodeTable {
  readonly #byId = new Map<number, Node>();
  /** Files that somebody has open. */
  readonly #opened = new Set<Node>();
  readonly #byDevice = new Map<bigint, Map<bigint, Node>>();
  #lastId: number = FLAGS.FUSE_ROOT_ID;
  #root: Node | undefined;

  /** How many nodes are known; the root is one. */
  get size(): number {
    return this.#byId.size;
  }

  /** Makes the root, once. */
  start(attributes: Attributes): void {
    this.#root = new Node(FLAGS.FUSE_ROOT_ID, attributes);
    this.#register(this.#root);
  }

  /** Rejects a number that the kernel doesn't hold with STALE_HANDLE. */
  get(id: number): Node {
    const node = this.#byId.get(id);
    if (!node) throw new AppError('STALE_HANDLE');
    return node;
  }

  find(id: number): Node | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Node> {
    return this.#byId.values();
  }

  get opened(): Iterable<Node> {
    return this.#opened;
  }

  wasOpened(node: Node, handle: Handle, open: OpenHandle): void {
    node.opened(handle, open);
    this.#opened.add(node);
  }

  wasClosed(node: Node, handle: Handle): void {
    node.closed(handle);
    if (node.handles.size === 0) this.#opened.delete(node);
  }

  /** The node of what a lookup found under this name. */
  found(parent: Node, name: string, attributes: Attributes): Node {
    const known = this.#byInode(attributes);
    // An inode without a name and without a handle may have been freed, and its number given to another file.
    const isStillThere = known?.is(attributes) && (known.names.length > 0 || known.handles.size > 0);
    return this.#named(parent, name, known && isStillThere ? known : this.#make(attributes));
  }

  /** The node of what was just created under this name: whoever had its inode number before is gone, if nobody holds it open. */
  made(parent: Node, name: string, attributes: Attributes): Node {
    const known = this.#byInode(attributes);
    const isHeld = known?.is(attributes) && known.handles.size > 0;
    return this.#named(parent, name, known && isHeld ? known : this.#make(attributes));
  }

  /** `name` is a further name of a node that the kernel holds. */
  linked(parent: Node, name: string, node: Node): void {
    this.#named(parent, name, node);
  }

  /** `last`: what it was before, which counts on where this was its only name. */
  removed(parent: Node, name: string, last?: Attributes): void {
    const node = parent.children.get(name);
    if (!node) return;
    node.dropName(parent, name);
    const hasOtherNames = last?.links !== 1 && !node.isDirectory;
    if (last && node.is(last) && !hasOtherNames) node.gone = { ...last, links: 0 };
    this.#dropIfUnused(node);
  }

  /**
   * `node`, which had the name before the rename, has the new one now. The children of a directory hang on its
   * node, so they move with it. A lookup of either name may have seen the rename before the table.
   */
  renamed(
    node: Node | undefined,
    from: readonly [Node, string],
    to: readonly [Node, string],
    replaced?: Attributes,
  ): void {
    const [newParent, newName] = to;
    if (newParent.children.get(newName) !== node) this.removed(newParent, newName, replaced);
    if (!node || !this.#byId.has(node.id)) return;
    node.dropName(...from);
    this.#named(newParent, newName, node);
  }

  forget(id: number, lookups: number): void {
    const node = this.#byId.get(id);
    if (!node || node === this.#root) return;
    node.lookups = Math.max(0, node.lookups - lookups);
    this.#dropIfUnused(node);
  }

  /** Where a node is, by its newest living name; undefined where it has none left. */
  pathOf(node: Node): TreePath | undefined {
    const names: string[] = [];
    let at = node;
    while (at !== this.#root) {
      const name = at.names.at(-1);
      if (!name || names.length > MOST_ANCESTORS) return undefined;
      names.push(name.name);
      at = name.parent;
    }
    if (names.length === 0) return ROOT;
    const path = `/${names.reverse().join('/')}`;
    if (path.length * 3 > PATH_MAX && Buffer.byteLength(path) > PATH_MAX) throw new AppError('NAME_TOO_LONG');
    // Every part was checked when it was named.
    return path as TreePath;
  }

  /** The inode number to show: files of different devices must not look like one. */
  shownInode(attributes: { readonly inode: bigint; readonly device: bigint }): bigint {
    if (attributes.device === this.#root?.device) return attributes.inode;
    const place = [...this.#byDevice.keys()].indexOf(attributes.device);
    return BigInt.asUintN(64, attributes.inode ^ (BigInt(place < 0 ? 255 : place) << DEVICE_SHIFT));
  }

  #byInode({ device, inode }: Attributes): Node | undefined {
    return this.#byDevice.get(device)?.get(inode);
  }

  #make(attributes: Attributes): Node {
    const node = new Node(++this.#lastId, attributes);
    this.#register(node);
    return node;
  }

  #register(node: Node): void {
    let inodes = this.#byDevice.get(node.device);
    if (!inodes) this.#byDevice.set(node.device, (inodes = new Map()));
    // Whoever had the number before stays reachable by its id until the kernel forgets it.
    inodes.set(node.inode, node);
    this.#byId.set(node.id, node);
  }

  #named(parent: Node, name: string, node: Node): Node {
    const before = parent.children.get(name);
    if (before === node) return node;
    if (before) this.removed(parent, name);
    node.addName(parent, name);
    return node;
  }

  /** A parent goes only after its children: a request may still need their paths. */
  #dropIfUnused(unused: Node): void {
    let node: Node | undefined = unused;
    while (
      node &&
      node !== this.#root &&
      node.lookups === 0 &&
      node.children.size === 0 &&
      node.handles.size === 0
    ) {
      this.#byId.delete(node.id);
      const inodes = this.#byDevice.get(node.device);
      if (inodes?.get(node.inode) === node) inodes.delete(node.inode);
      const parents: Node[] = node.names.map(({ parent }) => parent);
      for (const { parent, name } of [...node.names]) node.dropName(parent, name);
      for (const parent of parents.slice(1)) this.#dropIfUnused(parent);
      node = parents[0];
    }
  }
}
