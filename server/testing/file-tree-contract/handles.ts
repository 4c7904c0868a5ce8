import { describe, expect, test } from 'vitest';
import { readFile, rename } from 'node:fs/promises';
import { expectRefused, sourceOf, type Stage } from './stage.ts';

/** What a tree keeps open between operations never shows: it writes to what the path names now. */
export function describeHandles(stage: Stage): void {
  describe('between operations', () => {
    describeReplacedInodes(stage);
    describeMovedDirectories(stage);
    describeRelease(stage);
  });
}

const writer =
  (stage: Stage) =>
  (name: string, text: string, offset = 0) =>
    stage.apply({ kind: 'write', path: stage.at(name), offset, data: Buffer.from(text) });

function describeReplacedInodes(stage: Stage): void {
  const write = writer(stage);
  const content = (name: string) => readFile(stage.real(name), 'utf8');

  test('a write after a rename over the file goes into the new one', async () => {
    await stage.plant('a', 'aaaa');
    await stage.plant('b', 'bbbb');
    await stage.apply({ kind: 'link', path: stage.at('a'), to: stage.at('old-a') });
    await write('a', 'A');
    await write('b', 'B');
    await stage.apply({ kind: 'rename', path: stage.at('b'), to: stage.at('a') });
    await write('a', 'X', 1);
    expect(await content('a')).toBe('BXbb');
    expect(await content('old-a')).toBe('Aaaa');
    await expectRefused(write('b', 'Y'), 'NOT_FOUND');
  });

  test('a write after unlink and create goes into the new file', async () => {
    await stage.plant('a', 'aaaa');
    await stage.apply({ kind: 'link', path: stage.at('a'), to: stage.at('kept') });
    await write('a', 'A');
    await stage.apply({ kind: 'unlink', path: stage.at('a') });
    await expectRefused(write('a', 'lost'), 'NOT_FOUND');
    await stage.apply({ kind: 'create', path: stage.at('a'), mode: 0o644 });
    await write('a', 'new');
    expect(await content('a')).toBe('new');
    expect(await content('kept')).toBe('Aaaa');
  });

  test('a write after replaceFile, replaceWithLink or a restored pre-image goes where the path leads', async () => {
    await stage.plant('a', 'aaaa');
    await stage.plant('other', 'oooo');
    await write('a', 'A');
    await stage.tree.replaceFile(stage.at('a'), sourceOf(Buffer.from('rrrr')));
    await write('a', 'R');
    expect(await content('a')).toBe('Rrrr');
    await stage.tree.replaceWithLink(stage.at('a'), stage.at('other'));
    await write('a', 'O');
    expect(await content('other')).toBe('Oooo');
    await stage.apply({ kind: 'unlink', path: stage.at('a') }, { preImage: 'handle' });
    await stage.apply({ kind: 'create', path: stage.at('a'), mode: 0o644 });
    await write('a', 'gone');
    await stage.tree.restorePreImage('handle', stage.at('a'));
    await write('a', 'P', 1);
    expect(await content('a')).toBe('OPoo');
  });
}

function describeMovedDirectories(stage: Stage): void {
  const write = writer(stage);

  test('a write after a directory rename follows the names', async () => {
    await stage.plantDirectory('d');
    await stage.plant('d/file', '....');
    await write('d/file', '1');
    await stage.apply({ kind: 'rename', path: stage.at('d'), to: stage.at('e') });
    await write('e/file', '2', 1);
    await stage.apply({ kind: 'mkdir', path: stage.at('d'), mode: 0o755 });
    await stage.apply({ kind: 'create', path: stage.at('d/file'), mode: 0o644 });
    await write('d/file', 'other');
    await write('e/file', '3', 2);
    expect(await readFile(stage.real('e/file'), 'utf8')).toBe('123.');
    expect(await readFile(stage.real('d/file'), 'utf8')).toBe('other');
  });

  test('two directories that trade places keep their files apart', async () => {
    for (const name of ['p', 'q']) {
      await stage.plantDirectory(name);
      await stage.plant(`${name}/file`, name.repeat(4));
      await write(`${name}/file`, name.toUpperCase());
    }
    const move = (path: string, to: string) =>
      stage.apply({ kind: 'rename', path: stage.at(path), to: stage.at(to) });
    await move('p', 'r');
    await move('q', 'p');
    await move('r', 'q');
    await write('p/file', '!', 1);
    expect(await readFile(stage.real('p/file'), 'utf8')).toBe('Q!qq');
    expect(await readFile(stage.real('q/file'), 'utf8')).toBe('Pppp');
  });
}

function describeRelease(stage: Stage): void {
  const write = writer(stage);

  test('release may come at any time, also for what was never open', async () => {
    await stage.plant('file', '....');
    stage.tree.release(stage.at('never'));
    await write('file', '1');
    stage.tree.release(stage.at('file'));
    stage.tree.release(stage.at('file'));
    await write('file', '2', 1);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('12..');
  });

  test('after release a write finds what another writer put there', async () => {
    await stage.plant('file', 'old.');
    await write('file', 'O');
    stage.tree.release(stage.at('file'));
    await stage.plant('new', 'new.');
    await rename(stage.real('new'), stage.real('file'));
    await write('file', 'N');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('New.');
  });

  test('many files are written in turn without running out of handles', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `f${index}`);
    for (const name of names) {
      await stage.apply({ kind: 'create', path: stage.at(name), mode: 0o644 });
      await write(name, name);
    }
    await Promise.all(names.map((name) => write(name, '!', name.length)));
    for (const name of names) expect(await readFile(stage.real(name), 'utf8')).toBe(`${name}!`);
  });
}
