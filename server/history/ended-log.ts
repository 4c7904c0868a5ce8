import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { endedOf, seqOf, spanOf } from './history-line.ts';
import type { Segment, SegmentFiles } from './segment-files.ts';

/** How much is kept; for tests much less. */
export interface HistoryBounds {
  /** Of each list: of what was committed, and of what was rolled back. */
  readonly rows: number;
  readonly ageMs: number;
  readonly segmentRows: number;
  /** Lines that the disk has not taken yet; beyond them new ones are dropped. */
  readonly waitingRows: number;
}

/** Of a segment, and of what waits; rows are rarely long. */
const SEGMENT_CHARS = 4 * 1024 * 1024;
const WAITING_CHARS = 4 * SEGMENT_CHARS;
/** Handed to the disk at a time, as putting them together holds up everybody else. */
const WRITE_CHARS = 512 * 1024;

/**
 * What ended in one of the two ways, in the order of its end. The newest lines are in memory as well as in the file under
 * way; the older ones are in packed segments, the oldest of which go. Nothing here is flushed to the disk, and nobody waits for it.
 */
export class EndedLog {
  readonly #files: SegmentFiles;
  readonly #bounds: HistoryBounds;
  readonly #logger: Logger;
  /** Oldest first. */
  #segments: Segment[] = [];
  /** The lines of the segment under way, of which so many are in its file. */
  #lines: string[] = [];
  #written = 0;
  #chars = 0;
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #isFailing = false;

  constructor(files: SegmentFiles, bounds: HistoryBounds, logger: Logger) {
    this.#files = files;
    this.#bounds = bounds;
    this.#logger = logger;
  }

  /** Of the newest line; 0 without any. */
  get lastSeq(): number {
    const newest = this.#lines.at(-1);
    return newest === undefined ? (this.#segments.at(-1)?.lastSeq ?? 0) : seqOf(newest);
  }

  /** Lines that were lost since the start, as the disk didn't take them. */
  get dropped(): number {
    return this.#dropped;
  }

  async load(): Promise<void> {
    const { segments, underWay } = await this.#files.list();
    this.#segments = segments;
    for (const firstSeq of underWay) {
      const isPacked = segments.some((segment) => segment.firstSeq === firstSeq);
      if (isPacked) await this.#files.removeUnderWay(firstSeq);
      else await this.#takeUp(firstSeq);
    }
    await this.#prune();
  }

  /** Goes on with what was under way when the last run ended; there are several only if packing has failed. */
  async #takeUp(firstSeq: number): Promise<void> {
    this.#written = this.#lines.length;
    if (this.#written > 0) await this.#pack();
    const lines = await this.#files.readUnderWay(firstSeq);
    const sound = lines.filter((line) => endedOf(line) !== undefined);
    if (sound.length < lines.length) this.#tellDamage(lines.length - sound.length);
    if (sound[0] === undefined || seqOf(sound[0]) !== firstSeq) {
      // Its name says what isn't in it: what can be read goes into a new one.
      await this.#files.removeUnderWay(firstSeq);
    } else this.#written = sound.length;
    this.#lines = sound;
    this.#chars = sound.reduce((sum, line) => sum + line.length, 0);
  }

  /** Drops it, and counts that, while the disk takes nothing. */
  add(line: string): void {
    const waiting = this.#lines.length - this.#written;
    if (waiting >= this.#bounds.waitingRows || this.#chars >= WAITING_CHARS) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
  }

  /** Hands over to the disk what was added; resolves when all of it is there, or couldn't be taken. */
  write(): Promise<void> {
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    do await this.#writeOnce();
    while (this.#written < this.#lines.length);
    // RACE: in the turn that has found nothing left, so that whoever adds a line next begins anew.
    this.#writing = undefined;
  }

  async #writeOnce(): Promise<void> {
    const lines = this.#nextLines();
    const first = this.#lines[0];
    if (lines.length > 0 && first !== undefined) {
      await this.#tried(() => this.#files.append(seqOf(first), lines));
      this.#written += lines.length;
    }
    const isFull = this.#written >= this.#bounds.segmentRows || this.#chars >= SEGMENT_CHARS;
    if (isFull && this.#written > 0) await this.#pack();
    await this.#prune();
  }

  #nextLines(): readonly string[] {
    let chars = 0;
    const waiting = this.#lines.slice(this.#written, this.#bounds.segmentRows);
    const tooMuch = waiting.findIndex((line) => (chars += line.length) > WRITE_CHARS);
    return tooMuch < 0 ? waiting : waiting.slice(0, Math.max(1, tooMuch));
  }

  /** What is in the file under way becomes a segment. */
  async #pack(): Promise<void> {
    const lines = this.#lines.slice(0, this.#written);
    const [first = '', last = ''] = [lines[0], lines.at(-1)];
    const span = spanOf(lines);
    const segment = { firstSeq: seqOf(first), lastSeq: seqOf(last), rows: lines.length, span };
    const isPacked = await this.#tried(() => this.#files.pack(segment, lines));
    // RACE: both in one turn, so that whoever reads meets each line once.
    this.#lines = this.#lines.slice(lines.length);
    if (isPacked) this.#segments.push(segment);
    else this.#dropped += lines.length;
    this.#written = 0;
    this.#chars = this.#lines.reduce((sum, line) => sum + line.length, 0);
    // Else a disk that takes lines and no packed files would fill up with them.
    if (!isPacked) await this.#files.removeUnderWay(segment.firstSeq);
  }

  async #prune(): Promise<void> {
    const { rows, ageMs } = this.#bounds;
    let kept = this.#segments.reduce((sum, segment) => sum + segment.rows, 0);
    for (let oldest = this.#segments[0]; oldest; oldest = this.#segments[0]) {
      if (kept <= rows && oldest.span.toMs > Date.now() - ageMs) return;
      this.#segments.shift();
      kept -= oldest.rows;
      await this.#files.remove(oldest);
    }
  }

  /**
   * The lines before `beforeSeq`, newest first, some at a time. What ended before `sinceMs` may be left out. A segment that is
   * damaged, or goes meanwhile, is skipped.
   */
  async *linesBefore(beforeSeq: number, sinceMs: number): AsyncGenerator<readonly string[]> {
    const segments = this.#segments.toReversed();
    yield newestFirst(this.#lines, beforeSeq);
    for (const segment of segments) {
      if (segment.firstSeq >= beforeSeq || segment.span.toMs < sinceMs) continue;
      yield newestFirst(await this.#read(segment), beforeSeq);
    }
  }

  /** The lines that may hold a transaction that began then, those of a segment at once. */
  async *linesOfTime(startedMs: number): AsyncGenerator<readonly string[]> {
    const segments = this.#segments.filter(({ span }) => span.fromMs <= startedMs && startedMs <= span.toMs);
    yield this.#lines.slice();
    for (const segment of segments) yield await this.#read(segment);
  }

  async #read(segment: Segment): Promise<readonly string[]> {
    try {
      return await this.#files.read(segment);
    } catch (thrown) {
      // One that went meanwhile is no damage.
      if (this.#segments.includes(segment))
        this.#logger.warn('history-unreadable', { error: asAppError(thrown), ...segment });
      return [];
    }
  }

  /** Whether it worked; the first failure of several is told. */
  async #tried(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#isFailing = false;
      return true;
    } catch (thrown) {
      if (!this.#isFailing) this.#logger.warn('history-not-kept', { error: asAppError(thrown) });
      this.#isFailing = true;
      return false;
    }
  }

  #tellDamage(lines: number): void {
    this.#logger.warn('history-unreadable', { lines });
  }
}

function newestFirst(lines: readonly string[], beforeSeq: number): readonly string[] {
  return lines.toReversed().filter((line) => seqOf(line) < beforeSeq);
}
