import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';

const TRACING = '/sys/kernel/tracing';
const EVENT = 'events/fuse/fuse_request_send';
const BUFFER_KIB = 16 * 1024;

/** How many requests the kernel sends to a mount's driver during `work`; undefined where it can't be asked. */
export async function countRequests(
  mountPoint: string,
  work: () => Promise<unknown>,
): Promise<number | undefined> {
  if (!existsSync(join(TRACING, EVENT))) {
    await work();
    return undefined;
  }
  const trace = join(TRACING, 'instances', `proxyfs-bench-${process.pid}`);
  await mkdir(trace);
  try {
    await writeFile(join(trace, 'buffer_size_kb'), String(BUFFER_KIB));
    await writeFile(join(trace, EVENT, 'filter'), `connection == ${await connectionOf(mountPoint)}`);
    await writeFile(join(trace, EVENT, 'enable'), '1');
    await work();
    const lines = (await readFile(join(trace, 'trace'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('#')).length;
  } finally {
    await rmdir(trace);
  }
}

/** The mount's device number as the kernel itself has it; as stat says it, the minor's upper bits stand apart. */
async function connectionOf(mountPoint: string): Promise<number> {
  const { stdout } = await runCommand('stat', ['-c', '%d', mountPoint]);
  const device = Number(stdout);
  return (device & 0xff) | ((device >>> 12) & ~0xff);
}
