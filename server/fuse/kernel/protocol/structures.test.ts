import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FLAGS } from './flags.ts';
import { NOTIFY, OPCODE } from './opcodes.ts';
import type { Structure } from './structure.ts';
import * as structures from './structures.ts';

const HEADER = '/usr/include/linux/fuse.h';
const header = existsSync(HEADER) ? readFileSync(HEADER, 'utf8') : undefined;
const ALL = Object.values(structures) as unknown as readonly Structure<unknown>[];

/** sizeof of linux/fuse.h 7.38; INIT_IN is the part of fuse_init_in before flags2. */
const SIZES: Readonly<Record<string, number>> = {
  fuse_in_header: 40,
  fuse_out_header: 16,
  fuse_init_in: 16,
  fuse_init_out: 64,
  fuse_attr: 88,
  fuse_entry_out: 128,
  fuse_attr_out: 104,
  fuse_forget_in: 8,
  fuse_forget_one: 16,
  fuse_batch_forget_in: 8,
  fuse_getattr_in: 16,
  fuse_setattr_in: 88,
  fuse_mknod_in: 16,
  fuse_mkdir_in: 8,
  fuse_rename_in: 8,
  fuse_rename2_in: 16,
  fuse_link_in: 8,
  fuse_open_in: 8,
  fuse_create_in: 16,
  fuse_open_out: 16,
  fuse_release_in: 24,
  fuse_read_in: 40,
  fuse_write_in: 40,
  fuse_write_out: 8,
  fuse_fallocate_in: 32,
  fuse_fsync_in: 16,
  fuse_kstatfs: 80,
  fuse_interrupt_in: 8,
  fuse_dirent: 24,
  fuse_notify_inval_inode_out: 24,
};

describe('the structures of the protocol', () => {
  it.each(ALL)('$name has the size of the header', ({ name, sizeBytes }) => {
    expect(sizeBytes).toBe(SIZES[name]);
  });

  it('are each checked', () => {
    expect(ALL.map(({ name }) => name).sort()).toEqual(Object.keys(SIZES).sort());
  });
});

describe.skipIf(header === undefined)('compared with linux/fuse.h', () => {
  it.each(ALL)('$name has every field where the header has it', ({ name, offsets }) => {
    const expected = fieldsOf(name);
    for (const [field, offset] of offsets) expect([field, offset]).toEqual([field, expected.get(field)]);
  });

  it.each(Object.entries(OPCODE))('the request %s has the number %i', (name, number) => {
    expect(header).toMatch(new RegExp(`\\bFUSE_${name}\\s*=\\s*${number},`));
  });

  it.each(Object.entries(NOTIFY))('the notification %s has the number %i', (name, number) => {
    expect(header).toMatch(new RegExp(`\\bFUSE_NOTIFY_${name}\\s*=\\s*${number},`));
  });

  it.each(Object.entries(FLAGS))('%s is %i', (name, value) => {
    const definition = new RegExp(`#define ${name}\\s+(?:\\(1 << (\\d+)\\)|(\\d+))`).exec(header ?? '');
    const [, shift, plain] = definition ?? [];
    expect(shift === undefined ? Number(plain) : 1 << Number(shift)).toBe(value);
  });
});

/** Where the C compiler puts the fields: all are naturally aligned, so one after the other. */
function fieldsOf(name: string): ReadonlyMap<string, number> {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(header ?? '')?.[1] ?? '';
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const [, type = '', field = '', count] of body.matchAll(
    /(u?int\d+_t|struct \w+|char)\s+(\w+)(?:\[(\d*)\])?;/g,
  )) {
    offsets.set(field, offset);
    offset += sizeOf(type) * (count === undefined ? 1 : Number(count));
  }
  return offsets;
}

function sizeOf(type: string): number {
  const bits = /^u?int(\d+)_t$/.exec(type)?.[1];
  if (bits !== undefined) return Number(bits) / 8;
  return type === 'char' ? 1 : (SIZES[type.replace('struct ', '')] ?? Number.NaN);
}
