import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { AppError } from '../base/errors.ts';

/** Asks at the terminal for a line that isn't shown. Rejects with CANCELLED at Ctrl-C or the end of input. */
export function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  // Only now the terminal doesn't show any more what is typed.
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new AppError('CANCELLED', 'No password was given'));
    });
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
  });
}
