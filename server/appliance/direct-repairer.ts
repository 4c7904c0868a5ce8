import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { LinkGroups } from '../resync/link-groups.ts';
import { repairAffected } from '../resync/repair-affected.ts';
import { Repair } from '../resync/repair.ts';
import type { Participant, Repairer } from '../transaction/participant.ts';

/** Lends resync's repair to a transaction that undoes itself: its paths are locked, so what follows is done at once. */
export class DirectRepairer implements Repairer {
  readonly #local: LocalTree;

  constructor(local: LocalTree) {
    this.#local = local;
  }

  async repair(
    participant: Participant,
    affected: AffectedPath,
    compare: 'quick' | 'content',
  ): Promise<void> {
    const { repair, followed, follow } = this.#repairOn(participant);
    await repairAffected(repair, affected, compare, follow);
    leaveToReconciler(participant, followed);
  }

  async repairRange(
    participant: Participant,
    range: { path: AffectedPath['path']; offset: number; lengthBytes: number },
  ): Promise<void> {
    const { repair, followed } = this.#repairOn(participant);
    await repair.range(range);
    leaveToReconciler(participant, followed);
  }

  #repairOn(participant: Participant) {
    const followed: AffectedPath[] = [];
    const follow = (affected: AffectedPath) => {
      followed.push(affected);
    };
    const groups = new LinkGroups(this.#local);
    return {
      repair: new Repair({ local: this.#local, mirror: participant.tree, groups, follow }),
      followed,
      follow,
    };
  }
}

/** The parents' mtimes: cheap, and nobody waits for them. */
function leaveToReconciler(participant: Participant, followed: readonly AffectedPath[]): void {
  if (followed.length > 0) participant.mark(followed);
}
