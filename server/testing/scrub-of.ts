import { ROOT, treePath } from '../filesystem/tree-path.ts';
import type { CompareMode } from '../resync/comparison.ts';
import type { Divergence } from '../resync/divergence.ts';
import { LinkGroups } from '../resync/link-groups.ts';
import { Scrub, type ScrubGround } from '../resync/scrub.ts';
import type { Unreadable } from '../resync/tree-walk.ts';
import type { Witness } from '../resync/witness.ts';
import type { DirectoryMirror, Engine } from './engine.ts';

export interface Found {
  readonly divergences: Divergence[];
  readonly problems: Unreadable[];
  readonly scrub: Scrub;
}

function witness({ tree, stale }: DirectoryMirror): Witness {
  return { tree, isPending: (path) => Promise.resolve(stale.covers(path)) };
}

/** A scrub of one mirror of the engine, on the ground that the engine offers. */
export async function scrubOf(
  engine: Engine,
  mirror: DirectoryMirror | undefined,
  options: { compare?: CompareMode; top?: string; ground?: Partial<ScrubGround> } = {},
): Promise<Found> {
  if (!mirror) throw new Error('there is no such mirror');
  const groups = new LinkGroups(engine.local);
  const ground: ScrubGround = {
    local: engine.local,
    mirror: witness(mirror),
    kept: { owners: true, symlinkAttributes: true },
    namesOf: (path) => groups.namesOf(path).catch(() => [path]),
    others: () => engine.mirrors.filter((other) => other !== mirror).map(witness),
    withLock: async (path, work) => {
      const release = await engine.locks.acquire([{ path, subtree: false }]);
      return work().finally(release);
    },
    mtimeLags: (path) => Promise.resolve(engine.settling.lags(path)),
    turn: () => Promise.resolve(),
    ...options.ground,
  };
  const divergences: Divergence[] = [];
  const problems: Unreadable[] = [];
  const scrub = new Scrub(ground, options.compare ?? 'quick', {
    found: (divergence) => divergences.push(divergence),
    unreadable: (problem) => problems.push(problem),
  });
  await scrub.run(treePath(options.top ?? ROOT));
  return { divergences, problems, scrub };
}
