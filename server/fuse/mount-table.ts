import { readFile } from 'node:fs/promises';

/** One line of /proc/self/mountinfo. */
export interface MountEntry {
  readonly id: number;
  /** The last part of its device number: what the kernel calls a FUSE connection. */
  readonly deviceMinor: number;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly propagation: Propagation;
}

/**
 * Who else sees what is mounted below: `shared`: the other mount namespaces that have this mount; `slave`: not those that
 * it comes from, as in a service of its own mounts; `private`: nobody.
 */
export type Propagation = 'shared' | 'slave' | 'private';

/** What is mounted, in the order of mounting: of several on one directory the last one is seen. */
export async function mountTable(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Reads the format of proc_pid_mountinfo(5); a line that doesn't have it is left out. */
export function parseMountTable(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    // Any number of optional fields stands between the options and the separator.
    const [before, after] = line.split(' - ', 2);
    const [id, , device, , mountPoint, , ...optional] = (before ?? '').split(' ');
    const [type, source] = (after ?? '').split(' ');
    if (!id || !mountPoint || !type || source === undefined) return [];
    const deviceMinor = Number(device?.split(':')[1]);
    const place = { mountPoint: unescaped(mountPoint), source: unescaped(source) };
    return [{ id: Number(id), deviceMinor, ...place, type, propagation: propagationOf(optional) }];
  });
}

function propagationOf(optional: readonly string[]): Propagation {
  if (optional.some((field) => field.startsWith('master:'))) return 'slave';
  return optional.some((field) => field.startsWith('shared:')) ? 'shared' : 'private';
}

/** The kernel writes space, tab, newline and backslash as a backslash and three octal digits. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
