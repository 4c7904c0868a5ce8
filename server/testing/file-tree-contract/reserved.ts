import { describe, expect, test } from 'vitest';
import { lstat, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expectCode, modeOf, patterned, type Stage } from './stage.ts';

/** The small files of the reserved directory. */
export function describeReserved(stage: Stage): void {
  describe('reserved files', () => {
    test('a missing one is undefined', async () => {
      expect(await stage.tree.readReserved('never-written.json')).toBeUndefined();
    });

    test('are written, read and replaced, in a directory that is the owner’s alone', async () => {
      const first = patterned(10_000);
      await stage.tree.writeReserved('state.json', first);
      expect((await stage.tree.readReserved('state.json'))?.equals(first)).toBe(true);
      await stage.tree.writeReserved('state.json', Buffer.from('{}'));
      expect((await stage.tree.readReserved('state.json'))?.toString()).toBe('{}');
      expect(await readFile(join(stage.root, '.proxyfs/state.json'), 'utf8')).toBe('{}');
      expect(await modeOf(join(stage.root, '.proxyfs'))).toBe(0o700);
    });

    test('are overwritten in place, and say how long ago by the clock of the replica', async () => {
      const path = join(stage.root, '.proxyfs/state.json');
      await stage.tree.writeReserved('state.json', Buffer.from('before'));
      await utimes(path, 1_000_000, 1_000_000);
      expect(await stage.tree.reservedAgeMs('state.json')).toBeGreaterThan(10 ** 12);
      const { ino } = await lstat(path);
      await stage.tree.overwriteReserved('state.json', Buffer.from('after!'));
      expect([await readFile(path, 'utf8'), (await lstat(path)).ino]).toEqual(['after!', ino]);
      expect(await stage.tree.reservedAgeMs('state.json')).toBeLessThan(60_000);
    });

    test('that are missing have no age, and are not made by overwriting', async () => {
      expect(await stage.tree.reservedAgeMs('missing.json')).toBeUndefined();
      await expectCode(stage.tree.overwriteReserved('missing.json', Buffer.from('x')), 'NOT_FOUND');
    });

    test('stay when leftovers are dropped', async () => {
      await stage.tree.writeReserved('replica.json', Buffer.from('{"set":"x"}'));
      await stage.tree.dropLeftovers();
      expect((await stage.tree.readReserved('replica.json'))?.toString()).toBe('{"set":"x"}');
    });
  });
}
