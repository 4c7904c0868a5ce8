import { expect, it } from 'vitest';
import { mountAround } from './mount-reach.ts';
import { parseMountTable } from './mount-table.ts';

const TABLE = parseMountTable(
  [
    '1 0 0:1 / / rw - overlay overlay rw',
    '2 1 0:2 / /mnt/p rw shared:7 - ext4 /dev/vda rw',
    '3 2 0:3 / /mnt/p/www rw - fuse proxyfs rw',
    '4 2 0:4 / /mnt/p/www rw shared:7 - fuse proxyfs rw',
  ].join('\n'),
);

it('finds the mount that a path lies in, the last one where several are on one directory', () => {
  const idOf = (path: string) => mountAround(path, TABLE)?.id;
  expect(idOf('/mnt/pp')).toBe(1);
  expect(idOf('/')).toBe(1);
  expect(idOf('/mnt/p')).toBe(2);
  expect(idOf('/mnt/p/other')).toBe(2);
  expect(idOf('/mnt/p/www')).toBe(4);
  expect(mountAround('/mnt/p/www', TABLE)).toMatchObject({ propagation: 'shared' });
});
