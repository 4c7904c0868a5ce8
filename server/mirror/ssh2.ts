import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import type loadedSsh2 from 'ssh2';

const POOL_BYTES = 64 * 1024;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let usedBytes = POOL_BYTES;
const { randomFillSync } = crypto;

/**
 * The system's random bytes, fetched many at a time and each given out once: ssh2 asks for a few with every packet
 * (RFC 4253, section 6), and one such call costs more than encrypting what it pads.
 */
function fillFromPool(target: Buffer, offset = 0, sizeBytes = target.length - offset): Buffer {
  if (sizeBytes > POOL_BYTES) return randomFillSync(target, offset, sizeBytes);
  if (usedBytes + sizeBytes > POOL_BYTES) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  pool.copy(target, offset, usedBytes, usedBytes + sizeBytes);
  pool.fill(0, usedBytes, usedBytes + sizeBytes);
  usedBytes += sizeBytes;
  return target;
}

/** ssh2 takes the function once, when it is loaded; nobody else gets to see another than the system's. */
function loaded(): typeof loadedSsh2 {
  Object.assign(crypto, { randomFillSync: fillFromPool });
  try {
    return createRequire(import.meta.url)('ssh2') as typeof loadedSsh2;
  } finally {
    Object.assign(crypto, { randomFillSync });
  }
}

export const ssh2 = loaded();
