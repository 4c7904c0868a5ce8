/**
 * What must never reach the screen as it is: controls, line and paragraph separators, invisible and
 * bidirectional formatting, odd spaces, private and unassigned code points, lone surrogates.
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u2800\u3164\uffa0\ufffd]|(?! )\p{Zs}/u;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
};

/** Makes a file name or a remote text harmless to show: what could hide or reorder it becomes a visible escape. */
export function escapeText(text: string): string {
  let safe = '';
  for (const character of text) safe += escapeCharacter(character);
  return safe;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  if (!UNSAFE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

export interface CappedText {
  readonly text: string;
  /** Characters left out; 0 when all of it is there. */
  readonly omitted: number;
}

/** Shortens to `limit` characters out of the middle, so that both the beginning and the name at the end stay. */
export function capMiddle(text: string, limit: number): CappedText {
  const characters = Array.from(text);
  const omitted = characters.length - limit;
  if (omitted <= 0) return { text, omitted: 0 };
  const head = Math.ceil((limit - 1) / 3);
  const tail = limit - 1 - head;
  return {
    text: `${characters.slice(0, head).join('')}…${characters.slice(characters.length - tail).join('')}`,
    omitted: omitted + 1,
  };
}

/** The longest text that is escaped at all; a hostile server must not keep the page busy. */
const LONGEST_INPUT = 16_384;

/** An untrusted text, escaped and at most `limit` characters long. */
export function displayText(untrusted: string, limit: number): CappedText {
  const bounded = capMiddle(untrusted.slice(0, LONGEST_INPUT), LONGEST_INPUT);
  return capMiddle(escapeText(bounded.text), limit);
}
