import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { tempDirectory } from '../temp-directory.ts';

const EVENT = 'events/fuse/fuse_request_send';
const BUFFER_KIB = 16 * 1024;

/** How many requests the kernel sends to a mount's driver during `work`; undefined where it doesn't tell. */
export async function countRequests(
  mountPoint: string,
  work: () => Promise<unknown>,
): Promise<number | undefined> {
  const tracing = await tempDirectory('tracing');
  const { code } = await runCommand('mount', ['-t', 'tracefs', 'tracefs', tracing.path]);
  try {
    if (code === 0) return await traced(tracing.path, await connectionOf(mountPoint), work);
    process.stderr.write('SKIPPED counting requests: there is no tracefs\n');
    return undefined;
  } finally {
    if (code === 0) await runCommand('umount', [tracing.path]);
    await rmdir(tracing.path);
  }
}

async function traced(tracing: string, connection: number, work: () => Promise<unknown>): Promise<number> {
  const trace = join(tracing, 'instances', `proxyfs-bench-${process.pid}`);
  await mkdir(trace);
  try {
    await writeFile(join(trace, 'buffer_size_kb'), String(BUFFER_KIB));
    await writeFile(join(trace, EVENT, 'filter'), `connection == ${connection}`);
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
