import type { DivergenceKind } from '../../shared/states.ts';
import { asAppError, hasCode } from '../base/errors.ts';
import { EXTENT_BYTES } from '../filesystem/affected-path.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

import { type CompareMode, sameContent } from './comparison.ts';
import { forEachConcurrently } from './concurrency.ts';
import { affectedOf, type Divergence, divergencesOf, type Kept, type Sides } from './divergence.ts';
import { LinkComparison, type OtherLink } from './link-comparison.ts';
import { Tally } from './tally.ts';
import { type Pair, pairsOf, type Unreadable } from './tree-walk.ts';
import { agreeAgainstLocal, type Witness } from './witness.ts';

const AT_ONCE = 16;

/** What a scrub has to know of the appliance around it. */
export interface ScrubGround {
  readonly local: FileTree;
  readonly mirror: Witness;
  readonly kept: Kept;
  /** All names of the local file, itself included. */
  namesOf(path: TreePath): Promise<readonly TreePath[]>;
  /** The other mirrors that can be asked now. */
  others(): readonly Witness[];
  /** Runs work with the path locked, under all its names: no change of it is under way then. */
  withLock<T>(path: TreePath, work: () => Promise<T>): Promise<T>;
  /** Whether the mirror may rightly have another mtime for a moment. Asked with the path locked. */
  mtimeLags(path: TreePath, here: FileStat): Promise<boolean>;
  /**
   * Called before each step: waits while the job is paused or has read too fast, throws when it is cancelled. `carriedBytes`: how
   * many of those that the mirror reads come here.
   */
  turn(path: TreePath, readBytes: number, carriedBytes: number): Promise<void>;
}

export interface ScrubEvents {
  found(divergence: Divergence): void;
  unreadable(problem: Unreadable): void;
}

/** Compared by hashes where the mirror makes them itself; less is read back sooner. */
const HASHED_BYTES = 32 * 1024 * 1024;
const LEAST_HASHED_BYTES = 4 * 1024 * 1024;

/** A range in which the content was found different. */
interface Range {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Why a path is looked at again. */
interface Suspicion {
  readonly range?: Range;
  readonly otherLink?: OtherLink | undefined;
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
  readonly #links: LinkComparison;
  #hashes = true;

  constructor(ground: ScrubGround, compare: CompareMode, events: ScrubEvents) {
    this.#ground = ground;
    this.#compare = compare;
    this.#events = events;
    const { local, mirror } = ground;
    const namesOf = (path: TreePath) => ground.namesOf(path);
    this.#links = new LinkComparison({ local, mirror: mirror.tree, namesOf, tally: this.tally });
  }

  async run(top: TreePath): Promise<void> {
    const { local, mirror } = this.#ground;
    await forEachConcurrently(pairsOf(local, mirror.tree, top), AT_ONCE, (step) => this.#visit(step));
  }

  async #visit(step: Pair | Unreadable): Promise<void> {
    await this.#ground.turn(step.path, 0, 0);
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
    const { path, here, there } = pair;
    const otherLink = await this.#links.differenceAt(path, pair);
    const isOther =
      otherLink !== undefined ||
      divergencesOf(path, pair, this.#ground.kept).length > 0 ||
      (await this.#otherTarget(path, pair).catch(onlyRefusals));
    const found = isOther ? await this.#confirm(path, { otherLink }) : undefined;
    // Repairing more than attributes compares the content anyway.
    const isRepaired = found !== undefined && found.affected.kind !== 'attributes';
    if (this.#compare === 'content' && !isRepaired && here?.type === 'file' && there?.type === 'file')
      await this.#compareContent(path, here.sizeBytes);
  }

  /** Without a lock, which a large file would hold for long; only a range that differs is read once more with it. */
  async #compareContent(path: TreePath, sizeBytes: number): Promise<void> {
    for (let offset = 0; offset < sizeBytes; offset += HASHED_BYTES) {
      const piece = { offset, lengthBytes: Math.min(HASHED_BYTES, sizeBytes - offset) };
      if (!(await this.#sameHash(path, piece)) && (await this.#readBack(path, piece))) return;
    }
  }

  /** True where there is a finding. */
  async #readBack(path: TreePath, piece: Range): Promise<boolean> {
    const end = piece.offset + piece.lengthBytes;
    for (let { offset } = piece; offset < end; offset += EXTENT_BYTES) {
      const range = { offset, lengthBytes: Math.min(EXTENT_BYTES, end - offset) };
      await this.#ground.turn(path, range.lengthBytes, range.lengthBytes);
      this.tally.comparedBytes += range.lengthBytes;
      if (
        (await this.#otherContent(path, range).catch(onlyRefusals)) &&
        (await this.#confirm(path, { range }))
      )
        return true;
    }
    return false;
  }

  /** False where it isn't known, too. */
  async #sameHash(path: TreePath, { offset, lengthBytes }: Range): Promise<boolean> {
    if (!this.#hashes || lengthBytes < LEAST_HASHED_BYTES) return false;
    const { local, mirror } = this.#ground;
    await this.#ground.turn(path, lengthBytes, 0);
    const theirs = await mirror.tree.hash(path, offset, lengthBytes).catch(onlyRefusals);
    this.#hashes = theirs !== undefined;
    if (theirs !== (await local.hash(path, offset, lengthBytes).catch(onlyRefusals))) return false;
    this.tally.comparedBytes += lengthBytes;
    return true;
  }

  /** Looks again with the path locked; undefined where it is no finding. */
  #confirm(path: TreePath, suspicion: Suspicion): Promise<Divergence | undefined> {
    const { local, mirror } = this.#ground;
    return this.#ground.withLock(path, async () => {
      if (await mirror.isPending(path)) return undefined;
      const [here, there] = await Promise.all([local.stat(path), mirror.tree.stat(path)]);
      const kinds = await this.#kinds(path, { here, there }, suspicion);
      if (kinds.length === 0) return undefined;
      const affected = affectedOf(path, { here, there }, kinds);
      const finding = { path, kinds, there, ...suspicion };
      const isLocalSuspected = await agreeAgainstLocal(
        mirror,
        this.#ground.others(),
        finding,
        this.#ground.kept,
      );
      const divergence = { path, kinds, affected, isLocalSuspected };
      this.tally.find(divergence, { here, there });
      this.#events.found(divergence);
      return divergence;
    });
  }

  async #kinds(path: TreePath, sides: Sides, { range, otherLink }: Suspicion): Promise<DivergenceKind[]> {
    const { here } = sides;
    // Sockets and the like are on no mirror.
    if (here?.type === 'other') return [];
    const kinds = divergencesOf(path, sides, this.#ground.kept);
    const mtime = kinds.indexOf('mtime');
    if (here && mtime >= 0 && (await this.#ground.mtimeLags(path, here))) kinds.splice(mtime, 1);
    if (await this.#otherTarget(path, sides)) kinds.push('target');
    const isRead = range && here?.type === 'file' && sides.there?.sizeBytes === here.sizeBytes;
    if (isRead && (await this.#otherContent(path, range))) kinds.push('content');
    if (otherLink && (await this.#isStillOther(path, sides, otherLink))) kinds.push('links');
    return kinds;
  }

  async #isStillOther(path: TreePath, { here, there }: Sides, other: OtherLink): Promise<boolean> {
    if (here?.type !== 'file' || there?.type !== 'file') return false;
    return !(await this.#ground.mirror.isPending(other.name)) && (await this.#links.isStill(path, other));
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
