import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MountedTree, mountedTree } from '../../testing/mounted-tree.ts';
import { runCommand } from '../../testing/run-command.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import { mountedAt } from '../mount-point.ts';

let tree: MountedTree;

/** Runs a script in the mount; what it prints, once it has succeeded. */
async function sh(script: string): Promise<string> {
  const { code, stdout, stderr } = await tree.sh(`set -e\n${script}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
}

/** Runs a Python program in the mount. */
function python(program: string): Promise<string> {
  return sh(`cat > "$TMPDIR/program.py" <<'PY'\nimport os\n${program}\nPY\npython3 "$TMPDIR/program.py"`);
}

/** Both sides of the mount, compared by another program. */
async function differences(): Promise<string> {
  const args = ['-aHnci', '--delete', '--exclude=/.proxyfs', `${tree.mountPoint}/`, `${tree.directory}/`];
  return (await runCommand('rsync', args)).stdout;
}

const local = (name: string) => join(tree.directory, name);

describe('a mount by the kernel protocol', () => {
  beforeAll(async () => {
    tree = await mountedTree('kernel');
    process.env.TMPDIR = tree.base;
    await tree.start();
  });

  afterAll(async () => {
    delete process.env.TMPDIR;
    await tree.remove();
  });

  afterEach(async () => {
    await sh('rm -rf -- * .[!.]*');
    expect(await readdir(tree.directory)).toEqual([]);
  });

  it('takes a tree by cp -a, rsync -a and tar, with modes, owners, times to the microsecond, symlinks and hard links', async () => {
    const second = await sh(`
      src=$(mktemp -d); trap 'rm -rf "$src"' EXIT
      mkdir -p "$src/d/e"; echo one > "$src/d/one"; ln "$src/d/one" "$src/d/e/two"; ln -s ../d/one "$src/d/link"
      printf x > "$src/d/odd "$'\\n'"name ü"; chmod 0400 "$src/d/odd "*; chown 1234:4321 "$src/d/odd "*; chmod 2750 "$src/d/e"
      touch -d '2001-02-03 04:05:06.123456' "$src/d/one"; touch -d '1960-01-01 00:00:00' "$src/d/e"
      cp -a "$src/d" copied
      rsync -aH "$src/d/" rsynced/
      mkdir tarred; tar -C "$src/d" -cf - . | tar -C tarred --warning=no-timestamp -xpf -
      for made in copied rsynced tarred; do rsync -aHnci --delete "$src/d/" $made/; done
    `);
    expect(second).toBe('');
    expect((await stat(local('copied/one'), { bigint: true })).mtimeNs).toBe(981_173_106_123_456_000n);
    expect(await sh(`stat -c %i copied/one copied/e/two | uniq | wc -l; stat -c %h copied/one`)).toBe('1\n2');
    expect(await differences()).toBe('');
  });

  it('holds a git repository', async () => {
    const status = await sh(`
      export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      git init -q repository; cd repository
      for i in $(seq 50); do mkdir -p d$((i % 7)); echo $i > d$((i % 7))/f$i; done
      git add .; git commit -qm first; git mv d1 moved; git commit -qam second
      git clone -q . ../clone; git fsck --no-progress; git -C ../clone status --porcelain
    `);
    expect(status).toBe('');
    expect(await differences()).toBe('');
  });

  it('keeps an unlinked open file for those who have it open, and shows it to nobody', async () => {
    await python(`
fd = os.open('f', os.O_RDWR | os.O_CREAT)
os.write(fd, b'first'); os.unlink('f')
assert os.listdir('.') == []
os.write(fd, b' second'); os.ftruncate(fd, 8); os.fchmod(fd, 0o600); os.fchown(fd, 7, 8); os.utime(fd, ns=(1_000, 2_000))
found = os.fstat(fd)
assert (found.st_size, found.st_nlink, found.st_mode & 0o777, found.st_uid, found.st_gid, found.st_mtime_ns) == (8, 0, 0o600, 7, 8, 2_000), found
assert os.pread(fd, 100, 0) == b'first se'
os.close(fd)`);
    expect(await readdir(tree.directory)).toEqual([]);
  });

  it('gives a new file of the same name, and of a freed inode, a life of its own', async () => {
    const read = await sh(`
      echo one > f; exec 5<f; rm f; echo two > f; exec 6<f; rm f; echo three > f
      cat <&5; cat <&6; cat f
      for i in $(seq 200); do echo "content $i" > g; test "$(cat g)" = "content $i"; rm g; ln -s $i g; test $(readlink g) = $i; rm g; mkdir g; rmdir g; done
    `);
    expect(read).toBe('one\ntwo\nthree');
    expect(await readdir(tree.directory)).toEqual(['f']);
  });

  it('replaces an open file by rename, and leaves the old content to those who have it open', async () => {
    const read = await sh(`echo old > f; exec 5<f; echo new > g; mv g f; cat f; cat <&5; ls -A`);
    expect(read).toBe('new\nold\nf');
    expect(await readFile(local('f'), 'utf8')).toBe('new\n');
  });

  it('goes on with files below a directory that is renamed, by handle and by working directory', async () => {
    await python(`
os.makedirs('a/b/c'); fd = os.open('a/b/c/f', os.O_RDWR | os.O_CREAT); os.chdir('a/b/c')
os.rename('../../../a', '../../../moved')
os.write(fd, b'after'); open('g', 'w').write('made'); os.close(fd)
assert sorted(os.listdir('.')) == ['f', 'g'] and os.stat('f').st_size == 5
os.rename('../../b', '../../../b'); os.unlink('g'); assert open('f').read() == 'after'`);
    expect(await readFile(local('b/c/f'), 'utf8')).toBe('after');
    expect(await readdir(tree.directory)).toEqual(expect.arrayContaining(['b', 'moved']));
  });

  it('follows files through a thousand renames of their directories while they are used', async () => {
    await python(`
import threading
os.makedirs('one/d'); os.makedirs('two'); open('one/d/f', 'w').write('x' * 100)
stop = False; failures = []; dir = os.open('one/d', os.O_RDONLY)
def use():
    while not stop:
        try:
            assert os.stat('f', dir_fd=dir).st_size == 100
            fd = os.open('f', os.O_RDWR, dir_fd=dir); assert os.pread(fd, 200, 0) == b'x' * 100; os.pwrite(fd, b'x', 50); os.close(fd)
            os.chmod('f', 0o640, dir_fd=dir); assert 'f' in os.listdir(dir)
            os.close(os.open('new', os.O_CREAT | os.O_EXCL, dir_fd=dir)); os.unlink('new', dir_fd=dir)
        except Exception as error: failures.append(repr(error))
user = threading.Thread(target=use); user.start()
for i in range(250):
    os.rename('one/d', 'one/e'); os.rename('one/e', 'two/d'); os.rename('two', 'three'); os.rename('three/d', 'one/d'); os.rename('three', 'two')
stop = True; user.join(); assert failures == [], (len(failures), failures[:5])`);
    expect(await differences()).toBe('');
  });

  it('takes random reads, writes, truncates and maps of a file as a model of it does', async () => {
    await python(`
import mmap, random
random.seed(7); size = 8 << 20; model = bytearray(size)
fd = os.open('big', os.O_RDWR | os.O_CREAT); other = None
for step in range(600):
    at = random.randrange(size); length = min(random.randrange(1, 2_500_000 if step % 20 == 0 else 70_000), size - at); kind = random.randrange(5)
    if kind < 2: data = random.randbytes(length); os.pwrite(fd, data, at); model[at:at + length] = data
    elif kind == 2: assert os.pread(fd, length, at) == model[at:at + length].rstrip(b'\\0') + b'' or os.pread(fd, length, at) == model[at:at + length][:max(0, os.fstat(fd).st_size - at)]
    elif kind == 3: os.ftruncate(fd, at); model[at:] = bytes(size - at); os.ftruncate(fd, size)
    elif os.fstat(fd).st_size == size:
        m = mmap.mmap(fd, size); assert m[at:at + length] == model[at:at + length]; m[at] = 7; model[at] = 7; m.flush(); m.close()
os.ftruncate(fd, size); os.close(fd)
assert open('big', 'rb').read() == model; open('model', 'wb').write(model)`);
    expect((await runCommand('cmp', [local('big'), local('model')])).code).toBe(0);
  });

  it('takes the appends of two processes at once, also under two names of one file', async () => {
    await sh(`
      touch log; ln log name2
      for name in log name2; do (for i in $(seq 200); do echo "$name $i" >> $name; done) & done; wait
      test "$(sort -u log | wc -l)" = 400; test "$(wc -l < log)" = 400
    `);
    expect((await readFile(local('log'), 'utf8')).split('\n')).toHaveLength(401);
  });

  it('writes where it is told to when O_APPEND is set or cleared on an open file, and keeps maps of it in place', async () => {
    await python(`
import fcntl, mmap
fd = os.open('f', os.O_RDWR | os.O_CREAT | os.O_APPEND); os.write(fd, b'0123456789')
m = mmap.mmap(fd, 10); m[0:1] = b'M'; m.flush(); m.close(); assert os.pread(fd, 20, 0) == b'M123456789'
fcntl.fcntl(fd, fcntl.F_SETFL, 0); os.pwrite(fd, b'x', 3); assert os.pread(fd, 20, 0) == b'M12x456789'
fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND); os.write(fd, b'end'); assert os.pread(fd, 20, 0) == b'M12x456789end'`);
    expect(await readFile(local('f'), 'utf8')).toBe('M12x456789end');
  });

  it('appends behind what somebody else has just appended to the local file', async () => {
    await sh(`echo 1 > f; stat f > /dev/null; echo 2 >> ${local('f')}; echo 3 >> f`);
    expect(await readFile(local('f'), 'utf8')).toBe('1\n2\n3\n');
  });

  it('shows one file under all its names: a map of one, a write through another', async () => {
    await python(`
import mmap
open('a', 'w').write('x' * 5000); os.link('a', 'b')
assert os.stat('a').st_ino == os.stat('b').st_ino and os.stat('b').st_nlink == 2
fd = os.open('a', os.O_RDWR); m = mmap.mmap(fd, 5000)
with open('b', 'r+') as f: f.seek(4000); f.write('through b')
assert m[4000:4009] == b'through b'
m[0:9] = b'through a'; m.flush(); assert open('b').read(9) == 'through a'
os.unlink('a'); assert os.stat('b').st_nlink == 1 and os.fstat(fd).st_nlink == 1`);
    expect((await readFile(local('b'), 'utf8')).slice(0, 9)).toBe('through a');
  });

  it('drops what it has cached of a file that was changed behind the mount', async () => {
    await sh(`
      echo first > f; cat f > /dev/null
      python3 -c "open('${local('f')}', 'w').write('other')"
      test "$(cat f)" = other
    `);
  });

  it('lists 3,000 entries, resumed and begun again, and names of 255 bytes', async () => {
    const longest = 'n'.repeat(255);
    await sh(`mkdir d; cd d; seq 3000 | xargs touch; touch ${longest}; test "$(ls -l | wc -l)" = 3002`);
    await python(`
expected = {str(i) for i in range(1, 3001)} | {'${longest}'}
assert set(os.listdir('d')) == expected
with os.scandir('d') as found: assert {e.name for e in found if e.stat().st_size == 0} == expected
import ctypes; libc = ctypes.CDLL(None); libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long; dir = ctypes.c_void_p(libc.opendir(b'd'))
name = lambda entry: ctypes.string_at(entry + 19).decode()
def rest():
    seen = []
    while entry := libc.readdir(dir): seen.append(name(entry))
    return seen
first = [name(libc.readdir(dir)) for _ in range(1500)]; at = libc.telldir(dir); second = rest()
assert set(first + second) == expected | {'.', '..'} and len(first + second) == 3003
libc.seekdir(dir, ctypes.c_long(at)); assert rest() == second
libc.rewinddir(dir); assert rest() == first + second`);
    expect((await tree.sh(`touch d/${longest}n`)).stderr).toContain('File name too long');
    await sh('cd d; ls -f | grep -v "^[.]" | xargs rm; test -z "$(ls -A)"');
  });

  it('sets each attribute alone, times as exactly as the local directory can', async () => {
    await python(`
open('f', 'w').write('x'); os.chmod('f', 0o4751); os.chown('f', 11, -1); os.chown('f', -1, 12)
os.utime('f', ns=(1_234_567_891_234_567_000, -1_500_000_000)); before = os.stat('f')
assert (before.st_atime_ns, before.st_mtime_ns, before.st_uid, before.st_gid) == (1_234_567_891_234_567_000, -1_500_000_000, 11, 12), before
os.system('touch -a -d @5 f'); found = os.stat('f'); assert (found.st_atime_ns, found.st_mtime_ns) == (5_000_000_000, -1_500_000_000), found
os.system('touch -m -d @6.25 f'); found = os.stat('f'); assert (found.st_atime_ns, found.st_mtime_ns) == (5_000_000_000, 6_250_000_000), found
import time; os.utime('f'); assert abs(os.stat('f').st_mtime - time.time()) < 5
os.truncate('f', 100_000); assert os.stat('f').st_size == 100_000 and os.stat('f').st_mode & 0o777 == 0o751`);
    const { uid, gid, size } = await stat(local('f'));
    expect({ uid, gid, size }).toEqual({ uid: 11, gid: 12, size: 100_000 });
  });

  it('keeps sizes and offsets beyond 4 GiB, and refuses what is beyond every file', async () => {
    await sh(`
      truncate -s 5G f; printf tail | dd of=f bs=1 seek=5368709120 conv=notrunc status=none
      test "$(stat -c %s f)" = 5368709124; test "$(tail -c 4 f)" = tail
    `);
    const refused = await tree.sh('truncate -s 6E f');
    expect(refused.stderr).toContain('File too large');
    expect((await stat(local('f'))).size).toBe(5_368_709_124);
  });

  it('lets the caller own what is made, and keeps the rules of permissions, set-group-id and sticky directories', async () => {
    await sh(`
      as() { setpriv --reuid $1 --regid $1 --groups 500 "\${@:2}"; }
      chmod 777 .; umask 027
      as 1001 sh -c 'umask 027; echo x > mine; mkdir d; ln -s x l'
      test "$(stat -c '%u:%g %a' mine d)" = "1001:1001 640
1001:1001 750"; test "$(stat -c %u:%g l)" = 1001:1001
      ! as 1002 cat mine 2> /dev/null; ! as 1002 touch d/x 2> /dev/null; ! as 1002 chmod 777 mine 2> /dev/null
      chgrp 500 mine; as 1002 cat mine > /dev/null
      mkdir shared; chgrp 500 shared; chmod 2777 shared; as 1001 mkdir shared/sub; as 1001 touch shared/sub/f
      test "$(stat -c '%g %a' shared/sub)" = '500 2750'; test "$(stat -c %g shared/sub/f)" = 500
      mkdir sticky; chmod 1777 sticky; as 1001 touch sticky/f; ! as 1002 rm -f sticky/f 2> /dev/null; as 1001 rm sticky/f
      chmod 755 .
    `);
    expect(await differences()).toBe('');
  });

  it('takes set-user-id and set-group-id from a file that somebody writes to who is not root', async () => {
    await sh(`
      chmod 777 .; cp /bin/true f; chown 1001 f; chmod 6777 f; test "$(stat -c %a f)" = 6777
      echo x >> f; test "$(stat -c %a f)" = 6777
      setpriv --reuid 1002 --regid 1002 --clear-groups sh -c 'echo x >> f'; test "$(stat -c %a f)" = 777
      chmod 6777 f; setpriv --reuid 1002 --regid 1002 --clear-groups truncate -s 1 f; test "$(stat -c %a f)" = 777
      chmod 6777 f; chown 1003 f; test "$(stat -c %a f)" = 777; chmod 755 .
    `);
    expect((await stat(local('f'))).mode & 0o7777).toBe(0o777);
  });

  it('refuses names that are not UTF-8 with EILSEQ, before anything has changed', async () => {
    await python(`
import errno
def refused(call, *args):
    try: call(*args)
    except OSError as error: assert error.errno == errno.EILSEQ, error
    else: raise Exception('not refused')
open('f', 'w').close(); bad = b'bad\\xff\\xfename'
refused(os.mkdir, bad); refused(os.rename, 'f', bad); refused(os.link, 'f', bad); refused(os.symlink, 'f', bad)
refused(os.symlink, bad, 'l'); refused(lambda: open(bad, 'w')); refused(os.stat, bad)
assert os.listdir('.') == ['f']; open('\\ufeffbyte order mark', 'w').close(); assert '\\ufeffbyte order mark' in os.listdir('.')`);
    expect((await readdir(tree.directory)).sort()).toEqual(['f', '\ufeffbyte order mark']);
  });

  it('honours RENAME_NOREPLACE, and refuses an exchange', async () => {
    await python(`
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def rename(a, b, flags): return 0 if libc.renameat2(-100, a, -100, b, flags) == 0 else ctypes.get_errno()
open('a', 'w').write('a'); open('b', 'w').write('b')
assert rename(b'a', b'b', 1) == errno.EEXIST and rename(b'a', b'b', 2) == errno.EINVAL
assert (open('a').read(), open('b').read()) == ('a', 'b') and rename(b'a', b'c', 1) == 0 and open('c').read() == 'a'`);
  });

  it('locks among processes by flock and by fcntl', async () => {
    await sh(`
      touch f; exec 5<f; flock -n 5; ! flock -n f true; exec 5>&-; flock -n f true
      python3 -c "
import fcntl, os, subprocess, sys
f = open('f', 'r+'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
other = 'import fcntl; fcntl.lockf(open(\\"f\\", \\"r+\\"), fcntl.LOCK_EX | fcntl.LOCK_NB)'
assert subprocess.run([sys.executable, '-c', other], stderr=subprocess.DEVNULL).returncode == 1
f.close(); assert subprocess.run([sys.executable, '-c', other]).returncode == 0"
    `);
  });

  it('hides the directory that belongs to Proxyfs, and refuses to make it', async () => {
    const { code, stderr } = await tree.sh('ls -d .proxyfs; mkdir .proxyfs');
    expect(code).toBe(1);
    expect(stderr).toContain('No such file or directory');
    expect(stderr).toContain('Operation not permitted');
  });

  it('names the right errno for what a directory refuses', async () => {
    await python(`
import errno
def refused(expected, call, *args):
    try: call(*args)
    except OSError as error: assert error.errno == expected, (call, args, error)
    else: raise Exception((call, args))
os.makedirs('d/sub'); open('f', 'w').close(); os.symlink('loop', 'loop')
refused(errno.ENOTEMPTY, os.rmdir, 'd'); refused(errno.ENOTDIR, os.rmdir, 'f'); refused(errno.EISDIR, os.unlink, 'd')
refused(errno.EEXIST, os.mkdir, 'd'); refused(errno.ENOENT, os.unlink, 'none'); refused(errno.ENOTDIR, os.mkdir, 'f/x')
refused(errno.EISDIR, os.rename, 'f', 'd'); refused(errno.ENOTDIR, os.rename, 'd', 'f'); refused(errno.EINVAL, os.rename, 'd', 'd/sub/x')
refused(errno.ELOOP, os.stat, 'loop'); refused(errno.EPERM, os.link, 'd', 'l'); refused(errno.EEXIST, os.link, 'f', 'f')
refused(errno.EISDIR, lambda: open('d', 'w')); refused(errno.EEXIST, os.open, 'f', os.O_CREAT | os.O_EXCL)`);
  });

  it('is unmounted by SIGTERM even while it is in use, and the program ends', async () => {
    const inside = tree.startSh('echo here; exec sleep 100');
    await sh('echo kept > kept');
    expect(await tree.stop()).toBe(0);
    inside.kill('SIGKILL');
    await inside.result;
    expect(await mountedAt(tree.mountPoint)).toBeUndefined();
    await tree.start();
    expect(await sh('cat kept')).toBe('kept');
  });
});

describe('a mount by the kernel protocol whose changes fail or hang', () => {
  afterEach(() => tree.remove());

  it('ends a write that waits for a mirror when its caller presses Ctrl-C, and serves others meanwhile', async () => {
    tree = await mountedTree('kernel');
    await tree.start('hang-writes');
    const writer = tree.startSh('exec dd if=/dev/zero of=f bs=64k count=1');
    await waitUntil('the file is made, so the write is next', () => stat(local('f')));
    const reads = await tree.sh('ls -l; cat f', 2000);
    expect(reads).toMatchObject({ code: 0, timedOut: false });
    const startMs = performance.now();
    writer.kill('SIGINT');
    const { signal } = await writer.result;
    expect(signal).toBe('SIGINT');
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect((await stat(local('f'))).size).toBe(0);
  });

  it('serves reads while many pages of a memory map wait for a mirror', async () => {
    tree = await mountedTree('kernel');
    await tree.start('hang-writes');
    await writeFile(local('cold'), Buffer.alloc(4 << 20, 'content '));
    const pages = 200;
    const writer = tree.startSh(`exec python3 -c "
import mmap, os
fd = os.open('mapped', os.O_RDWR | os.O_CREAT); os.ftruncate(fd, ${pages} << 20); m = mmap.mmap(fd, ${pages} << 20)
for page in range(${pages}): m[page << 20] = 1
m.flush()"`);
    let written = 0;
    await waitUntil('the pages are on their way', async () => {
      written += (await tree.requests()).WRITE ?? 0;
      return written >= 64;
    });
    expect(await tree.sh(`cmp cold ${local('cold')}`, 5000)).toMatchObject({ code: 0, timedOut: false });
    writer.kill('SIGKILL');
    await tree.kill();
    await writer.result;
  });

  it('serves reads while more data waits for a mirror than may be kept in memory, and ends it all at unmount', async () => {
    tree = await mountedTree('kernel');
    await tree.start('hang-writes');
    const many = 100;
    const writers = tree.startSh(
      `for i in $(seq ${many}); do dd if=/dev/zero of=f$i bs=1M count=1 2> /dev/null & done; wait`,
    );
    await waitUntil('all files are made', async () => (await readdir(tree.directory)).length === many);
    expect(await tree.sh('ls -l | wc -l; cat f1; mkdir d; rmdir d', 5000)).toMatchObject({
      stdout: `${many + 1}\n`,
    });
    const memory = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${tree.pid}/status`, 'utf8'))?.[1];
    expect(Number(memory)).toBeLessThan(220_000);
    expect(await tree.stop()).toBe(0);
    await writers.result;
  });
});

describe('a mount by the kernel protocol whose writes fail', () => {
  afterEach(() => tree.remove());

  it('soon shows what is in the file again, not what was put into a memory map in vain', async () => {
    tree = await mountedTree('kernel');
    await writeFile(local('f'), 'in the file'.padEnd(10_000, '.'));
    await tree.start('fail-writes');
    const told = await tree.sh(`cat > "${tree.base}/program.py" <<'PY'
import errno, mmap, os
fd = os.open('f', os.O_RDWR)
with mmap.mmap(fd, 0) as m:
    m[5000:5006] = b'mapped'
    try: m.flush()
    except OSError as error: print(errno.errorcode[error.errno])
PY
python3 "${tree.base}/program.py"`);
    expect(told).toMatchObject({ stdout: 'EIO\n', stderr: '' });
    await waitUntil(
      'the file is shown as it is',
      async () => (await tree.sh('cmp f "../tree/f"')).code === 0,
    );
  });
});

describe('mounting by the kernel protocol', () => {
  afterEach(() => tree.remove());

  it('cleans the dead mount of a killed process', async () => {
    tree = await mountedTree('kernel');
    await tree.start();
    await sh('echo kept > f');
    await tree.kill();
    expect((await tree.sh('cat f')).code).not.toBe(0);
    await tree.start();
    expect(await sh('cat f')).toBe('kept');
    expect(await tree.stop()).toBe(0);
    expect(await mountedAt(tree.mountPoint)).toBeUndefined();
  });

  it('refuses a mount point that is missing, no directory, or not empty', async () => {
    tree = await mountedTree('kernel');
    await expect(tree.startAgainAt(join(tree.directory, 'missing'))).rejects.toThrow('does not exist');
    await writeFile(join(tree.base, 'file'), '');
    await expect(tree.startAgainAt(join(tree.base, 'file'))).rejects.toThrow('is not a directory');
    await expect(tree.startAgainAt(tree.base)).rejects.toThrow('is not empty');
  });

  it('notices that somebody else unmounted it, also while somebody is still inside', async () => {
    tree = await mountedTree('kernel');
    await tree.start();
    const inside = tree.startSh('exec sleep 100');
    await runCommand('umount', ['-l', tree.mountPoint]);
    await waitUntil('the loss is reported', () => tree.output.includes('"event":"lost"'));
    await waitUntil('the program has ended', () => tree.output.includes('"event":"stopped"'));
    inside.kill('SIGKILL');
    await inside.result;
  });
});
