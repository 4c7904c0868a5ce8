import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { bootIdOf } from '../base/boot-id.ts';
import { hasErrno } from '../filesystem/errno.ts';

/** What names a process among all machines, so that another process can tell whether it has ended. */
export const processMarkSchema = z.object({
  host: z.string(),
  pid: z.number().int().positive(),
  /** In clock ticks since the machine came up: pids are given out again. */
  startedAtTicks: z.string().optional(),
  /** Of the machine's kernel as it runs; shared by its containers. */
  bootId: z.string().optional(),
  /** What the pid counts in: a container has its own. */
  pidNamespace: z.string().optional(),
  /** Held for as long as the process lives, and by one process of the machine at a time. */
  lock: z.string().optional(),
});
export type ProcessMark = z.infer<typeof processMarkSchema>;

const ENDED_STATES = ['Z', 'X'];

/** Of a process that counts in the same numbers as this one, and holds `lock`. */
export async function markOf(pid: number, lock?: string): Promise<ProcessMark> {
  return {
    host: hostname(),
    pid,
    startedAtTicks: statusOf(pid)?.startedAtTicks,
    bootId: await bootIdOf(),
    pidNamespace: pidNamespace(),
    lock,
  };
}

/**
 * True only where it is certain: of another machine nothing can be said, and of another container only that it has
 * left us its lock.
 */
export function hasEnded(other: ProcessMark, own: ProcessMark): boolean {
  const sameMachine = own.bootId !== undefined && other.bootId === own.bootId;
  if (!sameMachine) return false;
  if (own.lock !== undefined && other.lock === own.lock) return true;
  const samePids = own.pidNamespace !== undefined && other.pidNamespace === own.pidNamespace;
  if (!samePids) return false;
  if (!exists(other.pid)) return true;
  const status = statusOf(other.pid);
  if (!status) return false;
  return ENDED_STATES.includes(status.state) || status.startedAtTicks !== other.startedAtTicks;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

/** Of proc(5)'s `stat`; undefined where the process is gone or hidden. */
function statusOf(pid: number): { state: string; startedAtTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name, may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, startedAtTicks] = [fields[0], fields[19]];
    return state !== undefined && startedAtTicks !== undefined ? { state, startedAtTicks } : undefined;
  } catch {
    return undefined;
  }
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}
