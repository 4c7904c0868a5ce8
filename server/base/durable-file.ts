import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a file with this content in the place of whatever is there: killed at any moment, either the old one is
 * there or the new one, and the new one stays when this has resolved. Rejects with the errno of what failed;
 * the old one is untouched then. `mode` and `owner` are those of the new file.
 */
export async function replaceDurably(
  file: string,
  content: Uint8Array | string,
  { mode, owner }: { mode: number; owner?: { readonly uid: number; readonly gid: number } },
): Promise<void> {
  const unfinished = `${file}.new`;
  try {
    await writeDurably(unfinished, content, mode, owner);
    await rename(unfinished, file);
  } catch (error) {
    await unlink(unfinished).catch(() => {});
    throw error;
  }
  // DURABILITY: the rename itself.
  await syncDirectory(dirname(file));
}

export async function syncDirectory(absolute: string): Promise<void> {
  const handle = await open(absolute, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDurably(
  file: string,
  content: Uint8Array | string,
  mode: number,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  // What a killed writer left must not lend its mode or owner to a secret.
  await unlink(file).catch(() => {});
  const handle = await open(file, 'wx', 0o600);
  try {
    if (owner) await handle.chown(owner.uid, owner.gid);
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
