import { tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { readSmall } from './small-file.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Of the server's machine, where it runs Linux and the login sees its proc(5); else undefined. */
export async function bootIdOf(session: SftpSession): Promise<string | undefined> {
  const { value } = await tried(readSmall(session, BOOT_ID, 64));
  const text = value?.toString('latin1').trim() ?? '';
  return UUID.test(text) ? text : undefined;
}
