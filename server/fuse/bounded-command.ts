import { execFile } from 'node:child_process';

/** How a command ended: its exit code, or that it was killed at its limit or never started. */
export type CommandEnd = { readonly exitCode: number; readonly stderr: string } | 'killed' | 'not-started';

/** Runs a program without a shell; it is killed after `limitMs`. Never rejects. */
export function runCommand(program: string, args: readonly string[], limitMs: number): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 };
    execFile(program, args, options, (error, _stdout, stderr) => {
      if (!error) return resolve({ exitCode: 0, stderr });
      if (typeof error.code === 'number') return resolve({ exitCode: error.code, stderr });
      resolve(error.killed ? 'killed' : 'not-started');
    });
  });
}
