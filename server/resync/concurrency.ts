/**
 * Calls `work` for each item with at most `limit` under way. The first failure stops taking further items and
 * is thrown when those under way have ended.
 */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const start = (item: T) => {
    const running: Promise<void> = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
  };
  for await (const item of items) {
    if (failure) break;
    start(item);
    if (underWay.size >= limit) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (failure) throw failure.error;
}
