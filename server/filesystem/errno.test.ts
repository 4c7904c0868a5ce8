import { describe, expect, test } from 'vitest';
import { readFileSync, rmdirSync, symlinkSync } from 'node:fs';
import { platform } from 'node:os';
import { ERROR_CATALOGUE } from '../../shared/error-codes.ts';
import { AppError } from '../base/errors.ts';
import { errnoNameOf, errnoNumber, errnoOf, appErrorOf, hasErrno } from './errno.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('errno', () => {
  test('every errno of the catalogue has a number of its own', () => {
    const names = [...new Set(Object.values(ERROR_CATALOGUE).map((row) => row.errno))];
    const numbers = names.map(errnoNumber);
    expect(numbers.every((number) => Number.isInteger(number) && number > 0)).toBe(true);
    expect(new Set(numbers).size).toBe(names.length);
  });

  test.runIf(platform() === 'linux')('the numbers are those of Linux', () => {
    expect([errnoNumber('ENOENT'), errnoNumber('EDQUOT'), errnoNumber('ENOTSUP')]).toEqual([2, 122, 95]);
    expect(errnoOf(new AppError('NO_SPACE'))).toBe(28);
    expect(errnoOf(new AppError('MIRROR_TIMEOUT'))).toBe(110);
  });

  test('every code of a file system survives the way to its errno and back', () => {
    const fromFileSystem = Object.entries(ERROR_CATALOGUE).slice(0, 26);
    for (const [code, row] of fromFileSystem) {
      const thrown = Object.assign(new Error('from the system'), { code: row.errno });
      expect(appErrorOf(thrown).code).toBe(code);
    }
    expect(fromFileSystem.at(-1)?.[0]).toBe('NAME_NOT_UTF8');
  });

  test('what node:fs throws is translated, with its cause', () => {
    const missing = thrownBy(() => readFileSync('/no/such/file'));
    expect(appErrorOf(missing)).toMatchObject({
      code: 'NOT_FOUND',
      cause: missing,
      details: { errno: 'ENOENT' },
    });
    expect(appErrorOf(thrownBy(() => rmdirSync(process.execPath))).code).toBe('NOT_A_DIRECTORY');
    expect(appErrorOf(thrownBy(() => symlinkSync('a\0b', '/x'))).code).toBe('INVALID_ARGUMENT');
    expect(hasErrno(missing, 'EEXIST', 'ENOENT')).toBe(true);
    expect(hasErrno(missing, 'EEXIST')).toBe(false);
    expect(errnoNameOf('ENOENT')).toBeUndefined();
  });

  test('an unknown errno is an input/output error that names it; a plain exception is a bug', () => {
    const exotic = Object.assign(new Error('exotic'), { code: 'EUCLEAN' });
    expect(appErrorOf(exotic, { path: '/a' })).toMatchObject({
      code: 'INPUT_OUTPUT',
      details: { errno: 'EUCLEAN', path: '/a' },
    });
    expect(appErrorOf(new TypeError('oops')).code).toBe('BUG');
    expect(appErrorOf(Object.assign(new Error('oops'), { code: 'ERR_OUT_OF_RANGE' })).code).toBe('BUG');
  });

  test('an AppError passes as it is', () => {
    const error = new AppError('MIRROR_STALE');
    expect(appErrorOf(error)).toBe(error);
  });
});
