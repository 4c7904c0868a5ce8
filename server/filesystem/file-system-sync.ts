import { spawn } from 'node:child_process';
import { AppError } from '../base/errors.ts';

/** Flushes the file system that `root` is on, as syncfs(2) does, which node:fs lacks; all of them where sync(1) knows no `-f`. */
export async function syncFileSystem(root: string): Promise<void> {
  if ((await exitCodeOf('sync', ['-f', root])) === 0) return;
  const exitCode = await exitCodeOf('sync', []);
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
