import { sleep } from '../base/wait.ts';

const POLL_MS = 10;

/**
 * Waits until `condition` answers something truthy and resolves with that. Rejects after `limitMs`, naming
 * what was waited for, and what `condition` threw last: until then a throw only means "not yet".
 */
export async function waitUntil<T>(
  name: string,
  condition: () => T | Promise<T>,
  limitMs = 10_000,
  pollMs = POLL_MS,
): Promise<NonNullable<T>> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const { value, thrown } = await look(condition);
    if (value) return value;
    if (performance.now() >= endMs) {
      throw new Error(`not within ${limitMs} ms: ${name}`, { cause: thrown });
    }
    await sleep(pollMs);
  }
}

async function look<T>(condition: () => T | Promise<T>): Promise<{ value?: T; thrown?: unknown }> {
  try {
    return { value: await condition() };
  } catch (thrown) {
    return { thrown };
  }
}
