import type { MirrorCapabilities } from './link-state.ts';

/** Mtimes that replicas set by their own clocks are carried over, but people compare times too. */
const CLOCKS_APART_MS = 2000;

/** That the server's clock is off; undefined where it is right, or not known. */
export function clockLackOf({ clockAheadMs = 0 }: MirrorCapabilities): string | undefined {
  return Math.abs(clockAheadMs) > CLOCKS_APART_MS ? `its clock is ${clockText(clockAheadMs)}` : undefined;
}

/** What is promised less for this mirror than for one that can do everything, in words. */
export function lacksOf(capabilities: MirrorCapabilities): string[] {
  const { atomicRename, fsync, hardLinks, lsetstat, owners, statvfs, writable } = capabilities;
  const lacks = [
    !writable && 'nothing could be written',
    !atomicRename && 'files are not replaced atomically',
    !fsync && 'fsync does not reach its disk',
    !hardLinks && 'no hard links',
    !lsetstat && 'no times of symlinks',
    !owners && 'owners are not kept',
    !statvfs && 'free space is not known',
    clockLackOf(capabilities),
  ];
  return lacks.filter((lack) => typeof lack === 'string');
}

function clockText(aheadMs: number): string {
  return `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`;
}
