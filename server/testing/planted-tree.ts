import { link, lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';

/** Long past, so that any mtime set by a clock shows. */
const PLANTED_S = 1_600_000_000;

/**
 * One operation of each kind, and of each kind of outcome that undoing or recovering has to take back, on a tree
 * that `plantTree` made at `base` (empty for the root).
 */
export function operationsOn(base: string): Record<string, Operation> {
  const p = (path: string) => treePath(`${base}${path}`);
  return {
    'a new file': { kind: 'create', path: p('/new'), mode: 0o640 },
    'an overwriting write': { kind: 'write', path: p('/file'), offset: 2, data: Buffer.from('WRITTEN') },
    'an appending write': { kind: 'write', path: p('/file'), offset: 12, data: Buffer.alloc(9000, 'x') },
    'a write behind the end': { kind: 'write', path: p('/file'), offset: 5000, data: Buffer.from('far') },
    'a write to a hard-linked file': {
      kind: 'write',
      path: p('/linked'),
      offset: 0,
      data: Buffer.from('LINKED'),
    },
    'a shrinking truncate': { kind: 'truncate', path: p('/file'), sizeBytes: 3 },
    'a growing truncate': { kind: 'truncate', path: p('/file'), sizeBytes: 30_000 },
    'a new directory': { kind: 'mkdir', path: p('/dir/new'), mode: 0o2755 },
    'an unlink': { kind: 'unlink', path: p('/file') },
    'an unlink of one name of two': { kind: 'unlink', path: p('/linked') },
    'an unlink of a symlink': { kind: 'unlink', path: p('/pointer') },
    'a removed directory': { kind: 'rmdir', path: p('/empty') },
    'a renamed file': { kind: 'rename', path: p('/file'), to: p('/dir/moved') },
    'a rename over a file': { kind: 'rename', path: p('/file'), to: p('/other') },
    'a rename over one name of two': { kind: 'rename', path: p('/file'), to: p('/linked') },
    'a renamed directory': { kind: 'rename', path: p('/dir'), to: p('/empty/dir') },
    'a rename over an empty directory': { kind: 'rename', path: p('/dir'), to: p('/empty') },
    'a hard link': { kind: 'link', path: p('/file'), to: p('/dir/link') },
    'a symlink': { kind: 'symlink', path: p('/dir/symlink'), target: '../file' },
    'a chmod': { kind: 'chmod', path: p('/file'), mode: 0o4711 },
    'a chown': { kind: 'chown', path: p('/file'), uid: 1234, gid: 4321 },
    'a change of times': {
      kind: 'times',
      path: p('/file'),
      atimeNs: 1_000_000_000n,
      mtimeNs: 2_000_000_000n,
    },
  };
}

/** Makes the tree that those operations need, each time the very same. */
export async function plantTree(root: string): Promise<void> {
  await mkdir(join(root, 'dir/below'), { recursive: true });
  await mkdir(join(root, 'empty'));
  await writeFile(join(root, 'file'), 'old content\n');
  await writeFile(join(root, 'other'), 'other content');
  await writeFile(join(root, 'dir/below/deep'), 'deep');
  await writeFile(join(root, 'linked'), 'linked content');
  await link(join(root, 'linked'), join(root, 'dir/linked-too'));
  await symlink('file', join(root, 'pointer'));
  await lutimes(join(root, 'pointer'), PLANTED_S, PLANTED_S);
  for (const name of ['file', 'other', 'linked', 'dir/below/deep', 'dir/below', 'dir', 'empty', '.']) {
    await utimes(join(root, name), PLANTED_S, PLANTED_S);
  }
}
