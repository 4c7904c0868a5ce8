import type { Attributes } from '../../driver.ts';
import type { ValueOf } from './structure.ts';
import type { ATTR } from './structures.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** fuse_attr of these attributes. */
export function wireAttributes(attributes: Attributes, shownInode: bigint): ValueOf<typeof ATTR> {
  const { atimeNs, mtimeNs, ctimeNs } = attributes;
  return {
    ino: shownInode,
    size: attributes.sizeBytes,
    blocks: attributes.blocks,
    atime: secondsOf(atimeNs),
    mtime: secondsOf(mtimeNs),
    ctime: secondsOf(ctimeNs),
    atimensec: nanosecondsOf(atimeNs),
    mtimensec: nanosecondsOf(mtimeNs),
    ctimensec: nanosecondsOf(ctimeNs),
    mode: attributes.mode,
    nlink: attributes.links,
    uid: attributes.uid,
    gid: attributes.gid,
    blksize: attributes.blockSizeBytes,
  };
}

/** A time as the kernel gives it: whole seconds, also before 1970, and nanoseconds after them. */
export function timeNs(seconds: bigint, nanoseconds: number): bigint {
  return seconds * NS_PER_SECOND + BigInt(nanoseconds);
}

function secondsOf(ns: bigint): bigint {
  const seconds = ns / NS_PER_SECOND;
  return ns < 0n && seconds * NS_PER_SECOND !== ns ? seconds - 1n : seconds;
}

function nanosecondsOf(ns: bigint): number {
  return Number(ns - secondsOf(ns) * NS_PER_SECOND);
}
