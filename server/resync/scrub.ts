import type { DivergenceKind } from '../../shared/states.ts';
import { asAppError, hasCode } from '../base/errors.ts';
import { EXTENT_BYTES } from '../filesystem/affected-path.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

import { type CompareMode, sameContent } from './comparison.ts';
import { forEachConcurrently } from './concurrency.ts';
import { affectedOf, type Divergence, divergencesOf, type Kept, type Sides } from './divergence.ts';
import { Tally } from './tally.ts';
import { type Pair, pairsOf, type Unreadable } from './tree-walk.ts';
import { agreeAgainstLocal, type Witness } from './witness.ts';

const AT_ONCE = 16;

/** What a scrub has to know of the appliance around it. */
export interface ScrubGround {
  readonly local: FileTree;
  readonly mirror: Witness;
  readonly kept: Kept;
  /** The other mirrors that can be asked now. */
  others(): readonly Witness[];
  /** Runs work with the path locked, under all its names: no change of it is under way then. */
  withLock<T>(path: TreePath, work: () => Promise<T>): Promise<T>;
  /** Whether the mirror may rightly have another mtime for a moment. Asked with the path locked. */
  mtimeLags(path: TreePath, here: FileStat): Promise<boolean>;
  /** Called before each step: waits while the job is paused or has read too fast, throws when it is cancelled. */
  turn(path: TreePath, bytes: number): Promise<void>;
}

export interface ScrubEvents {
  found(divergence: Divergence): void;
  unreadable(problem: Unreadable): void;
}

/** A range in which the content was found different. */
interface Range {
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * Compares one mirror with the local tree path by path, changing nothing. What differs at first sight is looked at again
 * with the path locked: what a change under way or a stale path explains is no finding.
 */
export class Scrub {
  readonly tally = new Tally();
  readonly #ground: ScrubGround;
  readonly #compare: CompareMode;
  readonly #events: ScrubEvents;

  constructor(ground: ScrubGround, compare: CompareMode, events: ScrubEvents) {
    this.#ground = ground;
    this.#compare = compare;
    this.#events = events;
  }

  async run(top: TreePath): Promise<void> {
    const { local, mirror } = this.#ground;
    await forEachConcurrently(pairsOf(local, mirror.tree, top), AT_ONCE, (step) => this.#visit(step));
  }

  async #visit(step: Pair | Unreadable): Promise<void> {
    await this.#ground.turn(step.path, 0);
    if ('error' in step) return this.#events.unreadable(step);
    this.tally.see(step);
    if (step.isBelow) return;
    try {
      await this.#look(step);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.row.retryable || hasCode(error, 'CANCELLED', 'BUG')) throw error;
      this.#events.unreadable({ path: step.path, error });
    }
  }

  async #look(pair: Pair): Promise<void> {
    const { path } = pair;
    const { kept } = this.#ground;
    if (
      divergencesOf(path, pair, kept).length > 0 ||
      (await this.#otherTarget(path, pair).catch(onlyRefusals))
    )
      await this.#confirm(path);
    else if (this.#compare === 'content' && pair.here?.type === 'file')
      await this.#compareContent(path, pair.here.sizeBytes);
  }

  /** Without a lock, which a large file would hold for long; only a range that differs is read once more with it. */
  async #compareContent(path: TreePath, sizeBytes: number): Promise<void> {
    for (let offset = 0; offset < sizeBytes; offset += EXTENT_BYTES) {
      const range = { offset, lengthBytes: Math.min(EXTENT_BYTES, sizeBytes - offset) };
      await this.#ground.turn(path, range.lengthBytes);
      this.tally.comparedBytes += range.lengthBytes;
      if ((await this.#otherContent(path, range).catch(onlyRefusals)) && (await this.#confirm(path, range)))
        return;
    }
  }

  /** Looks again with the path locked; true where it is a finding. */
  #confirm(path: TreePath, range?: Range): Promise<boolean> {
    const { local, mirror } = this.#ground;
    return this.#ground.withLock(path, async () => {
      if (await mirror.isPending(path)) return false;
      const [here, there] = await Promise.all([local.stat(path), mirror.tree.stat(path)]);
      const kinds = await this.#kinds(path, { here, there }, range);
      if (kinds.length === 0) return false;
      const affected = affectedOf(path, { here, there }, kinds);
      const finding = { path, kinds, there, range };
      const isLocalSuspected = await agreeAgainstLocal(
        mirror,
        this.#ground.others(),
        finding,
        this.#ground.kept,
      );
      const divergence = { path, kinds, affected, isLocalSuspected };
      this.tally.find(divergence, { here, there });
      this.#events.found(divergence);
      return true;
    });
  }

  async #kinds(path: TreePath, sides: Sides, range: Range | undefined): Promise<DivergenceKind[]> {
    const { here } = sides;
    // Sockets and the like are on no mirror.
    if (here?.type === 'other') return [];
    const kinds = divergencesOf(path, sides, this.#ground.kept);
    const mtime = kinds.indexOf('mtime');
    if (here && mtime >= 0 && (await this.#ground.mtimeLags(path, here))) kinds.splice(mtime, 1);
    if (await this.#otherTarget(path, sides)) kinds.push('target');
    const isRead = range && here?.type === 'file' && sides.there?.sizeBytes === here.sizeBytes;
    if (isRead && (await this.#otherContent(path, range))) kinds.push('content');
    return kinds;
  }

  async #otherTarget(path: TreePath, { here, there }: Sides): Promise<boolean> {
    if (here?.type !== 'symlink' || there?.type !== 'symlink') return false;
    const { local, mirror } = this.#ground;
    const [mine, theirs] = await Promise.all([local.readLink(path), mirror.tree.readLink(path)]);
    return mine !== theirs;
  }

  async #otherContent(path: TreePath, range: Range): Promise<boolean> {
    const { local, mirror } = this.#ground;
    return !(await sameContent(local, mirror.tree, { path, ...range }));
  }
}

/** A path that was removed or exchanged while it was looked at is looked at again. */
function onlyRefusals(thrown: unknown): boolean {
  const error = asAppError(thrown);
  if (error.row.retryable || error.code === 'BUG') throw error;
  return true;
}
