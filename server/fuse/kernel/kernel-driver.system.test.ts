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

  it('takes a tree by cp -a, rsync -a and tar, with modes, owners, times to the nanosecond, symlinks and hard links', async () => {
    const second = await sh(`
      src=$(mktemp -d); trap 'rm -rf "$src"' EXIT
      mkdir -p "$src/d/e"; echo one > "$src/d/one"; ln "$src/d/one" "$src/d/e/two"; ln -s ../d/one "$src/d/link"
      printf x > "$src/d/odd "$'\\n'"name ü"; chmod 0400 "$src/d/odd "*; chown 1234:4321 "$src/d/odd "*; chmod 2750 "$src/d/e"
      touch -d '2001-02-03 04:05:06.123456789' "$src/d/one"; touch -d '1960-01-01 00:00:00' "$src/d/e"
      cp -a "$src/d" copied
      rsync -aH "$src/d/" rsynced/
      mkdir tarred; tar -C "$src/d" -cf - . | tar -C tarred --warning=no-timestamp -xpf -
      for made in copied rsynced tarred; do rsync -aHnci --delete "$src/d/" $made/; done
    `);
    expect(second).toBe('');
    expect((await stat(local('copied/one'), { bigint: true })).mtimeNs).toBe(981_173_106_123_456_789n);
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

  it('appends behind what somebody else has just appended to the local file', async () => {
    await sh(`echo 1 > f; stat f > /dev/null; echo 2 >> ${local('f')}; echo 3 >> f`);
    expect(await readFile(local('f'), 'utf8')).toBe('1\n2\n3\n');
  });

  it('drops what it has cached of a file that was changed behind the mount', async () => {
    await sh(`
      echo first > f; cat f > /dev/null
      python3 -c "open('${local('f')}', 'w').write('other')"
      test "$(cat f)" = other
    `);
  });

  it('lists 1,000 entries, resumed and begun again, and names of 255 bytes', async () => {
    const longest = 'n'.repeat(255);
    await sh(`mkdir d; cd d; seq 1000 | xargs touch; touch ${longest}; test "$(ls -l | wc -l)" = 1002`);
    await python(`
expected = {str(i) for i in range(1, 1001)} | {'${longest}'}
assert set(os.listdir('d')) == expected
with os.scandir('d') as found: assert {e.name for e in found if e.stat().st_size == 0} == expected
import ctypes; libc = ctypes.CDLL(None); libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long; dir = ctypes.c_void_p(libc.opendir(b'd'))
name = lambda entry: ctypes.string_at(entry + 19).decode()
def rest():
    seen = []
    while entry := libc.readdir(dir): seen.append(name(entry))
    return seen
first = [name(libc.readdir(dir)) for _ in range(500)]; at = libc.telldir(dir); second = rest()
assert set(first + second) == expected | {'.', '..'} and len(first + second) == 1003
libc.seekdir(dir, ctypes.c_long(at)); assert rest() == second
libc.rewinddir(dir); assert rest() == first + second`);
    expect((await tree.sh(`touch d/${longest}n`)).stderr).toContain('File name too long');
    await sh('cd d; ls -f | grep -v "^[.]" | xargs rm; test -z "$(ls -A)"');
  });

  it('hides the directory that belongs to Proxyfs, and refuses to make it', async () => {
    const { code, stderr } = await tree.sh('ls -d .proxyfs; mkdir .proxyfs');
    expect(code).toBe(1);
    expect(stderr).toContain('No such file or directory');
    expect(stderr).toContain('Operation not permitted');
  });

  it('is unmounted by SIGTERM even while it is in use, and shows the same files when it is mounted again', async () => {
    const inside = tree.startSh('echo here; exec sleep 100');
    await sh('echo kept > kept; mkdir d; ln kept d/second');
    const facts = "stat -c '%n %i %h %a %s %y %z' kept d d/second";
    const before = await sh(facts);
    expect(await tree.stop()).toBe(0);
    inside.kill('SIGKILL');
    await inside.result;
    expect(await mountedAt(tree.mountPoint)).toBeUndefined();
    await tree.start();
    expect(await sh('cat kept')).toBe('kept');
    expect(await sh(facts)).toBe(before);
  });
});

describe('a mount by the kernel protocol whose changes fail or hang', () => {
  afterEach(() => tree.remove());

  it('ends a write that waits for a mirror when its caller presses Ctrl-C, and serves others meanwhile', async () => {
    tree = await mountedTree('kernel');
    await tree.start('hang-writes');
    const writer = tree.startSh('exec dd if=/dev/zero of=f bs=64k count=1');
    await tree.writeHangs();
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
