import { expect, it } from 'vitest';
import { RepairRoom } from './repair-room.ts';

const MIB = 1024 * 1024;

/** How many files of such a size are under way when many are waiting, and that all of them get their turn. */
async function atOnce(room: RepairRoom, sizeBytes: number): Promise<number> {
  let [underWay, most, done] = [0, 0, 0];
  const endings: (() => void)[] = [];
  const works = Array.from({ length: 2000 }, () =>
    room.with(sizeBytes, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => endings.push(resolve));
      underWay -= 1;
      done += 1;
    }),
  );
  const all = Promise.all(works);
  for (let isOver = false; !isOver; isOver = done === works.length) {
    await new Promise(setImmediate);
    for (const end of endings.splice(0)) end();
  }
  await all;
  return most;
}

it('lets more small files be on their way to a distant mirror, and no more large ones than memory allows', async () => {
  expect(await atOnce(new RepairRoom(), 4096)).toBe(512);
  expect(await atOnce(new RepairRoom(0.2), 4096)).toBe(512);
  expect(await atOnce(new RepairRoom(50), 4096)).toBe(1024);
  expect(await atOnce(new RepairRoom(60_000), 4096)).toBe(1024);
  expect(await atOnce(new RepairRoom(), 100 * MIB)).toBe(7);
  expect(await atOnce(new RepairRoom(50), 100 * MIB)).toBe(15);
});

it('gives its room back after a failure', async () => {
  const room = new RepairRoom();
  const failing = () => room.with(100 * MIB, () => Promise.reject(new Error('refused')));
  for (let k = 0; k < 10; k += 1) await expect(failing()).rejects.toThrow('refused');
  expect(await atOnce(room, 100 * MIB)).toBe(7);
});
