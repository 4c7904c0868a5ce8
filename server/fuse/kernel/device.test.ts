import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { FuseDevice } from './device.ts';
import { Readiness } from './readiness.ts';

const PIPE_BYTES = 64 * 1024;
const TURNS = 20;

it('takes no answer once it is closed, when its descriptor may be that of somebody’s file', async () => {
  const device = new FuseDevice(openSync('/dev/null', 'w'));
  const message = [Buffer.from('late')];
  device.write(message);
  await device.writeSlowly(message);
  await device.close();
  expect(() => device.write(message)).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  await expect(device.writeSlowly(message)).rejects.toMatchObject({ code: 'ENODEV' });
});

it('keeps its descriptor until what is still being written to it has ended', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'device-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const device = new FuseDevice(openSync(path, constants.O_WRONLY));
  device.write([Buffer.alloc(PIPE_BYTES)]);
  const ended: string[] = [];
  const written = device.writeSlowly([Buffer.from('waits for room')]).then(() => ended.push('written'));
  const closed = device.close().then(() => ended.push('closed'));
  for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  expect(ended).toEqual([]);
  readSync(reader, Buffer.alloc(PIPE_BYTES));
  await Promise.all([written, closed]);
  expect(ended).toEqual(['written', 'closed']);
  closeSync(reader);
  await rm(directory, { recursive: true });
});

it.skipIf(!existsSync('/dev/fuse'))(
  'waits for nothing before the mount is there, as nobody would wake it',
  async () => {
    const wait = vi.spyOn(Readiness.prototype, 'wait');
    const device = await FuseDevice.open();
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(device.read(Buffer.alloc(PIPE_BYTES))).rejects.toMatchObject({ code: 'EPERM' });
    }
    expect(wait).not.toHaveBeenCalled();
    await device.close();
    wait.mockRestore();
  },
);
