import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../base/errors.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { Engine } from '../testing/engine.ts';
import { treeSizeOf } from './tree-size.ts';

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  await mkdir(join(engine.localRoot, 'a/b'), { recursive: true });
  await writeFile(join(engine.localRoot, 'a/b/three'), '123');
  await writeFile(join(engine.localRoot, 'a/four'), '1234');
  await symlink('four', join(engine.localRoot, 'a/link'));
});

afterEach(() => engine.stop());

const size = (path: string, turn = () => Promise.resolve()) => treeSizeOf(engine.local, treePath(path), turn);

it('counts entries and the bytes of files, at and below a path', async () => {
  expect(await size('/')).toEqual({ entries: 6, bytes: 7 });
  expect(await size('/a/b')).toEqual({ entries: 2, bytes: 3 });
  expect(await size('/a/four')).toEqual({ entries: 1, bytes: 4 });
  expect(await size('/none')).toEqual({ entries: 0, bytes: 0 });
});

it('ends when it is told to', async () => {
  await expect(size('/', () => Promise.reject(new AppError('CANCELLED')))).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});
