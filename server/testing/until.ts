import { AppError } from '../base/errors.ts';
import { sleep } from '../base/wait.ts';

/** Waits until the named condition holds, looking every few milliseconds; rejects after `limitMs`. */
export async function until(
  condition: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new AppError('BUG', `not within ${limitMs} ms: ${condition}`);
    await sleep(5);
  }
}
