import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type YAMLMap,
} from 'yaml';
import type { ConfigurationProblem, Position } from './problem.ts';
import { yamlErrorText } from './yaml-error-text.ts';

export type KeyPath = readonly PropertyKey[];
/** A YAML map as a plain value, without prototype: its keys are what a file says. */
export type PlainMap = Record<string, unknown>;

/** What a YAML text holds, where each part of it stands, and what is wrong with its form. */
export interface YamlReading {
  /** Undefined where the text is so broken that its values mean nothing. */
  readonly root: PlainMap | undefined;
  readonly problems: readonly ConfigurationProblem[];
  /** Whether a problem was already reported for the value itself. */
  isReported(path: KeyPath): boolean;
  /** Where the key, or the value of it, stands; of what is missing, where the map around it begins. */
  positionOf(path: KeyPath, part: 'key' | 'value'): Position;
}

// The composer recurses; at about 800 levels it runs out of stack, in V8's regular expressions even fatally.
const MAX_DEPTH = 100;

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  resolveKnownTags: false,
  stringKeys: true,
  // Compares each key with each other one: slow in a huge map, so the reader does it.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

const START: Position = { line: 1, column: 1 };

/** Reads one YAML document; never throws, whatever the text. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const reader = new DocumentReader(lines);
  const parsed = parseDocuments(text, lines);
  if (parsed === 'too-deep') reader.report([], START, 'is nested too deeply');
  else reader.readDocuments(parsed);
  return reader;
}

interface ParsedText {
  readonly documents: readonly Document.Parsed[];
  /** Where each quoted text begins, by where it ends. */
  readonly quotes: ReadonlyMap<number, number>;
}

function parseDocuments(text: string, lines: LineCounter): ParsedText | 'too-deep' {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const quotes = new Map<number, number>();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    const start = parser.offset;
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return 'too-deep';
    if (/^["']/.test(lexeme)) quotes.set(parser.offset, start);
  }
  tokens.push(...parser.end());
  return { documents: [...new Composer(OPTIONS).compose(tokens, true, text.length)], quotes };
}

class DocumentReader implements YamlReading {
  root: PlainMap | undefined;
  readonly problems: ConfigurationProblem[] = [];
  readonly #reported = new Set<string>();
  readonly #places = new Map<string, { key: number | undefined; value: number | undefined }>();
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  readDocuments({ documents, quotes }: ParsedText): void {
    const [first, second] = documents;
    if (first === undefined) return;
    if (second !== undefined) {
      this.report(
        [],
        this.#position(second.range[0]),
        'a second document begins here; the file must hold one',
      );
    }
    this.#reportForm(first, quotes);
    if (first.errors.length > 0) return;
    const { contents } = first;
    if (isMap(contents)) this.root = this.#readMap(contents, []);
    else if (isEmpty(contents))
      this.report([], START, 'the file is empty; local_path, mount_point and mirrors are needed');
    else this.report([], this.#position(contents?.range?.[0]), 'the file must be a map of keys and values');
  }

  report(path: KeyPath, position: Position, message: string): void {
    this.#reported.add(pathId(path));
    this.problems.push({ key: path, ...position, message });
  }

  isReported(path: KeyPath): boolean {
    return this.#reported.has(pathId(path));
  }

  positionOf(path: KeyPath, part: 'key' | 'value'): Position {
    const place = this.#places.get(pathId(path));
    if (place !== undefined) return this.#position((part === 'value' ? place.value : undefined) ?? place.key);
    return path.length === 0 ? START : this.positionOf(path.slice(0, -1), 'key');
  }

  /** One mistake often makes the parser stumble on through the rest of the line. */
  #reportForm(document: Document.Parsed, quotes: ParsedText['quotes']): void {
    let lastLine = 0;
    for (const error of [...document.errors, ...document.warnings]) {
      // A text that never ends is found missing its end far below the quote to look at.
      const quote = error.code === 'MISSING_CHAR' ? quotes.get(error.pos[0]) : undefined;
      const position = this.#position(quote ?? error.pos[0]);
      if (position.line === lastLine) continue;
      lastLine = position.line;
      this.problems.push({ key: [], ...position, message: yamlErrorText(error.code) });
    }
  }

  #readNode(node: unknown, path: KeyPath): unknown {
    if (isMap(node)) return this.#readMap(node, path);
    if (isSeq(node))
      return node.items.map((item, index) => this.#readEntry(item, [...path, index], undefined));
    if (isScalar(node)) return node.value;
    if (isAlias(node)) this.report(path, this.positionOf(path, 'value'), 'aliases (*name) are not supported');
    return null;
  }

  #readMap(map: YAMLMap, path: KeyPath): PlainMap {
    const plain: PlainMap = Object.create(null) as PlainMap;
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const keyOffset = isScalar(key) ? key.range?.[0] : undefined;
      const entryPath = [...path, name];
      if (name in plain) {
        const first = this.positionOf(entryPath, 'key');
        const message = `is given twice, first in line ${first.line}`;
        // Not by report(): the first value is still worth checking.
        this.problems.push({ key: entryPath, ...this.#position(keyOffset), message });
        continue;
      }
      // Validation skips this name silently, so it must not get there.
      if (name === '__proto__') this.report(entryPath, this.#position(keyOffset), 'is not a known key');
      else plain[name] = this.#readEntry(value, entryPath, keyOffset);
    }
    return plain;
  }

  #readEntry(node: unknown, path: KeyPath, keyOffset: number | undefined): unknown {
    const valueOffset = isEmpty(node) ? undefined : (node as Node).range?.[0];
    this.#places.set(pathId(path), { key: keyOffset ?? valueOffset, value: valueOffset });
    return this.#readNode(node, path);
  }

  #position(offset: number | undefined): Position {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return line === 0 ? START : { line, column: col };
  }
}

/** The written form of a path is ambiguous where names hold dots; this one is not. */
export function pathId(path: KeyPath): string {
  return JSON.stringify(path.map(String));
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null && !node.source);
}
