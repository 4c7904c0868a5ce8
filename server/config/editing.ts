import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, type Pair, parseDocument, stringify, type YAMLMap } from 'yaml';
import { invariant } from '../base/errors.ts';

/** A mirror's keys as the file has them; null takes a key out. */
export type MirrorEdit = Readonly<Record<string, string | number | boolean | null>>;

const OPTIONS = { version: '1.2', schema: 'core', resolveKnownTags: false } as const;
const WHOLE_LINES = { lineWidth: 0 };

interface BlockPair {
  readonly name: string;
  readonly value: unknown;
  readonly indent: number;
  /** From the beginning of the key's line to the end of the last line that is indented deeper. */
  readonly from: number;
  readonly to: number;
}

/**
 * The text with this mirror added, or with these keys of it changed. Every other byte stays as it is, comments
 * included, where the file is written in lines, as people write it; in a file of braces the comments stay.
 * The text must be a sound configuration; the answer may not be one.
 */
export function withMirror(text: string, name: string, edit: MirrorEdit): string {
  const inPlace = (mirrors: BlockPair): string => {
    const known = blockPairs(text, mirrors.value).find((pair) => pair.name === name);
    if (known) return changed(text, known, edit);
    const added = { [name]: Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== null)) };
    return inserted(text, mirrors, stringify(added, WHOLE_LINES));
  };
  return edited(text, inPlace, (document) => {
    for (const [key, value] of Object.entries(edit)) {
      if (value === null) document.deleteIn(['mirrors', name, key]);
      else document.setIn(['mirrors', name, key], value);
    }
  });
}

/** Whether the file has it, loaded or not. */
export function hasMirror(text: string, name: string): boolean {
  return parseDocument(text, OPTIONS).hasIn(['mirrors', name]);
}

/** The text without this mirror and what is said of it. */
export function withoutMirror(text: string, name: string): string {
  const inPlace = (mirrors: BlockPair): string => {
    const pairs = blockPairs(text, mirrors.value);
    const known = pairs.find((pair) => pair.name === name);
    if (!known) return text;
    const without = text.slice(0, known.from) + text.slice(known.to);
    return pairs.length > 1 ? without : without.replace(/^mirrors:/m, 'mirrors: {}');
  };
  return edited(text, inPlace, (document) => document.deleteIn(['mirrors', name]));
}

/** In place where that comes to the same as what the library makes of it, which knows every form. */
function edited(
  text: string,
  inPlace: (mirrors: BlockPair) => string,
  change: (document: Document) => void,
): string {
  const document = parseDocument(text, OPTIONS);
  const mirrors = blockPairs(text, document.contents).find((pair) => pair.name === 'mirrors');
  const spliced = mirrors && inPlace(mirrors);
  change(document);
  if (spliced !== undefined && isDeepStrictEqual(valueOf(spliced), document.toJS())) return spliced;
  return document.toString(WHOLE_LINES);
}

function valueOf(text: string): unknown {
  const document = parseDocument(text, OPTIONS);
  return document.errors.length > 0 ? undefined : document.toJS();
}

/** The entries of a map in lines; none of a map in braces. */
function blockPairs(text: string, map: unknown): BlockPair[] {
  if (!isMap(map) || map.flow) return [];
  return (map as YAMLMap).items.map((pair) => blockPair(text, pair));
}

function blockPair(text: string, { key, value }: Pair): BlockPair {
  invariant(isScalar(key) && key.range, 'the reader takes plain keys alone');
  const [offset] = key.range;
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const indent = offset - from;
  return { name: String(key.value), value, indent, from, to: endOf(text, from, indent) };
}

/** Blank lines at the end, and comments that are not indented deeper, belong to what follows. */
function endOf(text: string, from: number, indent: number): number {
  let end = lineEnd(text, from);
  for (let at = end; at < text.length; at = lineEnd(text, at)) {
    const line = text.slice(at, lineEnd(text, at));
    if (line.trim() === '') continue;
    if (line.search(/\S/) <= indent) break;
    end = lineEnd(text, at);
  }
  return end;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}

function inserted(text: string, mirrors: BlockPair, lines: string): string {
  const pairs = blockPairs(text, mirrors.value);
  const last = pairs.at(-1);
  if (last) return spliced(text, last.to, last.to, indented(lines, last.indent));
  const [from, to] = isMap(mirrors.value) ? (mirrors.value.range ?? [0, 0]) : [0, 0];
  // What stands behind the braces of an empty map goes on to stand behind the key.
  const emptied = text.slice(0, from).trimEnd() + text.slice(to);
  const end = lineEnd(emptied, mirrors.from);
  return spliced(emptied, end, end, indented(lines, mirrors.indent + 2));
}

function changed(text: string, mirror: BlockPair, edit: MirrorEdit): string {
  const pairs = blockPairs(text, mirror.value);
  if (pairs.length === 0) return changedInBraces(text, mirror, edit);
  // From the end to the beginning, so that places found before stay where they are.
  const known = pairs.filter(({ name }) => name in edit).reverse();
  const added = Object.entries(edit).filter(
    ([key, value]) => value !== null && !known.some((pair) => pair.name === key),
  );
  const { to, indent } = pairs.at(-1) ?? mirror;
  const lines = added.length > 0 ? indented(stringify(Object.fromEntries(added), WHOLE_LINES), indent) : '';
  let next = spliced(text, to, to, lines);
  for (const pair of known) next = withValue(next, pair, edit[pair.name] ?? null);
  return next;
}

function withValue(text: string, pair: BlockPair, value: MirrorEdit[string]): string {
  if (value === null) return text.slice(0, pair.from) + text.slice(pair.to);
  const range = isScalar(pair.value) ? pair.value.range : undefined;
  return range ? spliced(text, range[0], range[1], stringify(value, WHOLE_LINES).trimEnd()) : text;
}

function changedInBraces(text: string, { value }: BlockPair, edit: MirrorEdit): string {
  if (!isMap(value) || !value.range) return text;
  const [from, to] = value.range;
  const own = parseDocument(text.slice(from, to), OPTIONS);
  for (const [key, wanted] of Object.entries(edit)) {
    if (wanted === null) own.delete(key);
    else own.set(key, wanted);
  }
  return spliced(text, from, to, own.toString(WHOLE_LINES).trimEnd());
}

function spliced(text: string, from: number, to: number, insert: string): string {
  const before = text.slice(0, from);
  // The last line of a file may lack its end.
  const gap = insert.endsWith('\n') && before !== '' && !before.endsWith('\n') ? '\n' : '';
  return before + gap + insert + text.slice(to);
}

function indented(lines: string, indent: number): string {
  return lines.replace(/^(?=.)/gm, ' '.repeat(indent));
}
