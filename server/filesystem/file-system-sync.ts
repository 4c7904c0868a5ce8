import { spawn } from 'node:child_process';
import { AppError } from '../base/errors.ts';

/** Flushes the file system that `root` is on, as syncfs(2) does, which node:fs lacks. */
export async function syncFileSystem(root: string): Promise<void> {
  // No falling back to a plain `sync`: it hides the errors that this is here to find.
  const exitCode = await exitCodeOf('sync', ['-f', root]);
  if (exitCode !== 0) throw new AppError('INPUT_OUTPUT', 'sync failed', { details: { exitCode } });
}

function exitCodeOf(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.once('error', (cause) =>
      reject(new AppError('INPUT_OUTPUT', `${command} cannot be run`, { cause })),
    );
    child.once('close', (code) => resolve(code ?? -1));
  });
}
