import { readFile } from 'node:fs/promises';

/** Differs after each start of the machine. undefined where the system has no such thing (Linux: proc(5)). */
export async function bootIdOf(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return undefined;
  }
}
