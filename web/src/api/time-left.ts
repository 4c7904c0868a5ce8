/** How much there was to do at some moment. */
export interface Progress {
  readonly atMs: number;
  readonly paths: number;
}

/** Before that long a rate is chance. */
const TELLING_MS = 3000;

/** How long it takes until nothing is left, at the rate since `first`; undefined while that can't be told. */
export function timeLeftMs(first: Progress, now: Progress): number | undefined {
  const done = first.paths - now.paths;
  const elapsedMs = now.atMs - first.atMs;
  if (done <= 0 || elapsedMs < TELLING_MS) return undefined;
  return (elapsedMs * now.paths) / done;
}
