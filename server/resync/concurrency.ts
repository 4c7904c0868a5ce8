import { Permits } from '../base/permits.ts';

/**
 * Calls `work` for each item with at most `limit` under way, or as many as get a permit where others share them. The first
 * failure stops taking further items and is thrown when those under way have ended.
 */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number | Permits,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const permits = typeof limit === 'number' ? new Permits(limit) : limit;
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const start = (item: T) => {
    const running: Promise<void> = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        underWay.delete(running);
        permits.give();
      });
    underWay.add(running);
  };
  for await (const item of items) {
    await permits.take();
    if (failure) {
      permits.give();
      break;
    }
    start(item);
  }
  await Promise.all(underWay);
  if (failure) throw failure.error;
}
