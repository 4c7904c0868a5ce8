import { appendFile, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { TimeSpan } from './history-line.ts';

const packed = promisify(gzip);
const unpacked = promisify(gunzip);
/** Twice as fast as the usual level, for a fifth more bytes. */
const LEVEL = 3;

/** A packed file of lines that nothing is added to any more. */
export interface Segment {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly rows: number;
  /** No transaction in it began earlier, none ended later. */
  readonly span: TimeSpan;
}

/**
 * The files of one list of lines: packed segments, and the one under way, to which lines are added. What is known of a segment
 * is its name. The names say the version of the lines too: files of another version are left alone.
 */
export class SegmentFiles {
  readonly #directory: string;
  readonly #name: string;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  /** Oldest first. */
  async list(): Promise<{ segments: Segment[]; underWay: number[] }> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const segments: Segment[] = [];
    const underWay: number[] = [];
    for (const name of await readdir(this.#directory)) {
      const [of, version, ...rest] = name.split('.');
      if (of !== this.#name || version !== 'v1') continue;
      const numbers = rest[0]?.split('-').map(Number) ?? [];
      const [firstSeq, lastSeq, rows, fromMs, toMs] = numbers;
      if (firstSeq === undefined || !numbers.every(Number.isSafeInteger)) continue;
      if (rest[1] === 'lines') underWay.push(firstSeq);
      if (rest[1] !== 'gz' || lastSeq === undefined || rows === undefined) continue;
      if (fromMs !== undefined && toMs !== undefined)
        segments.push({ firstSeq, lastSeq, rows, span: { fromMs, toMs } });
    }
    return {
      segments: segments.sort((one, other) => one.firstSeq - other.firstSeq),
      underWay: underWay.sort((one, other) => one - other),
    };
  }

  /** Rejects where the file is damaged or gone. */
  async read(segment: Segment): Promise<string[]> {
    return linesOf(await unpacked(await readFile(this.#packedFile(segment))));
  }

  /** Also ends a last line that a crash has left unfinished, so that nothing is added to it. */
  async readUnderWay(firstSeq: number): Promise<string[]> {
    const file = this.#fileUnderWay(firstSeq);
    const content = await readFile(file);
    if (content.length > 0 && content.at(-1) !== 10) await appendFile(file, '\n');
    return linesOf(content);
  }

  append(firstSeq: number, lines: readonly string[]): Promise<void> {
    return appendFile(this.#fileUnderWay(firstSeq), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  /** Puts a packed file in the place of the one under way. */
  async pack(segment: Segment, lines: readonly string[]): Promise<void> {
    const unfinished = join(this.#directory, `${this.#name}.new`);
    await writeFile(unfinished, await packed(lines.join('\n'), { level: LEVEL }), { mode: 0o600 });
    await rename(unfinished, this.#packedFile(segment));
    await this.removeUnderWay(segment.firstSeq);
  }

  async remove(segment: Segment): Promise<void> {
    await unlink(this.#packedFile(segment)).catch(() => {});
  }

  async removeUnderWay(firstSeq: number): Promise<void> {
    await unlink(this.#fileUnderWay(firstSeq)).catch(() => {});
  }

  #fileUnderWay(firstSeq: number): string {
    return join(this.#directory, `${this.#name}.v1.${firstSeq}.lines`);
  }

  #packedFile({ firstSeq, lastSeq, rows, span }: Segment): string {
    const numbers = [firstSeq, lastSeq, rows, span.fromMs, span.toMs];
    return join(this.#directory, `${this.#name}.v1.${numbers.join('-')}.gz`);
  }
}

function linesOf(content: Buffer): string[] {
  return content.toString().split('\n').filter(Boolean);
}
