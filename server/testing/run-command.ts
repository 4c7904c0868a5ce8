import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** What is kept of each output. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
/** How long a killed command may take to disappear: one that sits in a dead mount may never. */
const KILL_LIMIT_MS = 5000;

export interface CommandOptions {
  readonly timeoutMs?: number;
  /** Entered by the child itself, so that a hung mount hangs the child and not the caller. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
}

export interface CommandResult {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
  /** Whether it was killed at its limit. */
  readonly timedOut: boolean;
}

export interface RunningCommand {
  /** Resolves however the command ends; rejects only where it can't be started. */
  readonly result: Promise<CommandResult>;
  /** Signals the command and all that it started. */
  kill(signal: NodeJS.Signals): void;
}

/** Runs a program without a shell's word splitting; with all that it started it is killed at its limit. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(command, args, options).result;
}

/** The same for a command that is to be signalled while it runs. */
export function startCommand(
  command: string,
  args: readonly string[],
  { timeoutMs = 30_000, directory = '/', env, input }: CommandOptions = {},
): RunningCommand {
  const startMs = performance.now();
  const child = spawn('/bin/sh', ['-c', 'cd "$0" && exec "$@"', directory, command, ...args], {
    cwd: '/',
    env: { ...process.env, ...env },
    // A group of its own, so that a kill reaches what the command started.
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const result = ending(child, timeoutMs).then(({ code, signal, timedOut }) => {
    const elapsedMs = performance.now() - startMs;
    return { code, signal, stdout: stdout(), stderr: stderr(), elapsedMs, timedOut };
  });
  return { result, kill: (signal) => killGroup(child, signal) };
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

function ending(child: ChildProcessWithoutNullStreams, timeoutMs: number): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    let giveUp: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child, 'SIGKILL');
      giveUp = setTimeout(() => resolve({ code: null, signal: 'SIGKILL', timedOut }), KILL_LIMIT_MS);
    }, timeoutMs);
    const done = () => {
      clearTimeout(limit);
      clearTimeout(giveUp);
    };
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('close', (code, signal) => {
      done();
      resolve({ code, signal, timedOut });
    });
  });
}

function killGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has just ended.
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (sizeBytes < MAX_OUTPUT_BYTES) chunks.push(chunk);
    sizeBytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
