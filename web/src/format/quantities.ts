const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `1536` -> `1.5 KiB`; rates come with parts of a byte. */
export function formatBytes(sizeBytes: number): string {
  const whole = Math.round(sizeBytes);
  if (whole < 1024) return `${whole} B`;
  let value = whole;
  let unit = 'B';
  for (const next of BYTE_UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${threeDigits(value)} ${unit}`;
}

/** `0.84` -> `0.84 ms`, `1250` -> `1.25 s`: three digits, as much as a round trip is worth. */
export function formatMilliseconds(durationMs: number): string {
  if (durationMs < SECOND_MS) return `${threeDigits(durationMs)} ms`;
  return `${threeDigits(durationMs / SECOND_MS)} s`;
}

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

/** `4 s`, `3 min`, `2 h 5 min`, `6 d 3 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < MINUTE_MS) return `${Math.max(0, Math.floor(durationMs / SECOND_MS))} s`;
  if (durationMs < HOUR_MS) return `${Math.floor(durationMs / MINUTE_MS)} min`;
  if (durationMs < DAY_MS) return pair(durationMs, HOUR_MS, 'h', MINUTE_MS, 'min');
  return pair(durationMs, DAY_MS, 'd', HOUR_MS, 'h');
}

function pair(durationMs: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const rest = Math.floor((durationMs % bigMs) / smallMs);
  const head = `${Math.floor(durationMs / bigMs)} ${big}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}

/** `just now`, `12 s ago`, `in 3 min`. */
export function formatRelative(atMs: number, nowMs: number): string {
  const agoMs = nowMs - atMs;
  if (agoMs < -SECOND_MS) return `in ${formatDuration(-agoMs)}`;
  if (agoMs < 2 * SECOND_MS) return 'just now';
  return `${formatDuration(agoMs)} ago`;
}

/** Seconds until `atMs`, rounded down: the page's clock is up to a second late. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((atMs - nowMs) / SECOND_MS));
}

/** `2026-11-22 15:56:04.120 +01:00`, in the reader's time zone. */
export function formatExact(atMs: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')} ${offset(date)}`;
}

function offset(date: Date): string {
  const eastMinutes = -date.getTimezoneOffset();
  const size = Math.abs(eastMinutes);
  return `${eastMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Making one costs more than a hundred uses. */
const NUMBERS = new Intl.NumberFormat('en-US');

/** `1,234`. */
export function formatNumber(value: number): string {
  return NUMBERS.format(value);
}

/** `1 mirror`, `1,234 mirrors`. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(count)} ${count === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function formatList(names: readonly string[], most = 3): string {
  const shown = names.length > most ? names.slice(0, most - 1) : names;
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : [...shown];
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}
