import type { ProblemDetails } from '../../shared/api.ts';
import { jsonPointer } from '../../shared/json-pointer.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { AppError } from '../base/errors.ts';

/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One mistake in the configuration: which key (or environment variable), where, and what is wrong with it. */
export interface ConfigurationProblem {
  /** `mirrors`, `web1` and `port`; an environment variable alone; or nothing for the file as a whole. */
  readonly key: readonly PropertyKey[];
  /** Undefined for an environment variable and for a file that cannot be read. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Never holds a value of the file, since any of them may be a misplaced secret. */
  readonly message: string;
}

const SHOWN_PROBLEMS = 100;
const SHOWN_NAME_CHARACTERS = 80;

/** All mistakes of a configuration at once; its message has one line for each. */
export class ConfigurationError extends AppError {
  readonly problems: readonly ConfigurationProblem[];
  /** Problems beyond the cap, counted only. */
  readonly leftOut: number;

  constructor(file: string, problems: readonly ConfigurationProblem[]) {
    const shown = [...problems].sort(byPosition).slice(0, SHOWN_PROBLEMS);
    const leftOut = problems.length - shown.length;
    const lines = shown.map((problem) => problemLine(file, problem));
    if (leftOut > 0) lines.push(`${visibleText(file)}: and ${leftOut} more`);
    super('CONFIG_INVALID', lines.join('\n'), { details: { file, problems: problems.length } });
    this.problems = shown;
    this.leftOut = leftOut;
  }
}

/** The same for clients: each with its place in the text. */
export function mistakesIn({ problems }: ConfigurationError): ProblemDetails['errors'] {
  return problems.map(({ key, message, line, column }) => ({
    pointer: jsonPointer(key),
    message,
    ...(line !== undefined && { line, column: column ?? 1 }),
  }));
}

/** The key path as people write it: `mirrors.web1.port`, `tries.wait[0]`. */
export function keyText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${printable(String(part))}`;
  }
  return text;
}

/** A name of the file, safe to show on a line. */
export function printable(name: string): string {
  return visibleText(name, SHOWN_NAME_CHARACTERS);
}

function problemLine(file: string, { key, line, column, message }: ConfigurationProblem): string {
  const place = line === undefined ? '' : `:${line}:${column ?? 1}`;
  // A variable is not in the file: naming the file there would send the reader to the wrong place.
  const source = line === undefined && key.length > 0 ? 'environment' : `${visibleText(file)}${place}`;
  return key.length === 0 ? `${source}: ${message}` : `${source}: ${keyText(key)}: ${message}`;
}

function byPosition(a: ConfigurationProblem, b: ConfigurationProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
