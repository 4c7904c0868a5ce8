import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Long enough that guessing is hopeless at any rate. */
const SECRET_BYTES = 32;

/** A new bearer token, for a start without PROXYFS_TOKEN. */
export function newToken(): string {
  return `pfs_${newSecret()}`;
}

/** A random text that is safe in a cookie and in a header. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether `candidate` has this digest. The time it takes says nothing about where they differ. */
export function hasDigest(candidate: string, digest: Buffer): boolean {
  return timingSafeEqual(digestOf(candidate), digest);
}
