import { access, constants, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MountedTree, mountedTree } from '../../testing/mounted-tree.ts';
import { mountedAt } from '../mount-point.ts';

let tree: MountedTree;

/** Runs a shell script in the mount, which must succeed. */
async function sh(script: string): Promise<string> {
  const { code, stdout, stderr } = await tree.sh(`set -e\n${script}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
}

/** Runs a Python program in the mount. */
function python(program: string): Promise<string> {
  return sh(`python3 - <<'PY'\nimport os\n${program}\nPY`);
}

const local = (name: string) => join(tree.directory, name);

describe('the rarer requests of the kernel', () => {
  beforeAll(async () => {
    tree = await mountedTree('kernel');
    await tree.start();
  });

  afterAll(() => tree.remove());

  afterEach(async () => {
    await sh('rm -rf -- * .[!.]*');
    expect(await readdir(tree.directory)).toEqual([]);
  });

  it('makes regular files by mknod, and refuses what SFTP has no form for', async () => {
    await python(`
import errno, stat
os.mknod('f', 0o640 | stat.S_IFREG); assert os.stat('f').st_mode == 0o100640
def refused(call, *args):
    try: call(*args)
    except OSError as error: assert error.errno == errno.EOPNOTSUPP, error
    else: raise Exception('not refused')
refused(os.mkfifo, 'p'); refused(os.mknod, 'd', 0o600 | stat.S_IFCHR, os.makedev(1, 3))
refused(os.setxattr, 'f', 'user.x', b'1'); refused(os.getxattr, 'f', 'user.x'); refused(os.removexattr, 'f', 'user.x')
refused(os.open, '.', os.O_TMPFILE | os.O_RDWR)
import fcntl
try: fcntl.ioctl(os.open('f', os.O_RDONLY), 0x5401, bytes(64))
except OSError as error: assert error.errno == errno.ENOTTY, error
import select; poll = select.poll(); poll.register(os.open('f', os.O_RDONLY)); assert poll.poll(0)[0][1] & select.POLLIN`);
    expect((await readdir(tree.directory)).sort()).toEqual(['f']);
  });

  it('grows files and makes ranges zeros by fallocate, and refuses what no mirror could follow', async () => {
    await python(`
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True); KEEP, PUNCH, COLLAPSE, ZERO = 1, 2, 8, 16
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
def allocate(mode, at, length): return 0 if libc.fallocate(fd, mode, at, length) == 0 else ctypes.get_errno()
fd = os.open('f', os.O_RDWR | os.O_CREAT); os.write(fd, b'x' * 10_000); size = lambda: os.fstat(fd).st_size
assert allocate(0, 100, 500) == 0 and size() == 10_000
assert allocate(PUNCH | KEEP, 1000, 2000) == 0 and size() == 10_000
assert allocate(ZERO | KEEP, 9000, 5000) == 0 and size() == 10_000
assert allocate(ZERO, 9500, 2500) == 0 and size() == 12_000
assert allocate(PUNCH | KEEP, 50_000, 1000) == 0 and size() == 12_000
assert allocate(0, 4_000_000, 1_000_000) == 0 and size() == 5_000_000
os.posix_fallocate(fd, 0, 5_000_001)
expected = (b'x' * 1000 + bytes(2000) + b'x' * 6000) + bytes(5_000_001 - 9000); assert os.pread(fd, 6_000_000, 0) == expected
for refused in (KEEP, 0, 100), (COLLAPSE, 0, 4096), (ZERO, 0, 2 << 20), (PUNCH | KEEP, 0, 2 << 20): assert allocate(*refused) == errno.EOPNOTSUPP, refused
assert allocate(0, 0, 1 << 50) in (errno.ENOSPC, errno.EFBIG) and os.pread(fd, 6_000_000, 0) == expected
os.unlink('f'); assert allocate(ZERO, 0, 1000) == 0 and allocate(0, 0, 6_000_000) == 0 and size() == 6_000_000 and os.pread(fd, 1000, 0) == bytes(1000)
fd = os.open('g', os.O_RDWR | os.O_CREAT); os.write(fd, b'content'); assert allocate(PUNCH | KEEP, 1, 2) == 0`);
    expect(await readFile(local('g'), 'latin1')).toBe('c\0\0tent');
  });

  it('opens an unlinked file anew through /proc', async () => {
    await python(`
fd = os.open('f', os.O_RDWR | os.O_CREAT); os.write(fd, b'first'); again = lambda flags: os.open(f'/proc/self/fd/{fd}', flags)
os.unlink('f'); other = again(os.O_RDWR); os.pwrite(other, b'F', 0); assert os.pread(fd, 9, 0) == b'First'
os.close(fd); fd = other; os.write(again(os.O_WRONLY | os.O_APPEND), b' end'); assert os.pread(fd, 20, 0) == b'First end'
again(os.O_WRONLY | os.O_TRUNC); assert os.fstat(fd).st_size == 0 and os.listdir('.') == []`);
    expect(await readdir(tree.directory)).toEqual([]);
  });

  it('copies within the mount, seeks for data, and says how full the disk is', async () => {
    await python(`
open('a', 'wb').write(os.urandom(300_000)); a = os.open('a', os.O_RDONLY); b = os.open('b', os.O_RDWR | os.O_CREAT)
copied = 0
while count := os.copy_file_range(a, b, 200_000, copied, copied + 7): copied += count
assert copied == 300_000 and open('b', 'rb').read() == bytes(7) + open('a', 'rb').read()
import shutil; shutil.copyfile('a', 'c'); assert open('a', 'rb').read() == open('c', 'rb').read()
assert os.lseek(a, 0, os.SEEK_DATA) == 0 and os.lseek(a, 0, os.SEEK_HOLE) == 300_000
mine = os.statvfs('.'); disk = os.statvfs('${tree.directory}')
assert (mine.f_blocks, mine.f_bsize, mine.f_namemax) == (disk.f_blocks, disk.f_bsize, 255)`);
    await sh('cp --sparse=always a d; cmp a d');
  });

  it('asks no more of a new file than it takes, and nothing twice', async () => {
    await sh('echo x > first');
    await tree.requests();
    await python(`
os.mkdir('d'); dir = os.open('d', os.O_RDONLY)
for i in range(100):
    fd = os.open(f'f{i}', os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=dir); os.write(fd, b'x' * 4096); os.close(fd)`);
    const asked = await tree.requests();
    expect(asked).toMatchObject({ CREATE: 100, WRITE: 100 });
    // Besides those LOOKUP, RELEASE, and a GETATTR of the directory: the kernel checks its permissions after each change.
    const total = Object.values(asked).reduce((sum, count) => sum + count, 0);
    expect(total).toBeLessThan(530);
  });

  it('lets the kernel read ahead by 2 MiB, where this may be set', async () => {
    const minor = (await mountedAt(tree.mountPoint))?.deviceMinor;
    const setting = `/sys/class/bdi/0:${minor}/read_ahead_kb`;
    // In a container /sys is read-only as a rule.
    const maySet = await access(setting, constants.W_OK).then(
      () => true,
      () => false,
    );
    expect(await readFile(setting, 'utf8')).toBe(maySet ? '2048\n' : '128\n');
  });
});
