import { visibleText } from '../../shared/visible-text.ts';

/** What a command needs of the world around it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** The process ends with this code when nothing is left to do. */
  exitWith(code: number): void;
  /** The process ends here and now. */
  exitNow(code: number): never;
}

/** The terminal that the process was started from. */
export const processTerminal: Terminal = {
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  exitWith: (code) => {
    process.exitCode = code;
  },
  exitNow: (code) => process.exit(code),
};

const MESSAGE_CHARS = 1000;

/** One line for a failure. What it says may come from a server or a file name. */
export function failureLine(message: string): string {
  return `proxyfs: ${visibleText(message, MESSAGE_CHARS)}\n`;
}

/** JSON for programs that stays harmless on a screen: what acts is escaped the way JSON allows. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/[^\n\P{C}]|[\p{Zl}\p{Zp}]/gu, jsonEscape)}\n`;
}

function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
