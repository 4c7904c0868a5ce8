import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

const RUN_LIMIT_MS = 280_000;

/** What came of a behaviour: a sentence of the table (server/testing/posix) and the function under it. */
export interface BehaviourOutcome {
  readonly name: string;
  readonly elapsedMs: number;
  readonly passed: boolean;
  /** Of the system call that failed unexpectedly, where one did. */
  readonly errno?: string | null;
  readonly message?: string;
}

/** The names of all behaviours. */
export function posixTable(): string[] {
  return linesOf(execFileSync('python3', argumentsOf('main', '--list'), { encoding: 'utf8' }));
}

/**
 * Runs the table in a directory; what came of each behaviour, by its name. It is written in Python, since Node has
 * no word for most of its calls, and runs in a child process, since who serves a mount may not use it.
 */
export async function runPosixTable(directory: string): Promise<Map<string, BehaviourOutcome>> {
  const lines = await python('main', directory);
  const outcomes = lines.map((line) => JSON.parse(line) as BehaviourOutcome);
  return new Map(outcomes.map((outcome) => [outcome.name, outcome]));
}

/** Special files and extended attributes below a directory. */
export function unwantedBelow(directory: string): Promise<string[]> {
  return python('unwanted', directory);
}

async function python(program: string, directory: string): Promise<string[]> {
  const args = argumentsOf(program, directory);
  const { stdout, stderr, code } = await runCommand('python3', args, { timeoutMs: RUN_LIMIT_MS });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
  return linesOf(stdout);
}

/** `-B`: the sources stay as they are. */
function argumentsOf(program: string, argument: string): string[] {
  return ['-B', fileURLToPath(new URL(`./posix/${program}.py`, import.meta.url)), argument];
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
