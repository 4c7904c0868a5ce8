import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

/** In nanoseconds since 1970. */
export interface FileTimes {
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
}

const SECOND_NS = 1_000_000_000n;
/** linux/fcntl.h */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

koffi.struct('timespec', { tv_sec: 'long', tv_nsec: 'long' });
// node:fs takes times as doubles, in which nanoseconds of this century have no room.
const libc = koffi.load(null);
const utimensat = libc.func('int utimensat(int at, const char *path, const timespec *times, int flags)');
const futimens = libc.func('int futimens(int fd, const timespec *times)');

/**
 * utimensat(2) on the entry itself, never through a symlink; throws as node:fs does. At once: the kernel has just looked the
 * name up, and a turn through the thread pool costs ten times the call.
 */
export function setTimes(path: string, times: FileTimes): void {
  check('utimensat', utimensat(AT_FDCWD, path, timespecs(times), AT_SYMLINK_NOFOLLOW) as number);
}

/** futimens(3); throws as node:fs does. */
export function setTimesOfDescriptor(fd: number, times: FileTimes): void {
  check('futimens', futimens(fd, timespecs(times)) as number);
}

function timespecs({ atimeNs, mtimeNs }: FileTimes): object[] {
  return [atimeNs, mtimeNs].map((timeNs) => {
    // The part below a second counts forwards, before 1970 too.
    const nanoseconds = ((timeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
    return { tv_sec: (timeNs - nanoseconds) / SECOND_NS, tv_nsec: nanoseconds };
  });
}

function check(syscall: string, result: number): void {
  if (result === 0) return;
  const errno = -koffi.errno();
  const code = getSystemErrorName(errno);
  throw Object.assign(new Error(`${code}: ${syscall}`), { code, errno, syscall });
}
