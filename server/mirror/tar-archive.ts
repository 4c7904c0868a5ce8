const BLOCK_BYTES = 512;
/** The numbers that seven and eleven octal digits hold. */
const MOST_ID = 0o7777777;
const MOST_SECONDS = 0o77777777777;
const NAME_BYTES = 100;

/** A regular file of an archive, or a directory, which comes before what is in it and has no content; times in seconds. */
export interface TarEntry {
  readonly type: 'file' | 'directory';
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly content: Buffer;
}

/** Whether the format of 1988 holds it as it is, which every tar reads. */
export function fitsTar({ name, uid, gid, mtime }: TarEntry): boolean {
  return (
    Buffer.byteLength(name) <= NAME_BYTES &&
    uid <= MOST_ID &&
    gid <= MOST_ID &&
    mtime >= 0 &&
    mtime <= MOST_SECONDS
  );
}

/**
 * A whole archive in ustar format (POSIX.1-1988, "ustar Interchange Format" of pax(1)). Names of users and groups are left
 * empty, so that the numbers count.
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const sizes = entries.map(({ content }) => BLOCK_BYTES + inBlocks(content.length));
  // One piece of memory: three for each of thousands of files would keep the collector busy.
  const archive = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 2 * BLOCK_BYTES));
  let at = 0;
  for (const [index, entry] of entries.entries()) {
    writeHeader(archive.subarray(at, at + BLOCK_BYTES), entry);
    entry.content.copy(archive, at + BLOCK_BYTES);
    at += sizes[index] ?? 0;
  }
  return archive;
}

function inBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Into a block of zeros. */
function writeHeader(block: Buffer, { type, name, mode, uid, gid, mtime, content }: TarEntry): void {
  block.write(name, 0);
  block.write(octal(mode, 7), 100, 'latin1');
  block.write(octal(uid, 7), 108, 'latin1');
  block.write(octal(gid, 7), 116, 'latin1');
  block.write(octal(content.length, 11), 124, 'latin1');
  block.write(octal(mtime, 11), 136, 'latin1');
  // The sum is made over a field of blanks.
  block.write(`        ${type === 'file' ? '0' : '5'}`, 148, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
