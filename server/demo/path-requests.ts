import type { Stats } from 'node:fs';
import {
  chmod,
  chown,
  lchown,
  lstat,
  lutimes,
  mkdir,
  readlink,
  rmdir,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
} from 'node:fs/promises';
import { attributesField, nameField, readAttributes } from './sftp-attributes.ts';
import { applyInOrder } from './set-attributes.ts';
import { nameReply, okReply, type Prepare, type Reply } from './sftp-reply.ts';
import { STATUS, StatusError } from './sftp-status.ts';
import { bytesOf, PACKET } from './sftp-wire.ts';

const DEFAULT_DIRECTORY_MODE = 0o777;

/** The requests on one path. */
export const PATH_REQUESTS = {
  lstat: (fields, { served }) => {
    const path = fields.text();
    return { path, run: async () => attributesReply(await lstat(await served.locate(path))) };
  },
  stat: (fields, { served }) => {
    const path = fields.text();
    return { path, run: async () => attributesReply(await stat(await served.follow(path))) };
  },
  setstat: (fields, { served }) => {
    const path = fields.text();
    const attributes = readAttributes(fields);
    return {
      path,
      run: async () => {
        const location = await served.follow(path);
        return applyInOrder(attributes, {
          truncate: (sizeBytes) => truncate(location, sizeBytes),
          chmod: (mode) => chmod(location, mode),
          utimes: (atimeSeconds, mtimeSeconds) => utimes(location, atimeSeconds, mtimeSeconds),
          chown: (uid, gid) => chown(location, uid, gid),
        });
      },
    };
  },
  lsetstat: (fields, { served }) => {
    const path = fields.text();
    const attributes = readAttributes(fields);
    return {
      path,
      run: async () => {
        const location = await served.locate(path);
        if (attributes.sizeBytes !== undefined) throw new StatusError(STATUS.badMessage);
        return applyInOrder(attributes, {
          truncate: () => Promise.reject(new StatusError(STATUS.badMessage)),
          chmod: (mode) => chmodUnlessSymlink(location, mode),
          utimes: (atimeSeconds, mtimeSeconds) => lutimes(location, atimeSeconds, mtimeSeconds),
          chown: (uid, gid) => lchown(location, uid, gid),
        });
      },
    };
  },
  mkdir: (fields, { served }) => {
    const path = fields.text();
    const { mode = DEFAULT_DIRECTORY_MODE } = readAttributes(fields);
    return done(path, async () => mkdir(await served.locate(path), mode));
  },
  remove: (fields, { served }) => {
    const path = fields.text();
    return done(path, async () => unlink(await served.locate(path)));
  },
  rmdir: (fields, { served }) => {
    const path = fields.text();
    return done(path, async () => rmdir(await served.locate(path)));
  },
  realpath: (fields, { served }) => {
    const path = fields.text();
    return { path, run: async () => nameReply([nameField(await served.canonical(path))]) };
  },
  readlink: (fields, { served }) => {
    const path = fields.text();
    return {
      path,
      run: async () => nameReply([nameField(await readlink(await served.locate(path), 'latin1'))]),
    };
  },
  symlink: (fields, { served, symlinkTargetFirst }) => {
    const first = fields.text();
    const second = fields.text();
    const [target, path] = symlinkTargetFirst ? [first, second] : [second, first];
    return done(path, async () => symlink(bytesOf(target), await served.locate(path)));
  },
} satisfies Record<string, Prepare>;

/** A request whose answer is only that it was done. */
function done(path: string, work: () => Promise<unknown>): { path: string; run(): Promise<Reply> } {
  return {
    path,
    run: async () => {
      await work();
      return okReply();
    },
  };
}

function attributesReply(stats: Stats): Reply {
  return { type: PACKET.attributes, fields: [attributesField(stats)] };
}

/** Linux has no mode of a symlink to set; OpenSSH answers with the general failure there. */
async function chmodUnlessSymlink(location: Buffer, mode: number): Promise<void> {
  if ((await lstat(location)).isSymbolicLink()) throw new StatusError(STATUS.failure);
  await chmod(location, mode);
}
