import { waitUntil } from './wait-until.ts';

/** Times of files and directories follow their changes a moment later; a busy machine takes its time. */
const LIMIT_MS = 20_000;

/** Resolves when `find` finds nothing; rejects after `limitMs` with all that it found last. */
export async function noneLeft(find: () => Promise<string[]>, limitMs = LIMIT_MS): Promise<void> {
  let left: string[] = [];
  const isNone = async () => (left = await find()).length === 0;
  await waitUntil('nothing is wrong any more', isNone, limitMs).catch((cause: unknown) => {
    throw new Error(left.join('\n'), { cause });
  });
}
