import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../base/errors.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { decodeRecord, encodeRecord, OVERLAP_OFFSET, type UndoRecord } from './undo-record.ts';
import { UndoSlots } from './undo-slots.ts';

const RECORD: UndoRecord = {
  kind: 'write',
  path: '/some/where\n"é"',
  device: 2n ** 60n,
  inode: 2n ** 63n,
  offset: 2 ** 45,
  sizeBytes: 2 ** 46,
  atimeNs: -5n,
  mtimeNs: 1_700_000_000_123_456_789n,
};

let temp: TempDirectory;
let slots: UndoSlots;

beforeEach(async () => {
  temp = await tempDirectory('slots');
  slots = new UndoSlots(join(temp.path, 'undo'));
});
afterEach(() => temp.remove());

function slotWith(record: UndoRecord, overlap: Buffer): Buffer {
  const slot = Buffer.alloc(OVERLAP_OFFSET + overlap.length);
  encodeRecord(record, overlap, 'boot').copy(slot);
  overlap.copy(slot, OVERLAP_OFFSET);
  return slot;
}

describe('an undo record', () => {
  test.each([0, 1, 70_000])('comes back as it was, with %i old bytes', (lengthBytes) => {
    const overlap = Buffer.alloc(lengthBytes, 'old');
    const left = decodeRecord(slotWith(RECORD, overlap));
    expect(left).toMatchObject({ record: RECORD, bootId: 'boot' });
    expect(left?.overlap.equals(overlap)).toBe(true);
  });

  test('is none when cut off anywhere or with any byte changed', () => {
    const slot = slotWith(RECORD, Buffer.from('old bytes'));
    const recordBytes = encodeRecord(RECORD, Buffer.from('old bytes'), 'boot').length;
    for (let length = 0; length < recordBytes; length++)
      expect(decodeRecord(slot.subarray(0, length))).toBeUndefined();
    expect(decodeRecord(slot.subarray(0, slot.length - 1))).toBeUndefined();
    const positions = [...Array(recordBytes).keys(), OVERLAP_OFFSET, slot.length - 1];
    for (const position of positions) {
      const damaged = Buffer.from(slot);
      damaged.writeUInt8(damaged.readUInt8(position) ^ 0x10, position);
      expect(decodeRecord(damaged)).toBeUndefined();
    }
  });
});

describe('undo slots', () => {
  test('take in more changes at once than there are slots', async () => {
    await slots.start();
    let under = 0;
    let most = 0;
    const change = async () => {
      const slot = await slots.take();
      most = Math.max(most, ++under);
      await slots.guard(slot, {
        record: RECORD,
        carryOut: () => new Promise((resolve) => setImmediate(resolve)),
        putBack: () => Promise.resolve(),
      });
      under--;
      slots.give(slot);
    };
    await Promise.all(Array.from({ length: 100 }, change));
    expect(most).toBeGreaterThan(1);
    const { length: made } = await readdir(join(temp.path, 'undo'));
    // One that is still being opened may find that another has become free meanwhile.
    expect(made).toBeGreaterThanOrEqual(most);
    expect(made).toBeLessThanOrEqual(16);
    await slots.stop();
    expect(await readdir(join(temp.path, 'undo'))).toEqual([]);
  });

  test('after a change that can’t be put back refuse every other, until the next start puts it back', async () => {
    await slots.start();
    const slot = await slots.take();
    const failing = slots.guard(slot, {
      record: RECORD,
      overlap: Buffer.from('old'),
      carryOut: () => Promise.reject(new Error('the disk is dying')),
      putBack: () => Promise.reject(new Error('still dying')),
    });
    await expect(failing).rejects.toSatisfy((error) => hasCode(error, 'COMMIT_FAILED'));
    expect(() => slots.check()).toThrow();
    await expect(slots.take()).rejects.toSatisfy((error) => hasCode(error, 'COMMIT_FAILED'));
    await slots.stop();

    const put: string[] = [];
    const next = new UndoSlots(join(temp.path, 'undo'));
    const failed = next.recover(() => Promise.reject(new Error('not yet')));
    await expect(failed).rejects.toThrow('not yet');
    const putBack = (record: UndoRecord, overlap: Buffer) => {
      put.push(`${record.kind} ${overlap.toString()}`);
      return Promise.resolve();
    };
    await next.recover(putBack);
    await next.recover(putBack);
    expect(put).toEqual(['write old']);
  });

  test('a change that fails and is put back leaves nothing to recover', async () => {
    await slots.start();
    const steps: string[] = [];
    const slot = await slots.take();
    const failing = slots.guard(slot, {
      record: RECORD,
      carryOut: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
      putBack: () => {
        steps.push('put back');
        return Promise.resolve();
      },
    });
    await expect(failing).rejects.toSatisfy((error) => hasCode(error, 'NO_SPACE'));
    const other = new UndoSlots(join(temp.path, 'undo'));
    await other.recover(() => {
      steps.push('recovered');
      return Promise.resolve();
    });
    expect(steps).toEqual(['put back']);
    slots.check();
  });
});
