import { expect, it } from 'vitest';
import { jsonPointer, pointerPath } from './json-pointer.ts';

it('leads to any name, and can be read back', () => {
  const paths = [[], ['mirrors', 'a.b', 'port'], ['tries', 'wait', '1'], ['a/b', '~', '~1', '']];
  expect(paths.map(jsonPointer)).toEqual(['', '/mirrors/a.b/port', '/tries/wait/1', '/a~1b/~0/~01/']);
  for (const path of paths) expect(pointerPath(jsonPointer(path))).toEqual(path);
});

it('cuts what is very long', () => {
  expect(jsonPointer(['x'.repeat(101), 0])).toBe(`/${'x'.repeat(99)}…/0`);
});
