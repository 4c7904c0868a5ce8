import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../base/errors.ts';

const LIMIT_MS = 30_000;

const PROGRAM = `
const [lmdb, directory] = process.argv.slice(1);
const { open } = await import(lmdb);
const root = open({ path: directory, noSubdir: false, encoding: 'json', readOnly: true });
for (const { key, value } of root.getRange({})) if (typeof key !== 'string' || typeof value !== 'object') process.exit(3);
process.exit(0);
`;

/**
 * Reads a journal of an earlier run in a process of its own, as lmdb maps the file into memory and a damaged one ends
 * the process that reads it. Rejects with JOURNAL_DAMAGED, and changes nothing.
 */
export async function probeJournal(directory: string): Promise<void> {
  if (!existsSync(join(directory, 'data.mdb'))) return;
  const args = ['--input-type=module', '-e', PROGRAM, import.meta.resolve('lmdb'), directory];
  const child = spawn(process.execPath, args, { stdio: 'ignore', timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new AppError('JOURNAL_DAMAGED', `the journal in ${directory} can't be read`);
}
