import { isScalar, parseDocument, stringify } from 'yaml';

const OPTIONS = { version: '1.2', schema: 'core' } as const;
const WHOLE_LINES = { lineWidth: 0 };

/** What the text says for a key such as `tries.times`; undefined where it says nothing, or can't be read. */
export function settingIn(text: string, key: string): unknown {
  const document = parseDocument(text, OPTIONS);
  if (document.errors.length > 0) return undefined;
  return key.split('.').reduce<unknown>(valueOf, document.toJS());
}

/** The text with another value for the key; without one (undefined) the key goes. Comments stay, and mostly all else, too. */
export function withSetting(text: string, key: string, value: unknown): string {
  const document = parseDocument(text, OPTIONS);
  const path = key.split('.');
  if (value === undefined) {
    document.deleteIn(path);
    return document.toString(WHOLE_LINES);
  }
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range) {
    const [from, to] = node.range;
    return text.slice(0, from) + stringify(value, WHOLE_LINES).trimEnd() + text.slice(to);
  }
  document.setIn(path, value);
  return document.toString(WHOLE_LINES);
}

function valueOf(map: unknown, name: string): unknown {
  return (map as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}
