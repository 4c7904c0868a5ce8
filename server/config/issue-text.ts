import type { z } from 'zod';
import type { KeyPath } from './yaml-reading.ts';
import { keyText } from './problem.ts';
import { isUnsupportedValue, SECTIONS } from './schema.ts';
import { didYouMean } from './suggestion.ts';

type Issue = z.core.$ZodIssue;
type Finding = { readonly path: KeyPath; readonly part: 'key' | 'value'; readonly message: string };

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
};

/** What one finding of the validation means to the author of the file; unknown keys come one by one. */
export function issueFindings(issue: Issue, root: unknown): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => unknownKey([...issue.path, name]));
  }
  const value = valueAt(root, issue.path);
  const message = value === undefined ? 'is missing' : issueText(issue, value);
  return [{ path: issue.path, part: 'value', message }];
}

function issueText(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      return wrongValue(issue.path, issue.values.map(String), value);
    case 'too_small':
      return limitText(issue.origin, 'least', issue.minimum);
    case 'too_big':
      return limitText(issue.origin, 'most', issue.maximum);
    default:
      return value === null ? 'has no value' : issue.message;
  }
}

function unknownKey(path: KeyPath): Finding {
  const name = String(path.at(-1));
  const finding = (message: string): Finding => ({ path, part: 'key', message });
  if (name === 'password') return finding('passwords are not kept in this file; use password_file');
  return finding(`is not a known key${didYouMean(name, keysAt(path.slice(0, -1)))}`);
}

function keysAt(path: KeyPath): string[] {
  const place = path[0] === 'mirrors' && path.length === 2 ? 'mirrors.*' : path.map(String).join('.');
  return Object.keys(SECTIONS[place]?.shape ?? {});
}

function wrongType(expected: string, value: unknown): string {
  const wanted = TYPE_NAMES[expected] ?? expected;
  if (value === null) return `has no value; needs ${wanted}`;
  if (expected === 'string' && typeof value !== 'object') return 'needs a text; put it into quotes';
  if (typeof value === 'number') return `needs ${wanted}`;
  return `needs ${wanted}, not ${TYPE_NAMES[Array.isArray(value) ? 'array' : typeof value] ?? 'this'}`;
}

function wrongValue(path: KeyPath, allowed: readonly string[], value: unknown): string {
  if (isUnsupportedValue(keyText(path), value)) {
    return `this value is not supported by this version; use ${allowed.join(' or ')}`;
  }
  if (value === null) return `has no value; needs one of ${allowed.join(', ')}`;
  return `must be one of ${allowed.join(', ')}${didYouMean(typeof value === 'string' ? value : '', allowed)}`;
}

function limitText(origin: string, side: 'least' | 'most', limit: number | bigint): string {
  if (origin === 'string')
    return side === 'least' ? 'must not be empty' : `has more than ${limit} characters`;
  if (origin === 'array') return `must have at ${side} ${limit} entries`;
  return `must be at ${side} ${limit}`;
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
