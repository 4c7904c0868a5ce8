import { AppError } from '../base/errors.ts';

/** Where a page of transactions ended: within those in flight, or within those that are over. */
export type TransactionPosition =
  | { readonly kind: 'inFlight'; readonly before: number }
  /** At the newest without a number. */
  | { readonly kind: 'ended'; readonly before?: number };

const LETTERS = { inFlight: 'r', ended: 'e' } as const;

export function cursorOf({ kind, before }: TransactionPosition): string {
  return Buffer.from(`${LETTERS[kind]}${before ?? ''}`).toString('base64url');
}

/** Throws REQUEST_INVALID for what is no cursor. */
export function positionOf(cursor: string): TransactionPosition {
  const [, letter, digits] = /^([re])(\d{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (letter === LETTERS.inFlight && digits) return { kind: 'inFlight', before: Number(digits) };
  if (letter === LETTERS.ended) return { kind: 'ended', ...(digits && { before: Number(digits) }) };
  throw new AppError('REQUEST_INVALID', 'the cursor is not one of this list');
}
