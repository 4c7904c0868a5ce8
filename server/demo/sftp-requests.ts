import { DIRECTORY_REQUESTS } from './directory-requests.ts';
import { FILE_REQUESTS } from './file-requests.ts';
import { PATH_REQUESTS } from './path-requests.ts';
import { RENAME_REQUESTS } from './rename-requests.ts';
import { SERVER_REQUESTS } from './server-requests.ts';
import type { Prepare } from './sftp-reply.ts';
import { PACKET, type PacketReader } from './sftp-wire.ts';

const REQUESTS = {
  ...FILE_REQUESTS,
  ...DIRECTORY_REQUESTS,
  ...PATH_REQUESTS,
  ...RENAME_REQUESTS,
  ...SERVER_REQUESTS,
} satisfies Record<string, Prepare>;

/** Every request that the server knows, the extended ones by the name before their `@`. */
export type RequestKind = keyof typeof REQUESTS;

const KIND_OF_EXTENSION = {
  'posix-rename@openssh.com': { kind: 'posix-rename', version: '1' },
  'statvfs@openssh.com': { kind: 'statvfs', version: '2' },
  'fstatvfs@openssh.com': { kind: 'fstatvfs', version: '2' },
  'hardlink@openssh.com': { kind: 'hardlink', version: '1' },
  'fsync@openssh.com': { kind: 'fsync', version: '1' },
  'lsetstat@openssh.com': { kind: 'lsetstat', version: '1' },
  'limits@openssh.com': { kind: 'limits', version: '1' },
} as const satisfies Record<string, { kind: RequestKind; version: string }>;

export type ExtensionName = keyof typeof KIND_OF_EXTENSION;

export const EXTENSIONS: readonly ExtensionName[] = Object.keys(KIND_OF_EXTENSION).filter(isExtension);

type PlainKind = Exclude<RequestKind, (typeof KIND_OF_EXTENSION)[ExtensionName]['kind']>;

const KIND_OF_PACKET = new Map<number, PlainKind>(
  (
    [
      'open',
      'close',
      'read',
      'write',
      'lstat',
      'fstat',
      'setstat',
      'fsetstat',
      'opendir',
      'readdir',
      'remove',
      'mkdir',
      'rmdir',
      'realpath',
      'stat',
      'rename',
      'readlink',
      'symlink',
    ] as const satisfies readonly PlainKind[]
  ).map((kind) => [PACKET[kind], kind]),
);

/** What a packet asks for; undefined where the server doesn't know it or keeps it to itself. */
export function requestKind(
  type: number,
  fields: PacketReader,
  offered: readonly ExtensionName[],
): RequestKind | undefined {
  if (type !== PACKET.extended) return KIND_OF_PACKET.get(type);
  const name = fields.text();
  return isExtension(name) && offered.includes(name) ? KIND_OF_EXTENSION[name].kind : undefined;
}

export function prepareOf(kind: RequestKind): Prepare {
  return REQUESTS[kind];
}

export function extensionVersion(name: ExtensionName): string {
  return KIND_OF_EXTENSION[name].version;
}

function isExtension(name: string): name is ExtensionName {
  return Object.hasOwn(KIND_OF_EXTENSION, name);
}
