import type { Stats } from 'node:fs';
import {
  type ByteText,
  byteText,
  type PacketReader,
  textField,
  uint32Field,
  uint64Field,
} from './sftp-wire.ts';

const HAS_SIZE = 0x1;
const HAS_OWNER = 0x2;
const HAS_MODE = 0x4;
const HAS_TIMES = 0x8;
const HAS_EXTENDED = 0x8000_0000;

/** What a request wants to set; absent fields stay as they are. */
export interface RequestedAttributes {
  readonly sizeBytes?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly mode?: number;
  readonly times?: { readonly atimeSeconds: number; readonly mtimeSeconds: number };
}

export function readAttributes(fields: PacketReader): RequestedAttributes {
  const flags = fields.uint32();
  const requested = {
    ...(flags & HAS_SIZE && { sizeBytes: fields.uint64() }),
    ...(flags & HAS_OWNER && { owner: { uid: fields.uint32(), gid: fields.uint32() } }),
    ...(flags & HAS_MODE && { mode: fields.uint32() & 0o7777 }),
    ...(flags & HAS_TIMES && { times: { atimeSeconds: fields.uint32(), mtimeSeconds: fields.uint32() } }),
  };
  if (flags & HAS_EXTENDED) skipExtended(fields);
  return requested;
}

function skipExtended(fields: PacketReader): void {
  for (let left = fields.uint32(); left > 0; left -= 1) {
    fields.bytes();
    fields.bytes();
  }
}

export function attributesField(stats: Stats): Buffer {
  return Buffer.concat([
    uint32Field(HAS_SIZE | HAS_OWNER | HAS_MODE | HAS_TIMES),
    uint64Field(stats.size),
    uint32Field(stats.uid),
    uint32Field(stats.gid),
    uint32Field(stats.mode),
    uint32Field(Math.floor(stats.atimeMs / 1000)),
    uint32Field(Math.floor(stats.mtimeMs / 1000)),
  ]);
}

/** One entry of a NAME reply; a name alone (REALPATH, READLINK) carries no attributes. */
export function nameField(name: ByteText, stats?: Stats): Buffer {
  const longName = stats ? byteText(longNamePrefix(stats)) + name : name;
  return Buffer.concat([
    textField(name),
    textField(longName),
    stats ? attributesField(stats) : uint32Field(0),
  ]);
}

const TYPE_LETTERS: Readonly<Record<number, string>> = {
  0o140000: 's',
  0o120000: 'l',
  0o100000: '-',
  0o060000: 'b',
  0o040000: 'd',
  0o020000: 'c',
  0o010000: 'p',
};

/** The line that `ls -l` prints, up to the name. */
function longNamePrefix(stats: Stats): string {
  const columns = [
    permissionLetters(stats.mode),
    String(stats.nlink).padStart(4),
    String(stats.uid).padEnd(8),
    String(stats.gid).padEnd(8),
    String(stats.size).padStart(8),
    stats.mtime.toISOString().slice(0, 16).replace('T', ' '),
  ];
  return `${columns.join(' ')} `;
}

function permissionLetters(mode: number): string {
  const letters = 'rwxrwxrwx'.split('').map((letter, bit) => (mode & (0o400 >> bit) ? letter : '-'));
  const special = [
    { bit: 0o4000, at: 2, letter: 's' },
    { bit: 0o2000, at: 5, letter: 's' },
    { bit: 0o1000, at: 8, letter: 't' },
  ];
  for (const { bit, at, letter } of special) {
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  }
  return (TYPE_LETTERS[mode & 0o170000] ?? '?') + letters.join('');
}
