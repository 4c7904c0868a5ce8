import type { BigIntStats } from 'node:fs';
import type { Caller } from '../fuse/driver.ts';

export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
const S_IXGRP = 0o010;
const PERMISSIONS = 0o7777;

/** The permission bits after a change that takes set-user-id and set-group-id from a regular file (Linux's rule). */
export function withoutPrivilege(stat: BigIntStats): number {
  const mode = Number(stat.mode) & PERMISSIONS;
  if (!stat.isFile()) return mode;
  // Without group execution the set-group-id bit once meant mandatory locking, and Linux leaves it.
  const dropped = mode & S_IXGRP ? S_ISUID | S_ISGID : S_ISUID;
  return mode & ~dropped;
}

/** Whether such a change would take bits from this file. */
export function hasPrivilege(stat: BigIntStats): boolean {
  return withoutPrivilege(stat) !== (Number(stat.mode) & PERMISSIONS);
}

/** Whether writing as this caller takes the bits away. An unknown caller's driver leaves that to the kernel. */
export function isUnprivileged(caller: Caller): boolean {
  return caller.uid !== undefined && caller.uid !== 0;
}
