import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, invariant } from '../base/errors.ts';
import { PATH_MAX, RESERVED_NAME, ROOT, type TreePath } from './tree-path.ts';

/** Where things of a local tree are on this machine. */
export class LocalPaths {
  readonly root: string;
  /** Pre-images; on the root's file system, so that a rename reaches it. */
  readonly undoDirectory: string;
  /** Files that are not whole yet. */
  readonly stagingDirectory: string;
  readonly reservedDirectory: string;

  constructor(root: string) {
    this.root = root;
    this.reservedDirectory = join(root, RESERVED_NAME);
    this.undoDirectory = join(this.reservedDirectory, 'undo');
    this.stagingDirectory = join(this.reservedDirectory, 'staging');
  }

  /** Throws NAME_TOO_LONG where the system would refuse the whole path, before anything changed anywhere. */
  absolute(path: TreePath): string {
    const absolute = path === ROOT ? this.root : this.root + path;
    if (absolute.length * 3 > PATH_MAX && Buffer.byteLength(absolute) > PATH_MAX) {
      throw new AppError('NAME_TOO_LONG', undefined, { details: { path } });
    }
    return absolute;
  }

  preImage(name: string): string {
    return join(this.undoDirectory, plainName(name));
  }

  staged(name: string): string {
    return join(this.stagingDirectory, plainName(name));
  }

  reserved(name: string): string {
    return join(this.reservedDirectory, plainName(name));
  }
}

/** Makes a directory of the reserved one, which is nobody's business but ours. */
export async function ensurePrivateDirectory(absolute: string): Promise<void> {
  await mkdir(absolute, { recursive: true, mode: 0o700 });
}

function plainName(name: string): string {
  invariant(/^[\w-][\w.-]*$/.test(name), `a plain file name: ${JSON.stringify(name)}`);
  return name;
}
