import { describe, expect, it } from 'vitest';
import { mountTable, parseMountTable } from './mount-table.ts';

describe('the mount table', () => {
  it('is read with any number of optional fields', () => {
    const text = [
      '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '23 22 254:1 / /srv rw shared:3 master:2 - ext4 /dev/vdb rw',
      '42 22 0:39 / /mnt/www rw,nosuid - fuse proxyfs rw,user_id=0',
      '',
    ].join('\n');
    expect(parseMountTable(text)).toEqual([
      { id: 22, deviceMinor: 0, mountPoint: '/', type: 'ext4', source: '/dev/vda', propagation: 'shared' },
      { id: 23, deviceMinor: 1, mountPoint: '/srv', type: 'ext4', source: '/dev/vdb', propagation: 'slave' },
      {
        id: 42,
        deviceMinor: 39,
        mountPoint: '/mnt/www',
        type: 'fuse',
        source: 'proxyfs',
        propagation: 'private',
      },
    ]);
  });

  it('gives back the characters that the kernel escapes', () => {
    const [mount] = parseMountTable('1 0 0:1 / /a\\040b\\011c\\012d\\134e\\040ü rw - fuse proxy\\040fs rw');
    expect(mount).toMatchObject({ mountPoint: '/a b\tc\nd\\e ü', source: 'proxy fs' });
  });

  it('leaves out lines of another form', () => {
    expect(parseMountTable('nonsense\n1 2 3\n - fuse x rw\n')).toEqual([]);
  });

  it('holds the root of this machine', async () => {
    expect((await mountTable()).map((mount) => mount.mountPoint)).toContain('/');
  });
});
