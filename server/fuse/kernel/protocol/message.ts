import { IN_HEADER, OUT_HEADER } from './structures.ts';
import { viewOf, type ValueOf } from './structure.ts';

export type RequestHeader = ValueOf<typeof IN_HEADER>;

export interface Message {
  readonly header: RequestHeader;
  readonly body: Buffer;
}

/** Takes a message of the kernel apart; undefined where it is none, so that it can't even be answered. */
export function messageOf(bytes: Buffer): Message | undefined {
  if (bytes.length < IN_HEADER.sizeBytes) return undefined;
  try {
    const header = IN_HEADER.read(viewOf(bytes), 0);
    if (header.len !== bytes.length) return undefined;
    return { header, body: bytes.subarray(IN_HEADER.sizeBytes) };
  } catch {
    return undefined;
  }
}

/** The header in front of an answer; `error` is 0 or a negative errno. */
export function answerHeader(unique: number, error: number, bodyBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(OUT_HEADER.sizeBytes);
  OUT_HEADER.write(viewOf(bytes), 0, { len: OUT_HEADER.sizeBytes + bodyBytes, error, unique });
  return bytes;
}
