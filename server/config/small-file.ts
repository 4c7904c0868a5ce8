import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import { withDeadline } from '../base/wait.ts';

const READ_LIMIT_MS = 5000;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
};

export type SmallFile = { readonly content: Buffer } | { readonly reason: string };

/** Reads a whole regular file of at most `limitBytes`, or says why it cannot be read, without naming it. */
export function readSmallFile(file: string, limitBytes: number): Promise<SmallFile> {
  return withFile(file, async (handle) => {
    const buffer = Buffer.alloc(limitBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > limitBytes) return { reason: `it has more than ${limitBytes} bytes` };
      if (bytesRead === 0) return { content: buffer.subarray(0, length) };
    }
  });
}

/** Why the file cannot be opened for reading, or undefined if it can. */
export async function unreadableReason(file: string): Promise<string | undefined> {
  const result = await withFile(file, () => Promise.resolve({ content: Buffer.alloc(0) }));
  return 'reason' in result ? result.reason : undefined;
}

async function withFile(file: string, use: (handle: FileHandle) => Promise<SmallFile>): Promise<SmallFile> {
  try {
    return await withDeadline(openAndUse(file, use), READ_LIMIT_MS, 'reading a file', 'INPUT_OUTPUT');
  } catch (thrown) {
    if (thrown instanceof AppError) return { reason: 'the disk does not answer' };
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown error';
    return { reason: REASONS[code] ?? code };
  }
}

async function openAndUse(file: string, use: (handle: FileHandle) => Promise<SmallFile>): Promise<SmallFile> {
  // Opening a named pipe for reading would otherwise wait for a writer.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) return { reason: 'it is a directory' };
    if (!stat.isFile()) return { reason: 'it is not a regular file' };
    return await use(handle);
  } finally {
    await handle.close();
  }
}

const SECRET_LIMIT_BYTES = 16 * 1024;

export type SecretFile = { readonly secret: string } | { readonly reason: string };

/** Reads a file whose one line is a value, such as a password; the line's end does not belong to it. */
export async function readOneLine(file: string): Promise<SecretFile> {
  const read = await readSmallFile(file, SECRET_LIMIT_BYTES);
  if ('reason' in read) return { reason: `the file cannot be read: ${read.reason}` };
  const secret = utf8Text(read.content)?.replace(/\r?\n$/, '');
  if (secret === undefined) return { reason: 'the file is not UTF-8 text' };
  if (secret === '') return { reason: 'the file is empty' };
  if (/[\r\n\0]/.test(secret)) return { reason: 'the file must hold one line only' };
  return { secret };
}

/** The text that the bytes stand for, without a byte order mark; undefined if they are not UTF-8. */
export function utf8Text(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}
