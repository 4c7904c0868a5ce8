import { describe, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import { childOf, isWithin, movedPath, nameOf, parentOf, ROOT, treePath } from './tree-path.ts';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('treePath', () => {
  test.each([
    '/',
    '/a',
    '/a/b',
    '/ ',
    '/a\nb',
    '/\\',
    '/...',
    '/..a',
    '/ünï',
    '/😀',
    '/a/.proxyfs',
    '/.proxyfs2',
  ])('accepts %j as it is', (text) => {
    expect(treePath(text)).toBe(text);
  });

  test.each([
    '',
    'a',
    'a/b',
    '//',
    '/a/',
    '/a//b',
    '/.',
    '/..',
    '/a/..',
    '/a/./b',
    '/../etc',
    '/a\0b',
    './a',
  ])('refuses %j, which is not a normalised path inside the tree', (text) => {
    expect(codeOf(() => treePath(text))).toBe('INVALID_ARGUMENT');
  });

  test.each(['/.proxyfs', '/.proxyfs/replica.json'])('refuses %j, which belongs to Proxyfs', (text) => {
    expect(codeOf(() => treePath(text))).toBe('NOT_PERMITTED');
  });

  test('refuses names that are not UTF-8: replaced bytes and lone surrogates', () => {
    expect(codeOf(() => treePath(`/${Buffer.from([0x61, 0xff]).toString()}`))).toBe('NAME_NOT_UTF8');
    expect(codeOf(() => treePath('/a\ud800b'))).toBe('NAME_NOT_UTF8');
  });

  test('measures names and paths in bytes', () => {
    expect(codeOf(() => treePath(`/${'x'.repeat(255)}`))).toBe('accepted');
    expect(codeOf(() => treePath(`/${'x'.repeat(256)}`))).toBe('NAME_TOO_LONG');
    expect(codeOf(() => treePath(`/${'é'.repeat(127)}`))).toBe('accepted');
    expect(codeOf(() => treePath(`/${'é'.repeat(128)}`))).toBe('NAME_TOO_LONG');
    const long = `/${'x'.repeat(254)}`.repeat(16);
    expect(Buffer.byteLength(long)).toBe(4080);
    expect(codeOf(() => treePath(`${long}/${'y'.repeat(14)}`))).toBe('accepted');
    expect(codeOf(() => treePath(`${long}/${'y'.repeat(15)}`))).toBe('NAME_TOO_LONG');
  });
});

describe('the parts of a path', () => {
  const path = treePath('/a/b/c');

  test('childOf goes down and checks the name', () => {
    expect(childOf(ROOT, 'a')).toBe('/a');
    expect(childOf(treePath('/a/b'), 'c')).toBe(path);
    expect(codeOf(() => childOf(ROOT, '.proxyfs'))).toBe('NOT_PERMITTED');
    expect(codeOf(() => childOf(path, '..'))).toBe('INVALID_ARGUMENT');
    // A slash in a name from outside must not become a deeper path unnoticed when it leads upwards.
    expect(codeOf(() => childOf(path, '../x'))).toBe('INVALID_ARGUMENT');
  });

  test('parentOf and nameOf take it apart; the root is its own parent', () => {
    expect([parentOf(path), nameOf(path)]).toEqual(['/a/b', 'c']);
    expect([parentOf(treePath('/a')), nameOf(treePath('/a'))]).toEqual(['/', 'a']);
    expect(parentOf(ROOT)).toBe('/');
  });

  test('isWithin goes by whole names', () => {
    expect(isWithin(path, treePath('/a/b'))).toBe(true);
    expect(isWithin(path, path)).toBe(true);
    expect(isWithin(path, ROOT)).toBe(true);
    expect(isWithin(treePath('/a/bc'), treePath('/a/b'))).toBe(false);
    expect(isWithin(treePath('/a'), path)).toBe(false);
  });

  test('movedPath follows an ancestor’s new name', () => {
    expect(movedPath(path, treePath('/a'), treePath('/x/y'))).toBe('/x/y/b/c');
    expect(movedPath(path, path, treePath('/z'))).toBe('/z');
  });
});
