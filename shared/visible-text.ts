/**
 * Characters that act instead of showing: controls, line and paragraph separators, bidi marks and overrides,
 * zero-width characters, the byte order mark, tags, and halves of a surrogate pair.
 */
const ACTING =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes untrusted text (file names, what a server says) safe to show on one line of at most `maxChars`. */
export function visibleText(text: string, maxChars = 300): string {
  const shown = text.slice(0, maxChars + 1).replace(ACTING, escaped);
  return shown.length > maxChars ? `${shown.slice(0, maxChars - 1)}…` : shown;
}

function escaped(character: string): string {
  return NAMED[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
