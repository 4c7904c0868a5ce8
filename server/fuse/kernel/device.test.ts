import { openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FuseDevice } from './device.ts';

it('takes no answer once it is closed, when its descriptor may be that of somebody’s file', async () => {
  const device = new FuseDevice(openSync('/dev/null', 'w'));
  const message = [Buffer.from('late')];
  device.write(message);
  await device.writeSlowly(message);
  await device.close();
  expect(() => device.write(message)).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  await expect(device.writeSlowly(message)).rejects.toMatchObject({ code: 'ENODEV' });
});
