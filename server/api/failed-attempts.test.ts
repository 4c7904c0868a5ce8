import { expect, it } from 'vitest';
import { FailedAttempts } from './failed-attempts.ts';

function failing(attempts: FailedAttempts, address: string, times: number): void {
  for (let count = 0; count < times; count += 1) attempts.failed(address);
}

it('never asks for more than a minute of waiting', () => {
  const attempts = new FailedAttempts(() => 0);
  failing(attempts, '10.0.0.1', 2000);
  expect(attempts.waitMs('10.0.0.1')).toBe(60_000);
});

it('forgets an address that has been quiet for ten minutes', () => {
  let nowMs = 0;
  const attempts = new FailedAttempts(() => nowMs);
  failing(attempts, '10.0.0.1', 12);
  nowMs = 10 * 60_000;
  failing(attempts, '10.0.0.1', 1);
  expect(attempts.waitMs('10.0.0.1')).toBe(0);
});

it('takes all addresses of one IPv6 network for one, and IPv4 in IPv6 form for IPv4', () => {
  const attempts = new FailedAttempts(() => 0);
  failing(attempts, '2001:db8:1:2::1', 3);
  failing(attempts, '2001:db8:1:2:aaaa:bbbb:cccc:dddd', 3);
  failing(attempts, '::ffff:10.0.0.1', 6);
  expect(attempts.waitMs('2001:db8:1:2:ffff::')).toBeGreaterThan(0);
  expect(attempts.waitMs('2001:db8:1:3::1')).toBe(0);
  expect(attempts.waitMs('10.0.0.1')).toBeGreaterThan(0);
  expect(attempts.waitMs('::1')).toBe(0);
});

it('remembers a thousand addresses, the latest ones', () => {
  const attempts = new FailedAttempts(() => 0);
  failing(attempts, '192.0.2.1', 6);
  for (let each = 0; each < 999; each += 1) attempts.failed(`10.0.${each >> 8}.${each & 255}`);
  expect(attempts.waitMs('192.0.2.1')).toBeGreaterThan(0);
  attempts.failed('10.9.9.9');
  expect(attempts.waitMs('192.0.2.1')).toBe(0);
});
