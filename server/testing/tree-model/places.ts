import type { ModelDirectory, ModelNode } from './nodes.ts';

/** As many symlinks as Linux follows in one path. */
const MOST_HOPS = 40;

/** What a call is refused with. */
export class Refusal extends Error {
  readonly errno: string;

  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

export function refuse(errno: string): never {
  throw new Refusal(errno);
}

/** A name in a directory, and what has it. */
export interface Place {
  readonly directory: ModelDirectory;
  readonly name: string;
  readonly node: ModelNode | undefined;
}

/** Walks a path as the kernel does; a symlink at its end is followed if wanted. */
export function placeOf(root: ModelDirectory, path: string, follow: boolean): Place {
  const left = path.split('/');
  let directory = root;
  for (let hops = 0; ; ) {
    const name = left.shift() ?? '';
    const node = directory.children.get(name);
    const isLast = left.length === 0;
    if (node?.kind === 'symlink' && (follow || !isLast)) {
      if (++hops > MOST_HOPS) refuse('ELOOP');
      left.unshift(...node.target.split('/'));
    } else if (isLast) return { directory, name, node };
    else directory = directoryAt(node);
  }
}

/** The node at a path, for calls that need one. */
export function nodeAt(root: ModelDirectory, path: string, follow: boolean): ModelNode {
  return placeOf(root, path, follow).node ?? refuse('ENOENT');
}

export function directoryAt(node: ModelNode | undefined): ModelDirectory {
  if (!node) refuse('ENOENT');
  return node.kind === 'directory' ? node : refuse('ENOTDIR');
}
