import type { BigIntStats } from 'node:fs';
import type { Attributes } from '../fuse/driver.ts';

/** What the mount says of a file whose local stat this is. */
export function attributesOf(stat: BigIntStats): Attributes {
  return {
    inode: stat.ino,
    device: stat.dev,
    mode: Number(stat.mode),
    links: Number(stat.nlink),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: Number(stat.size),
    blocks: Number(stat.blocks),
    blockSizeBytes: Number(stat.blksize),
    atimeNs: stat.atimeNs,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
  };
}

/** Whether two stats are of one file, whatever name it had. */
export function isSameFile(one: BigIntStats, other: Pick<BigIntStats, 'ino' | 'dev'>): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
