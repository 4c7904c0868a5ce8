import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { attributesField, readAttributes, type RequestedAttributes } from './sftp-attributes.ts';
import { applyInOrder } from './set-attributes.ts';
import { handleReply, okReply, type Prepare, type Reply, type RequestContext } from './sftp-reply.ts';
import { STATUS, StatusError } from './sftp-status.ts';
import { bytesField, type ByteText, MAX_TRANSFER_BYTES, PACKET } from './sftp-wire.ts';

const FLAG = { read: 0x1, write: 0x2, append: 0x4, create: 0x8, truncate: 0x10, exclusive: 0x20 } as const;
const DEFAULT_FILE_MODE = 0o666;

/** The requests on files by handle. */
export const FILE_REQUESTS = {
  open: (fields, context) => {
    const path = fields.text();
    const flags = fields.uint32();
    const attributes = readAttributes(fields);
    return { path, run: () => openFile(context, path, flags, attributes) };
  },
  close: (fields, { handles }) => {
    const handle = fields.bytes();
    return {
      path: handles.pathOf(handle),
      run: async () => {
        await handles.close(handle);
        return okReply();
      },
    };
  },
  read: (fields, { handles }) => {
    const handle = fields.bytes();
    const offset = fields.uint64();
    const lengthBytes = Math.min(fields.uint32(), MAX_TRANSFER_BYTES);
    return {
      path: handles.pathOf(handle),
      run: async () => {
        const target = Buffer.allocUnsafe(lengthBytes);
        const { bytesRead } = await handles.file(handle).file.read(target, 0, lengthBytes, offset);
        if (bytesRead === 0) throw new StatusError(STATUS.endOfFile);
        return { type: PACKET.data, fields: [bytesField(target.subarray(0, bytesRead))] };
      },
    };
  },
  write: (fields, { handles }) => {
    const handle = fields.bytes();
    const offset = fields.uint64();
    const data = fields.bytes();
    return {
      path: handles.pathOf(handle),
      run: async () => {
        const { file, append } = handles.file(handle);
        const { bytesWritten } = await file.write(data, 0, data.length, append ? null : offset);
        if (bytesWritten !== data.length) throw new StatusError(STATUS.failure);
        return okReply();
      },
    };
  },
  fstat: (fields, { handles }) => {
    const handle = fields.bytes();
    return {
      path: handles.pathOf(handle),
      run: async () => {
        const stats = await handles.file(handle).file.stat();
        return { type: PACKET.attributes, fields: [attributesField(stats)] };
      },
    };
  },
  fsetstat: (fields, { handles }) => {
    const handle = fields.bytes();
    const attributes = readAttributes(fields);
    return {
      path: handles.pathOf(handle),
      run: async () => {
        const { file } = handles.file(handle);
        return applyInOrder(attributes, {
          truncate: (sizeBytes) => file.truncate(sizeBytes),
          chmod: (mode) => file.chmod(mode),
          utimes: (atimeSeconds, mtimeSeconds) => file.utimes(atimeSeconds, mtimeSeconds),
          chown: (uid, gid) => file.chown(uid, gid),
        });
      },
    };
  },
  fsync: (fields, { handles }) => {
    const handle = fields.bytes();
    return {
      path: handles.pathOf(handle),
      run: async () => {
        await handles.file(handle).file.sync();
        return okReply();
      },
    };
  },
} satisfies Record<string, Prepare>;

async function openFile(
  { served, handles }: RequestContext,
  path: ByteText,
  flags: number,
  attributes: RequestedAttributes,
): Promise<Reply> {
  handles.requireRoom();
  // With EXCL the kernel refuses a symlink by itself; else it is followed here, to see where it leads.
  const location = flags & FLAG.exclusive ? await served.locate(path) : await served.follow(path);
  const file = await open(location, openFlags(flags), attributes.mode ?? DEFAULT_FILE_MODE);
  return handleReply(handles.add({ kind: 'file', path, file, append: (flags & FLAG.append) !== 0 }));
}

function openFlags(flags: number): number {
  const wantsRead = (flags & FLAG.read) !== 0;
  const wantsWrite = (flags & FLAG.write) !== 0;
  let native = wantsWrite ? (wantsRead ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (flags & FLAG.append) native |= constants.O_APPEND;
  if (flags & FLAG.create) native |= constants.O_CREAT;
  if (flags & FLAG.truncate) native |= constants.O_TRUNC;
  if (flags & FLAG.exclusive) native |= constants.O_EXCL;
  return native | constants.O_NOFOLLOW;
}
