import { readdirSync, readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.ts';

/** A process and everything below it, signalled as one: for an sshd, the listener and all its live sessions. */
export class ProcessTree {
  readonly #rootPid: number;

  constructor(rootPid: number) {
    this.#rootPid = rootPid;
  }

  /** Stops all of it; resolves when nothing in it runs any more. */
  async freeze(): Promise<void> {
    await waitUntil('every process of the tree is stopped', () => {
      // A process may fork between two looks, so each look starts over until none is left running.
      const running = this.#living().filter((process) => process.state !== 'T');
      for (const { pid } of running) signal(pid, 'SIGSTOP');
      return running.length === 0;
    });
  }

  thaw(): void {
    for (const { pid } of this.#living()) signal(pid, 'SIGCONT');
  }

  /** Kills all of it, parents first stopped so that none forks away; resolves when all are gone. */
  async kill(): Promise<void> {
    const known = new Map<number, string | undefined>();
    await waitUntil('every process of the tree is gone', () => {
      for (const { pid } of this.#living()) known.set(pid, statFields(pid)?.startedAt);
      this.killNow();
      // One whose parent ended meanwhile has left the tree, stopped; its number may be another process' by now.
      const left = [...known].filter(([pid, startedAt]) => isAlive(pid, startedAt));
      for (const [pid] of left) signal(pid, 'SIGKILL');
      return left.length === 0;
    });
  }

  /** The same without waiting, for the end of the test process. */
  killNow(): void {
    const pids = this.#living().map((process) => process.pid);
    for (const pid of pids) signal(pid, 'SIGSTOP');
    for (const pid of this.#living().map((process) => process.pid)) signal(pid, 'SIGKILL');
  }

  #living(): { pid: number; state: string }[] {
    const parents = allProcesses();
    const found: { pid: number; state: string }[] = [];
    const queue = [this.#rootPid];
    for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
      const state = stateOf(pid);
      if (state !== undefined) found.push({ pid, state });
      for (const child of parents.get(pid) ?? []) queue.push(child);
    }
    return found;
  }
}

function allProcesses(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = statFields(pid)?.parent;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
}

/** undefined for a process that is gone; a zombie only waits for its parent and counts as gone. */
function stateOf(pid: number): string | undefined {
  const state = statFields(pid)?.state;
  return state === 'Z' || state === 'X' ? undefined : state;
}

function isAlive(pid: number, startedAt: string | undefined): boolean {
  return stateOf(pid) !== undefined && statFields(pid)?.startedAt === startedAt;
}

/** Of proc(5): `startedAt` in clock ticks since the machine came up. */
function statFields(pid: number): { state: string; parent: number; startedAt: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command in parentheses may itself hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent = '', startedAt = ''] = [fields[0], fields[1], fields[19]];
    return { state, parent: Number(parent), startedAt };
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal.
  }
}
