import { access, constants, statfs } from 'node:fs/promises';
import { MAX_HANDLES } from './open-handles.ts';
import type { Prepare, Reply } from './sftp-reply.ts';
import { errnoOf } from './sftp-status.ts';
import { MAX_PACKET_BYTES, MAX_TRANSFER_BYTES, PACKET, uint64Field } from './sftp-wire.ts';

const READ_ONLY = 1;
const NAME_MAX = 255;

/** The requests about the server and its file system. */
export const SERVER_REQUESTS = {
  statvfs: (fields, { served }) => {
    const path = fields.text();
    return { path, run: async () => spaceReply(await served.follow(path)) };
  },
  fstatvfs: (fields, { served, handles }) => {
    const path = handles.pathOf(fields.bytes()) ?? '.';
    return { path, run: async () => spaceReply(await served.follow(path)) };
  },
  limits: () => ({
    run: () =>
      Promise.resolve(numbers([MAX_PACKET_BYTES, MAX_TRANSFER_BYTES, MAX_TRANSFER_BYTES, MAX_HANDLES])),
  }),
} satisfies Record<string, Prepare>;

async function spaceReply(location: Buffer): Promise<Reply> {
  const space = await statfs(location);
  const flags = (await isReadOnly(location)) ? READ_ONLY : 0;
  const { bsize, blocks, bfree, bavail, files, ffree } = space;
  return numbers([bsize, bsize, blocks, bfree, bavail, files, ffree, ffree, 0, flags, NAME_MAX]);
}

/** Node's statfs has no mount flags; access(2) tells a read-only file system by its errno, even to root. */
async function isReadOnly(location: Buffer): Promise<boolean> {
  return access(location, constants.W_OK).then(
    () => false,
    (thrown: unknown) => errnoOf(thrown) === 'EROFS',
  );
}

function numbers(values: readonly number[]): Reply {
  return { type: PACKET.extendedReply, fields: values.map(uint64Field) };
}
