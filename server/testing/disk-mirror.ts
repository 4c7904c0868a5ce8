import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalTree } from '../filesystem/local-tree.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import { RESERVED_NAME } from '../filesystem/tree-path.ts';

/** A directory of this machine in the place of a mirror. */
export class DiskMirror extends LocalTree implements MirrorTree {
  readonly #reserved: string;

  constructor(root: string) {
    const reserved = join(root, RESERVED_NAME);
    super(root, reserved);
    this.#reserved = reserved;
  }

  async createReserved(name: string, content: Buffer): Promise<boolean> {
    await mkdir(this.#reserved, { recursive: true, mode: 0o700 });
    try {
      await writeFile(join(this.#reserved, name), content, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  override async writeReserved(name: string, content: Buffer, allowed?: Promise<unknown>): Promise<void> {
    await allowed;
    await super.writeReserved(name, content);
  }
}
