import { lstat, opendir } from 'node:fs/promises';
import type { OpenHandle } from './open-handles.ts';
import { nameField } from './sftp-attributes.ts';
import { handleReply, nameReply, type Prepare } from './sftp-reply.ts';
import { errnoOf, STATUS, StatusError } from './sftp-status.ts';
import { type ByteText, bytesOf } from './sftp-wire.ts';

/** As many as OpenSSH puts into one NAME reply. */
const ENTRIES_PER_PAGE = 100;

/** The requests that list a directory. */
export const DIRECTORY_REQUESTS = {
  opendir: (fields, { served, handles }) => {
    const path = fields.text();
    return {
      path,
      run: async () => {
        handles.requireRoom();
        const located = await served.follow(path);
        const directory = await opendir(located, { encoding: 'latin1', bufferSize: ENTRIES_PER_PAGE });
        return handleReply(handles.add({ kind: 'directory', path, located, directory, started: false }));
      },
    };
  },
  readdir: (fields, { handles }) => {
    const handle = fields.bytes();
    return {
      path: handles.pathOf(handle),
      run: async () => {
        const page = await nextPage(handles.directory(handle));
        if (page.length === 0) throw new StatusError(STATUS.endOfFile);
        return nameReply(page);
      },
    };
  },
} satisfies Record<string, Prepare>;

async function nextPage(handle: OpenHandle & { kind: 'directory' }): Promise<Buffer[]> {
  const page: Buffer[] = [];
  if (!handle.started) {
    handle.started = true;
    for (const name of ['.', '..']) await addEntry(page, handle.located, name);
  }
  while (page.length < ENTRIES_PER_PAGE) {
    const entry = await handle.directory.read();
    if (!entry) break;
    await addEntry(page, handle.located, entry.name);
  }
  return page;
}

/** An entry that vanished since it was read is left out. */
async function addEntry(page: Buffer[], directory: Buffer, name: ByteText): Promise<void> {
  try {
    page.push(nameField(name, await lstat(Buffer.concat([directory, Buffer.from('/'), bytesOf(name)]))));
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
}
