import { formatDuration } from '../../../shared/format.ts';

const SECOND_MS = 1000;

/** `0.84` -> `0.84 ms`, `1250` -> `1.25 s`: three digits, as much as a round trip is worth. */
export function formatMilliseconds(durationMs: number): string {
  if (durationMs < SECOND_MS) return `${threeDigits(durationMs)} ms`;
  return `${threeDigits(durationMs / SECOND_MS)} s`;
}

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

/** `just now`, `12 s ago`, `in 3 min`. */
export function formatRelative(atMs: number, nowMs: number): string {
  const agoMs = nowMs - atMs;
  if (agoMs < -SECOND_MS) return `in ${formatDuration(-agoMs)}`;
  if (agoMs < 2 * SECOND_MS) return 'just now';
  return `${formatDuration(agoMs)} ago`;
}

/** Seconds until `atMs`, rounded up so that it never says 0 while there is time left. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / SECOND_MS));
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

/** `1 mirror`, `1,234 mirrors`. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function formatList(names: readonly string[], most = 3): string {
  const shown = names.length > most ? names.slice(0, most - 1) : names;
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : [...shown];
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}
