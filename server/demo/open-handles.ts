import type { Dir } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { STATUS, StatusError } from './sftp-status.ts';
import type { ByteText } from './sftp-wire.ts';

/** As many as OpenSSH gives with the usual limit of open files. */
export const MAX_HANDLES = 1019;

export type OpenHandle =
  | { readonly kind: 'file'; readonly path: ByteText; readonly file: FileHandle; readonly append: boolean }
  | {
      readonly kind: 'directory';
      readonly path: ByteText;
      readonly located: Buffer;
      readonly directory: Dir;
      /** Whether `.` and `..` were already listed. */
      started: boolean;
    };

/** What one session keeps open. */
export class OpenHandles {
  readonly #handles = new Map<number, OpenHandle>();
  #last = 0;

  /** Says so before anything is opened, since an open may create or truncate. */
  requireRoom(): void {
    if (this.#handles.size >= MAX_HANDLES) throw new StatusError(STATUS.failure);
  }

  add(handle: OpenHandle): Buffer {
    this.#last += 1;
    this.#handles.set(this.#last, handle);
    const name = Buffer.alloc(4);
    name.writeUInt32BE(this.#last);
    return name;
  }

  pathOf(name: Buffer): ByteText | undefined {
    return this.#find(name)?.path;
  }

  file(name: Buffer): OpenHandle & { kind: 'file' } {
    const handle = this.#find(name);
    if (handle?.kind !== 'file') throw new StatusError(STATUS.failure);
    return handle;
  }

  directory(name: Buffer): OpenHandle & { kind: 'directory' } {
    const handle = this.#find(name);
    if (handle?.kind !== 'directory') throw new StatusError(STATUS.failure);
    return handle;
  }

  async close(name: Buffer): Promise<void> {
    const handle = this.#find(name);
    if (!handle) throw new StatusError(STATUS.failure);
    this.#handles.delete(name.readUInt32BE());
    await closeHandle(handle);
  }

  async closeAll(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.allSettled(handles.map(closeHandle));
  }

  #find(name: Buffer): OpenHandle | undefined {
    return name.length === 4 ? this.#handles.get(name.readUInt32BE()) : undefined;
  }
}

function closeHandle(handle: OpenHandle): Promise<void> {
  return handle.kind === 'file' ? handle.file.close() : handle.directory.close();
}
