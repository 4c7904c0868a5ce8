import { link, lstat, rename, unlink } from 'node:fs/promises';
import { okReply, type Prepare, type RequestContext } from './sftp-reply.ts';
import { errnoOf, STATUS, StatusError } from './sftp-status.ts';
import type { ByteText, PacketReader } from './sftp-wire.ts';

const LINKS_UNAVAILABLE = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EPERM', 'EMLINK', 'EXDEV']);

/** The requests that give a file another or a further name. */
export const RENAME_REQUESTS = {
  rename: twoPaths(renameWithoutReplacing),
  'posix-rename': twoPaths(rename),
  hardlink: twoPaths(link),
} satisfies Record<string, Prepare>;

function twoPaths(work: (from: Buffer, to: Buffer) => Promise<void>): Prepare {
  return (fields: PacketReader, { served }: RequestContext) => {
    const from: ByteText = fields.text();
    const to: ByteText = fields.text();
    return {
      path: from,
      run: async () => {
        await work(await served.locate(from), await served.locate(to));
        return okReply();
      },
    };
  };
}

/** RENAME of version 3 never replaces; for a regular file link and unlink make that free of races, as in OpenSSH. */
async function renameWithoutReplacing(from: Buffer, to: Buffer): Promise<void> {
  const isFile = (await lstat(from)).isFile();
  if (isFile && (await linkAndUnlink(from, to))) return;
  const target = await lstat(to).catch(() => undefined);
  if (target) throw new StatusError(STATUS.failure);
  await rename(from, to);
}

/** False where the file system can't link. */
async function linkAndUnlink(from: Buffer, to: Buffer): Promise<boolean> {
  try {
    await link(from, to);
  } catch (thrown) {
    if (LINKS_UNAVAILABLE.has(errnoOf(thrown) ?? '')) return false;
    throw thrown;
  }
  await unlink(from);
  return true;
}
