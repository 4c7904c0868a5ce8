import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { ssh2 } from './ssh2.ts';

it('is the package itself, and leaves the random bytes of everybody else to the system', () => {
  expect(createRequire(import.meta.url)('ssh2')).toBe(ssh2);
  expect(crypto.randomFillSync.name).toBe('randomFillSync');
});
