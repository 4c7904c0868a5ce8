import { describe, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modeOf, patterned, type Stage } from './stage.ts';

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

    test('stay when leftovers are dropped', async () => {
      await stage.tree.writeReserved('replica.json', Buffer.from('{"set":"x"}'));
      await stage.tree.dropLeftovers();
      expect((await stage.tree.readReserved('replica.json'))?.toString()).toBe('{"set":"x"}');
    });
  });
}
