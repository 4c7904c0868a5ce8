import { crc32 } from 'node:zlib';
import type { TransactionDetail } from '../../shared/api.ts';

/** One transaction that is over. */
export type EndedTransaction = TransactionDetail & Required<Pick<TransactionDetail, 'outcome' | 'endedAt'>>;

const CHECKSUM_CHARS = 8;
/** Beyond these the steps are left out: what somebody's server says in each attempt may be long. */
const MOST_CHARS = 64 * 1024;
const REASON_CHARS = 1000;

/** A transaction as a line of a file; `seq` counts those that ended, over all restarts. */
export function lineOf(seq: number, ended: EndedTransaction): string {
  const text = JSON.stringify(ended);
  return checked(`${seq} ${text.length <= MOST_CHARS ? text : JSON.stringify(shortened(ended))}`);
}

function shortened({ error, timeline, timelineLeftOut, participants, ...kept }: EndedTransaction) {
  return {
    ...kept,
    ...(error && { error: { ...error, message: error.message.slice(0, REASON_CHARS) } }),
    participants: participants.map(({ error: _, ...part }) => part),
    timeline: [],
    timelineLeftOut: timelineLeftOut + timeline.length,
  } satisfies EndedTransaction;
}

/** Not a number where the line is damaged so far; only `endedOf` tells whether all of it is sound. */
export function seqOf(line: string): number {
  return Number.parseInt(line.slice(CHECKSUM_CHARS + 1, line.indexOf(' ', CHECKSUM_CHARS + 1)), 10);
}

/** undefined for a damaged line. */
export function endedOf(line: string): EndedTransaction | undefined {
  const text = line.slice(CHECKSUM_CHARS + 1);
  if (checked(text) !== line) return undefined;
  return JSON.parse(text.slice(text.indexOf(' ') + 1)) as EndedTransaction;
}

/** From the first beginning to the last end of some transactions. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** No name or message can hold these: quotes are escaped there. */
const STARTED = /"startedAt":"([^"]+)"/;
const ENDED = /"endedAt":"([^"]+)"/;

export function spanOf(lines: readonly string[]): TimeSpan {
  const times = (pattern: RegExp) => lines.map((line) => Date.parse(pattern.exec(line)?.[1] ?? ''));
  return { fromMs: Math.min(...times(STARTED)), toMs: Math.max(...times(ENDED)) };
}

function checked(text: string): string {
  return `${crc32(text).toString(16).padStart(CHECKSUM_CHARS, '0')} ${text}`;
}
