import type { ErrorCode } from 'yaml';

// The parser's own messages quote the text around a mistake, which may be a password.
const TEXT: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'an alias takes no anchor and no tag',
  BAD_ALIAS: 'this alias is not valid',
  BAD_COLLECTION_TYPE: 'the tag does not fit this value',
  BAD_DIRECTIVE: 'this directive (%) is not valid',
  BAD_DQ_ESCAPE: 'unknown escape in a double-quoted text; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  BAD_PROP_ORDER: 'anchor and tag must stand before the value',
  BAD_SCALAR_START: 'a text that begins with this character must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'a second key in the same line; is a line break or a quote missing?',
  BLOCK_IN_FLOW: 'an indented block is not allowed inside { } or [ ]',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'this is not valid YAML',
  KEY_OVER_1024_CHARS: 'this key is too long',
  MISSING_CHAR: 'a quote, bracket, comma, colon or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand in one line; is a colon missing?',
  MULTIPLE_ANCHORS: 'a value takes one anchor only',
  MULTIPLE_DOCS: 'a second document begins here; the file must hold one',
  MULTIPLE_TAGS: 'a value takes one tag only',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows spaces only',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported',
  UNEXPECTED_TOKEN: 'this is not expected here; is a quote missing?',
};

/** What a mistake of YAML syntax is, in words that quote nothing of the file. */
export function yamlErrorText(code: ErrorCode): string {
  return TEXT[code];
}
