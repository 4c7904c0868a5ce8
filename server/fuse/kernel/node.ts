import type { Attributes, Handle } from '../driver.ts';

const S_IFMT = 0o170_000;
const S_IFREG = 0o100_000;
const S_IFDIR = 0o040_000;
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
/** A node of a file with more links than this forgets some of its names; lookups bring them back. */
const MOST_NAMES = 128;

/** One name of a node. */
export interface Name {
  readonly parent: Node;
  readonly name: string;
}

/** What tells whether the content of a file has changed. */
export interface ContentStamp {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** An open file as the kernel holds it. */
export interface OpenHandle {
  readonly writable: boolean;
  /** Whether it has been written to. */
  written: boolean;
  /** Requests that were not about this handle and use it all the same: it is released after them. */
  readonly borrowers: Set<Promise<unknown>>;
}

const NO_CHILDREN: ReadonlyMap<string, Node> = new Map();
const NO_HANDLES: ReadonlyMap<Handle, OpenHandle> = new Map();

/** What the kernel calls an inode: one file, directory or symlink, however many names it has. */
export class Node {
  readonly id: number;
  readonly inode: bigint;
  readonly device: bigint;
  /** S_IFMT bits. */
  readonly type: number;
  /** How often the kernel was told of it and has not yet forgotten. */
  lookups = 0;
  /** Living names, the newest last. */
  readonly names: Name[] = [];
  // The kernel may know millions of nodes, and few of them have any.
  #children: Map<string, Node> | undefined;
  #handles: Map<Handle, OpenHandle> | undefined;
  /** The content that the kernel's page cache is from; undefined: unknown, as after each change through the mount. */
  stamp: ContentStamp | undefined;
  /** Whether the kernel was told of a set-user-id or set-group-id bit. */
  privileged = false;
  /** What the kernel is told of it once its last name is gone, where nobody has it open: by a working directory, say. */
  gone: Attributes | undefined;

  constructor(id: number, attributes: Attributes) {
    this.id = id;
    this.inode = attributes.inode;
    this.device = attributes.device;
    this.type = attributes.mode & S_IFMT;
  }

  get children(): ReadonlyMap<string, Node> {
    return this.#children ?? NO_CHILDREN;
  }

  get handles(): ReadonlyMap<Handle, OpenHandle> {
    return this.#handles ?? NO_HANDLES;
  }

  opened(handle: Handle, open: OpenHandle): void {
    this.#handles ??= new Map();
    this.#handles.set(handle, open);
  }

  closed(handle: Handle): void {
    this.#handles?.delete(handle);
    if (this.#handles?.size === 0) this.#handles = undefined;
  }

  is(attributes: Attributes): boolean {
    return (
      this.inode === attributes.inode &&
      this.device === attributes.device &&
      this.type === (attributes.mode & S_IFMT)
    );
  }

  get isFile(): boolean {
    return this.type === S_IFREG;
  }

  get isDirectory(): boolean {
    return this.type === S_IFDIR;
  }

  /** Remembers what the kernel is about to be told. */
  tell(attributes: Attributes): void {
    this.privileged = this.isFile && hasPrivilege(attributes);
  }

  addName(parent: Node, name: string): void {
    this.gone = undefined;
    parent.#children ??= new Map();
    parent.#children.set(name, this);
    this.names.push({ parent, name });
    const oldest = this.names[0];
    if (this.names.length > MOST_NAMES && oldest) this.dropName(oldest.parent, oldest.name);
  }

  dropName(parent: Node, name: string): void {
    if (parent.children.get(name) === this) parent.#children?.delete(name);
    const at = this.names.findIndex((known) => known.parent === parent && known.name === name);
    if (at >= 0) this.names.splice(at, 1);
  }

  /** Any open handle; one opened for writing where there is one. */
  anyHandle(): Handle | undefined {
    let found: Handle | undefined;
    for (const [handle, { writable }] of this.handles) {
      if (writable) return handle;
      found ??= handle;
    }
    return found;
  }
}

/** Runs `work` on a handle that the kernel may release meanwhile. */
export async function borrowing<T>(node: Node, handle: Handle, work: () => Promise<T>): Promise<T> {
  const borrowers = node.handles.get(handle)?.borrowers;
  const result = work();
  borrowers?.add(result);
  try {
    return await result;
  } finally {
    borrowers?.delete(result);
  }
}

/** Whether set-user-id or set-group-id is set. */
export function hasPrivilege({ mode }: Attributes): boolean {
  return (mode & (S_ISUID | S_ISGID)) !== 0;
}

export function stampOf({ sizeBytes, mtimeNs, ctimeNs }: Attributes): ContentStamp {
  return { sizeBytes, mtimeNs, ctimeNs };
}

export function isSameContent(one: ContentStamp | undefined, other: ContentStamp): boolean {
  return (
    one !== undefined &&
    one.sizeBytes === other.sizeBytes &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs
  );
}
