import { spawn } from 'node:child_process';
import { mkdtemp, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../base/errors.ts';
import { runCommand } from '../bounded-command.ts';
import { mayMount } from '../capability.ts';
import { MOUNT_SOURCE } from '../mount-point.ts';
import { LARGEST_CONTENT_BYTES } from './protocol/limits.ts';

const MOUNT_LIMIT_MS = 10_000;
const FLUSH_LIMIT_MS = 5000;
const DEVICE_IN_CHILD = 3;
const MOST_STDERR = 4096;
const NO_CAPABILITY = 'the capability CAP_SYS_ADMIN is missing (in a container: --cap-add SYS_ADMIN)';
const REFUSED =
  'AppArmor, SELinux or a seccomp filter may refuse it (in a container: --security-opt apparmor=unconfined)';
const NEEDS_ROOT = 'the kernel driver needs root; mount.driver: fuse-native does not';

/** Rejects with MOUNT_FAILED where mountDevice would, as far as that shows before. */
export async function checkMounting(): Promise<void> {
  if (!isRoot()) throw new AppError('MOUNT_FAILED', NEEDS_ROOT);
  if (!(await mayMount())) throw new AppError('MOUNT_FAILED', NO_CAPABILITY);
  if ((await runCommand('mount', ['--version'], MOUNT_LIMIT_MS)) === 'not-started') throw mountMissing();
}

/** Mounts the device on a directory, through mount(8) without its helpers. Rejects with MOUNT_FAILED and the reason. */
export async function mountDevice(
  descriptor: number,
  mountPoint: string,
  allowOther: boolean,
): Promise<void> {
  const options = [
    `fd=${DEVICE_IN_CHILD}`,
    'rootmode=40000',
    `user_id=${process.getuid?.() ?? 0}`,
    `group_id=${process.getgid?.() ?? 0}`,
    'default_permissions',
    `max_read=${LARGEST_CONTENT_BYTES}`,
    // The mirrors can't have device nodes, and those of the local directory carry no numbers through FUSE.
    'nodev',
    ...(allowOther ? ['allow_other'] : []),
  ];
  const args = ['-i', '-t', 'fuse', '-o', options.join(','), MOUNT_SOURCE, mountPoint];
  const { exitCode, stderr } = await runMount(args, descriptor);
  if (exitCode === 0) return;
  const reason = stderr.trim() || `exit code ${exitCode}`;
  throw new AppError('MOUNT_FAILED', `mount: ${reason}${await hintOf(stderr)}`);
}

/** One request is read from the disk while another is handed over. */
const READ_AHEAD_KIB = (2 * LARGEST_CONTENT_BYTES) / 1024;

/**
 * Lets the kernel read ahead two requests: files that aren't cached then read more than twice as fast as with the 128 KiB
 * of its own accord. In a container whose /sys is read-only it stays with those.
 */
export async function widenReadAhead(deviceMinor: number): Promise<void> {
  const setting = `/sys/class/bdi/0:${deviceMinor}/read_ahead_kb`;
  await writeFile(setting, String(READ_AHEAD_KIB)).catch(() => {});
}

/** Has the kernel write out what memory maps have changed, as far as that goes within a bound. */
export async function flushMount(mountPoint: string): Promise<void> {
  await runCommand('sync', ['-f', mountPoint], FLUSH_LIMIT_MS);
}

/** Ends a mount at once, with what is still asked of it, and takes it out of the tree. */
export async function endMount(mountPoint: string): Promise<void> {
  await runCommand('umount', ['-f', '-l', mountPoint], MOUNT_LIMIT_MS);
}

/**
 * Ends a connection that has lost its mount point while somebody is still inside, through the kernel's control
 * file system: a read of the device ends with its connection only, and a process can't end before its reads do.
 */
export async function abortConnection(deviceMinor: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyfs-connections-'));
  try {
    await runCommand('mount', ['-i', '-t', 'fusectl', 'fusectl', directory], MOUNT_LIMIT_MS);
    await writeFile(join(directory, String(deviceMinor), 'abort'), '1', { flag: 'r+' });
  } finally {
    await runCommand('umount', [directory], MOUNT_LIMIT_MS);
    await rmdir(directory);
  }
}

function runMount(
  args: readonly string[],
  descriptor: number,
): Promise<{ exitCode: number; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('mount', args, {
      stdio: ['ignore', 'ignore', 'pipe', descriptor],
      timeout: MOUNT_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (stderr.length < MOST_STDERR) stderr += chunk.toString('utf8');
    });
    child.on('error', (cause) => reject(mountMissing(cause)));
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? 128, stderr: signal ? `ended by ${signal}` : stderr }),
    );
  });
}

/** mount(8) says "permission denied" whatever it is that root lacks in a container. */
async function hintOf(stderr: string): Promise<string> {
  if (!isRoot()) return ` (${NEEDS_ROOT})`;
  if (!/denied|not permitted/i.test(stderr)) return '';
  return ` (${(await mayMount()) ? REFUSED : NO_CAPABILITY})`;
}

function mountMissing(cause?: unknown): AppError {
  return new AppError('MOUNT_FAILED', 'the command mount is missing', { cause });
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
