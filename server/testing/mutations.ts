import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperationKind } from '../../shared/states.ts';
import type { ChangingCall, MountCall } from './mount-worker.ts';

/** One mutating call on files of a directory of its own, and the operation that it becomes. */
export interface Mutation {
  readonly name: MutationName;
  readonly call: MountCall;
  readonly operation: OperationKind;
}

const BLOCK_BYTES = 4096;
const BIG_BYTES = 1024 * 1024;
const LONG_TARGET = 'directory/'.repeat(20);

/** Every mutating operation, with what makes a difference in undoing it; paths as `seedMutations` makes them. */
const CALLS = {
  create: { call: 'create', path: 'new', mode: 0o604 },
  mkdir: { call: 'mkdir', path: 'new', mode: 0o705 },
  symlink: { call: 'symlink', path: 'new', target: 'file' },
  'long symlink': { call: 'symlink', path: 'new', target: LONG_TARGET },
  'append beyond a block': { call: 'append', path: 'file', sizeBytes: 5000, fill: 'appended ' },
  'big write': { call: 'write', path: 'file', offset: 0, sizeBytes: BIG_BYTES, fill: 'big ' },
  overwrite: { call: 'write', path: 'file', offset: 10, sizeBytes: 500, fill: 'overwritten ' },
  'shrink a file': { call: 'truncate', path: 'file', sizeBytes: 100 },
  'grow a file': { call: 'truncate', path: 'file', sizeBytes: 100_000 },
  link: { call: 'link', path: 'file', to: 'new' },
  chmod: { call: 'chmod', path: 'file', mode: 0o640 },
  chown: { call: 'chown', path: 'file', uid: 1234, gid: 2345 },
  times: { call: 'times', path: 'file', mtimeSeconds: 1_000_000_000 },
  'rename a file': { call: 'rename', path: 'file', to: 'new' },
  'rename across directories': { call: 'rename', path: 'file', to: 'full/new' },
  'rename over a file': { call: 'rename', path: 'file', to: 'other' },
  'rename over a hard link': { call: 'rename', path: 'file', to: 'twin' },
  'rename a directory': { call: 'rename', path: 'full', to: 'new' },
  'rename over a directory': { call: 'rename', path: 'full', to: 'empty' },
  rmdir: { call: 'rmdir', path: 'empty' },
  'unlink a symlink': { call: 'unlink', path: 'symlink' },
  'unlink a hard link': { call: 'unlink', path: 'twin' },
  unlink: { call: 'unlink', path: 'file' },
} as const satisfies Record<string, ChangingCall>;

export type MutationName = keyof typeof CALLS;
export const MUTATION_NAMES = Object.keys(CALLS) as MutationName[];

/** The mutations on what `seedMutations(root, area)` has made. */
export function mutationsIn(area: string, names: readonly MutationName[] = MUTATION_NAMES): Mutation[] {
  return names.map((name) => {
    const call: ChangingCall = CALLS[name];
    const below = (path: string) => join(directoryOf(area, name), path);
    const paths = 'to' in call ? { path: below(call.path), to: below(call.to) } : { path: below(call.path) };
    return { name, call: { ...call, ...paths } as MountCall, operation: operationOf(call) };
  });
}

/** The directory that a mutation changes, relative to the root. */
export function directoryOf(area: string, name: MutationName): string {
  return join(area, name.replaceAll(' ', '-'));
}

/** Makes the files that the mutations of one area need. */
export async function seedMutations(root: string, area: string): Promise<void> {
  for (const name of MUTATION_NAMES) {
    const directory = join(root, directoryOf(area, name));
    const at = (path: string) => join(directory, path);
    await mkdir(at('full'), { recursive: true });
    await mkdir(at('empty'), 0o750);
    // A whole block, so that whatever is appended needs another.
    await writeFile(at('file'), `the file of ${name}\n`.repeat(400).slice(0, BLOCK_BYTES));
    await chmod(at('file'), 0o600);
    await writeFile(at('other'), `the other file of ${name}\n`.repeat(120), { mode: 0o444 });
    await writeFile(at('full/inside'), `inside ${name}\n`);
    await writeFile(at('twin'), `two names in ${name}\n`);
    await link(at('twin'), at('twin2'));
    await symlink('file', at('symlink'));
  }
}

function operationOf({ call }: ChangingCall): OperationKind {
  return call === 'append' ? 'write' : call;
}
