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

/** Both sides of the mount, compared by another program. */
async function differences(): Promise<string> {
  const args = ['-aHnci', '--delete', '--exclude=/.proxyfs', `${tree.mountPoint}/`, `${tree.directory}/`];
  const { stdout } = await runCommand('rsync', args);
  return stdout;
}

const local = (name: string) => join(tree.directory, name);

describe('a mount by fuse-native', () => {
  beforeAll(async () => {
    tree = await mountedTree();
    await tree.start();
  });

  afterAll(() => tree.remove());

  afterEach(async () => {
    await sh('rm -rf -- * .[!.]*');
    expect(await readdir(tree.directory)).toEqual([]);
  });

  it('takes a tree by cp -a and by rsync -a, with modes, times, symlinks and hard links', async () => {
    await sh(`
      src=$(mktemp -d); trap 'rm -rf "$src"' EXIT
      mkdir -p "$src/d/e"; echo one > "$src/d/one"; ln "$src/d/one" "$src/d/e/two"; ln -s ../d/one "$src/d/link"
      printf x > "$src/d/odd "$'\\n'"name ü"; chmod 0400 "$src/d/odd "*; chmod 2750 "$src/d/e"
      touch -d '2001-02-03 04:05:06.123' "$src/d/one"; touch -d '1999-01-01 00:00:00' "$src/d/e"
      cp -a "$src/d" copied
      rsync -aH "$src/d/" rsynced/
      diff -r --no-dereference copied rsynced
      rsync -aHnci --delete "$src/d/" copied/ > diff; test ! -s diff
      rsync -aHnci --delete "$src/d/" rsynced/ > diff; test ! -s diff; rm diff
    `);
    const { mtimeMs, nlink } = await stat(local('copied/one'));
    expect(mtimeMs).toBe(Date.UTC(2001, 1, 3, 4, 5, 6, 123));
    expect(nlink).toBe(2);
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

  it('removes a directory whose files were unlinked while open', async () => {
    await sh('mkdir d; echo x > d/f; exec 5<d/f; rm -r d; exec 5>&-; test ! -e d');
  });

  it('takes a file whose name looks like one that libfuse hides', async () => {
    await sh(
      'echo x > f; exec 5<f; mv f .fuse_hidden0000000100000fff; exec 5>&-; mkdir d; mv .fuse_hidden* d/',
    );
    expect(await readFile(local('d/.fuse_hidden0000000100000fff'), 'utf8')).toBe('x\n');
  });

  it('lists 1,000 entries, and names of 255 bytes', async () => {
    const longest = 'n'.repeat(255);
    await sh(
      `mkdir d; cd d; seq 1000 | xargs touch; touch ${longest}; test "$(ls | wc -l)" = 1001; ls -f > /dev/null`,
    );
    expect(await readdir(local('d'))).toContain(longest);
    const refused = await tree.sh(`touch ${longest}n`);
    expect(refused.stderr).toContain('File name too long');
  });

  it('hides the directory that belongs to Proxyfs, and refuses to make it', async () => {
    const { code, stderr } = await tree.sh('ls -d .proxyfs; mkdir .proxyfs');
    expect(code).toBe(1);
    expect(stderr).toContain('No such file or directory');
    expect(stderr).toContain('Operation not permitted');
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

describe('a mount whose changes fail or hang', () => {
  afterEach(() => tree.remove());

  it('ends a write that waits for a mirror when its caller presses Ctrl-C', async () => {
    tree = await mountedTree();
    await tree.start('hang-writes');
    const writer = tree.startSh('exec dd if=/dev/zero of=f bs=64k count=1');
    await tree.writeHangs();
    const reads = await tree.sh('ls -l; cat f', 2000);
    expect(reads).toMatchObject({ code: 0, timedOut: false });
    const startMs = performance.now();
    writer.kill('SIGINT');
    const { signal } = await writer.result;
    expect(signal).toBe('SIGINT');
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect((await stat(local('f'))).size).toBe(0);
  });

  it('ends waiting writes when it is unmounted', async () => {
    tree = await mountedTree();
    await tree.start('hang-writes');
    const writer = tree.startSh('exec dd if=/dev/zero of=f bs=64k count=1');
    await tree.writeHangs();
    expect(await tree.stop()).toBe(0);
    expect((await writer.result).code).toBe(1);
  });

  it('puts an open file back when the rename onto it is refused, and takes no writes into the lost one', async () => {
    tree = await mountedTree();
    await tree.start('fail-renames');
    const moved = await tree.sh(`
      echo old > f; chmod 640 f; touch -d @1000000000 f; echo new > g; exec 5<>f; mv -f g f; cat <&5; echo lost >&5
    `);
    expect(moved.stderr).toContain('Input/output error');
    expect(moved.stderr).toContain('Stale file handle');
    expect(moved.stdout).toBe('old\n');
    // The kernel keeps the node that it knew for a second.
    await waitUntil('the file is found again', async () => (await tree.sh('cat f')).code === 0);
    expect((await tree.sh('cat f g; ls -A; stat -c "%a %Y" f')).stdout).toBe(
      'old\nnew\nf\ng\n640 1000000000\n',
    );
  });
});

describe('mounting', () => {
  afterEach(() => tree.remove());

  it('cleans the dead mount of a killed process', async () => {
    tree = await mountedTree();
    await tree.start();
    await sh('echo kept > f');
    await tree.kill();
    expect((await tree.sh('cat f')).code).not.toBe(0);
    await tree.start();
    expect(await sh('cat f')).toBe('kept');
    expect(await tree.stop()).toBe(0);
    expect(await mountedAt(tree.mountPoint)).toBeUndefined();
  });

  it('refuses a mount point where something else, or a living Proxyfs, is mounted, and leaves that alone', async () => {
    tree = await mountedTree();
    await tree.start();
    const second = await mountedTree();
    await second.start();
    try {
      await expect(tree.startAgainAt(second.mountPoint)).rejects.toThrow('and alive');
      await runCommand('mount', ['-t', 'tmpfs', 'foreign', second.mountPoint]);
      await expect(tree.startAgainAt(second.mountPoint)).rejects.toThrow('foreign (tmpfs) is mounted');
    } finally {
      await second.remove();
    }
  });

  it('refuses a mount point that is missing, no directory, or not empty', async () => {
    tree = await mountedTree();
    await expect(tree.startAgainAt(join(tree.directory, 'missing'))).rejects.toThrow('does not exist');
    await writeFile(join(tree.base, 'file'), '');
    await expect(tree.startAgainAt(join(tree.base, 'file'))).rejects.toThrow('is not a directory');
    await expect(tree.startAgainAt(tree.base)).rejects.toThrow('is not empty');
  });

  it('notices that somebody else unmounted it', async () => {
    tree = await mountedTree();
    await tree.start();
    await runCommand('umount', [tree.mountPoint]);
    await waitUntil('the loss is reported', () => tree.output.includes('"event":"lost"'));
  });
});
