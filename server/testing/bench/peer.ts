import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, runCommand } from '../run-command.ts';
import type { BenchPlace } from './table.ts';

const LIMIT_MS = 60_000;
const FILE_BYTES = 4096;

/** Another way to have the same files in several places. */
export interface Peer {
  /** Of directories and volumes. */
  readonly name: string;
  readonly title: string;
  /** Rejects where it isn't installed. */
  open(scratch: string, place: BenchPlace): Promise<OpenPeer>;
}

export interface OpenPeer {
  /** Where programs write. */
  readonly directory: string;
  /** Where the last of the copies shows. */
  readonly copy: string;
  close(): Promise<void>;
}

/** Runs a program of a peer; rejects with what it says when it fails. */
export async function succeed(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<void> {
  const { code, stdout, stderr } = await runCommand(command, args, { timeoutMs: LIMIT_MS, ...options });
  if (code !== 0) throw new Error(`${command} ${args[0]}: ${stderr || stdout}`);
}

/** How many whole files stand in a directory. */
export async function filesBelow(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      lstat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.filter((size) => size === FILE_BYTES).length;
}

/** The first of the servers. */
export function serverOf({ mirrors }: BenchPlace): BenchPlace['mirrors'][number] {
  const [mirror] = mirrors;
  if (!mirror) throw new Error('a mirror is needed');
  return mirror;
}
