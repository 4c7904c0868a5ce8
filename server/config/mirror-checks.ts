import { overlapBetween } from './local-paths.ts';
import { type OwnPaths } from './path-checks.ts';
import type { ProblemList } from './problem-list.ts';
import { printable } from './problem.ts';
import type { SoundMirror } from './sound-parts.ts';
import { mirrorName } from './value-schemas.ts';

const SSH_PORT = 22;

/** Checks the names, and that no two mirrors, nor a mirror and this machine's own directories, share files. */
export function checkMirrors(mirrors: readonly SoundMirror[], own: OwnPaths, list: ProblemList): void {
  mirrors.forEach((mirror, index) => {
    const named = mirrorName.safeParse(mirror.name);
    if (!named.success) list.add(['mirrors', mirror.name], named.error.issues[0]?.message ?? '', 'key');
    const message = mirrors
      .slice(0, index)
      .map((earlier) => sharingText(mirror, earlier))
      .find(Boolean);
    if (message !== undefined) list.add(['mirrors', mirror.name, 'path'], message);
    checkOwnMachine(mirror, own, list);
  });
}

function sharingText(mirror: SoundMirror, earlier: SoundMirror): string | undefined {
  if (mirror.path === undefined || earlier.path === undefined) return undefined;
  if (mirror.host === undefined || serverOf(mirror) !== serverOf(earlier)) return undefined;
  // Relative paths begin at the home directory, which every login has for itself.
  const isAbsolute = mirror.path.startsWith('/');
  if (isAbsolute !== earlier.path.startsWith('/')) return undefined;
  if (!isAbsolute && mirror.user !== earlier.user) return undefined;
  const name = printable(earlier.name);
  switch (overlapBetween(rooted(mirror.path), rooted(earlier.path))) {
    case 'same':
      return `is the directory of mirror ${name} too`;
    case 'inside':
      return `lies inside the directory of mirror ${name}`;
    case 'around':
      return `the directory of mirror ${name} lies inside it`;
    default:
      return undefined;
  }
}

/** On the machine's own sshd a mirror can be the very directory that is mirrored; other loopback ports may be tunnels. */
function checkOwnMachine({ name, host, port, path }: SoundMirror, own: OwnPaths, list: ProblemList): void {
  if (host === undefined || path === undefined || !path.startsWith('/')) return;
  if ((port ?? SSH_PORT) !== SSH_PORT || !/^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)) return;
  for (const key of ['local_path', 'mount_point'] as const) {
    const { absolute, real } = own[key] ?? {};
    const overlaps = [absolute, real].some((local) => local !== undefined && overlapBetween(path, local));
    if (overlaps) list.add(['mirrors', name, 'path'], `overlaps ${key}, which is on this machine too`);
  }
}

function serverOf({ host, port }: SoundMirror): string {
  return `${host?.toLowerCase()} ${port ?? SSH_PORT}`;
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
