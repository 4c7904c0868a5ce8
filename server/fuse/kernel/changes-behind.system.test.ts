import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MountedTree, mountedTree } from '../../testing/mounted-tree.ts';

let tree: MountedTree;

/** Runs Python in the mount, with a way to change the local directory and to wait for what is to be seen then. */
async function python(program: string): Promise<void> {
  const script = `
import mmap, os, time
local = lambda name: os.path.join('${tree.directory}', name)
def rewrite(name, data):
    with open(local(name), 'r+b') as f: f.write(data)
def seen(what):
    limit = time.monotonic() + 10
    while not what(): assert time.monotonic() < limit; time.sleep(0.01)
${program}`;
  const end = await tree.sh(
    `cat > "${tree.base}/program.py" <<'PY'\n${script}\nPY\npython3 "${tree.base}/program.py"`,
  );
  expect(end).toMatchObject({ code: 0, stderr: '' });
}

describe('changes of the local directory behind the mount', () => {
  beforeAll(async () => {
    tree = await mountedTree('kernel');
    await tree.start();
  });

  afterAll(() => tree.remove());

  it('reach those who have the file open, and have read or mapped it', async () => {
    await writeFile(join(tree.directory, 'f'), 'a'.repeat(10_000));
    await python(`
fd = os.open('f', os.O_RDWR); m = mmap.mmap(fd, 10_000); assert os.pread(fd, 4, 0) == m[:4] == b'aaaa'
rewrite('f', b'bbbb'); seen(lambda: os.pread(fd, 4, 0) == b'bbbb'); assert m[:4] == b'bbbb'
os.pwrite(fd, b'own', 5000); assert os.pread(fd, 3, 5000) == b'own'
seen(lambda: rewrite('f', b'cccc') or m[:4] == b'cccc'); assert os.pread(fd, 3, 5000) == b'own'`);
  });

  it('reach those who open the file anew at once', async () => {
    await python(`
for i in range(5):
    rewrite('f', b'%04d' % i)
    with open('f', 'rb') as f: assert f.read(4) == b'%04d' % i`);
  });

  it('reach those who ask for attributes, names and listings', async () => {
    await python(`
assert os.stat('f').st_mode & 0o777 == 0o644 and not os.path.exists('new') and os.listdir('.') == ['f']
os.chmod(local('f'), 0o600); open(local('new'), 'w').close()
assert sorted(os.listdir('.')) == ['f', 'new']
seen(lambda: os.stat('f').st_mode & 0o777 == 0o600); seen(lambda: os.path.exists('new'))
os.rename(local('new'), local('f')); seen(lambda: os.stat('f').st_size == 0); seen(lambda: not os.path.exists('new'))`);
  });
});
