import { i32, i64, id64, offset64, skipped, structure, u16, u32, u64 } from './structure.ts';

// The structures of linux/fuse.h (protocol 7.23 to 7.38), field by field under their names there.

export const IN_HEADER = structure('fuse_in_header', {
  len: u32,
  opcode: u32,
  unique: id64,
  nodeid: id64,
  uid: u32,
  gid: u32,
  pid: u32,
  total_extlen: skipped(2),
  padding: skipped(2),
});

export const OUT_HEADER = structure('fuse_out_header', { len: u32, error: i32, unique: id64 });

export const INIT_IN = structure('fuse_init_in', {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
});

export const INIT_OUT = structure('fuse_init_out', {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
  max_background: u16,
  congestion_threshold: u16,
  max_write: u32,
  time_gran: u32,
  max_pages: u16,
  map_alignment: skipped(2),
  flags2: u32,
  unused: skipped(28),
});

export const ATTR = structure('fuse_attr', {
  ino: u64,
  size: offset64,
  blocks: offset64,
  atime: i64,
  mtime: i64,
  ctime: i64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  nlink: u32,
  uid: u32,
  gid: u32,
  rdev: skipped(4),
  blksize: u32,
  flags: skipped(4),
});

export const ENTRY_OUT = structure('fuse_entry_out', {
  nodeid: id64,
  generation: u64,
  entry_valid: id64,
  attr_valid: id64,
  entry_valid_nsec: u32,
  attr_valid_nsec: u32,
  attr: ATTR,
});

export const ATTR_OUT = structure('fuse_attr_out', {
  attr_valid: id64,
  attr_valid_nsec: u32,
  dummy: skipped(4),
  attr: ATTR,
});

export const FORGET_IN = structure('fuse_forget_in', { nlookup: id64 });
export const FORGET_ONE = structure('fuse_forget_one', { nodeid: id64, nlookup: id64 });
export const BATCH_FORGET_IN = structure('fuse_batch_forget_in', { count: u32, dummy: skipped(4) });

export const GETATTR_IN = structure('fuse_getattr_in', { getattr_flags: u32, dummy: skipped(4), fh: id64 });

export const SETATTR_IN = structure('fuse_setattr_in', {
  valid: u32,
  padding: skipped(4),
  fh: id64,
  size: offset64,
  lock_owner: skipped(8),
  atime: i64,
  mtime: i64,
  ctime: skipped(8),
  atimensec: u32,
  mtimensec: u32,
  ctimensec: skipped(4),
  mode: u32,
  unused4: skipped(4),
  uid: u32,
  gid: u32,
  unused5: skipped(4),
});

export const MKNOD_IN = structure('fuse_mknod_in', {
  mode: u32,
  rdev: skipped(4),
  umask: skipped(4),
  padding: skipped(4),
});
export const MKDIR_IN = structure('fuse_mkdir_in', { mode: u32, umask: skipped(4) });
export const RENAME_IN = structure('fuse_rename_in', { newdir: id64 });
export const RENAME2_IN = structure('fuse_rename2_in', { newdir: id64, flags: u32, padding: skipped(4) });
export const LINK_IN = structure('fuse_link_in', { oldnodeid: id64 });

export const OPEN_IN = structure('fuse_open_in', { flags: u32, open_flags: skipped(4) });
export const CREATE_IN = structure('fuse_create_in', {
  flags: u32,
  mode: u32,
  umask: skipped(4),
  open_flags: skipped(4),
});
export const OPEN_OUT = structure('fuse_open_out', { fh: id64, open_flags: u32, padding: skipped(4) });

export const RELEASE_IN = structure('fuse_release_in', {
  fh: id64,
  flags: skipped(4),
  release_flags: skipped(4),
  lock_owner: skipped(8),
});

/** Also that of READDIR and READDIRPLUS. */
export const READ_IN = structure('fuse_read_in', {
  fh: id64,
  offset: offset64,
  size: u32,
  read_flags: skipped(4),
  lock_owner: skipped(8),
  flags: skipped(4),
  padding: skipped(4),
});

export const WRITE_IN = structure('fuse_write_in', {
  fh: id64,
  offset: offset64,
  size: u32,
  write_flags: u32,
  lock_owner: skipped(8),
  flags: u32,
  padding: skipped(4),
});
export const WRITE_OUT = structure('fuse_write_out', { size: u32, padding: skipped(4) });

export const FALLOCATE_IN = structure('fuse_fallocate_in', {
  fh: id64,
  offset: offset64,
  length: offset64,
  mode: u32,
  padding: skipped(4),
});

/** Also that of FSYNCDIR. */
export const FSYNC_IN = structure('fuse_fsync_in', { fh: id64, fsync_flags: u32, padding: skipped(4) });

export const KSTATFS = structure('fuse_kstatfs', {
  blocks: id64,
  bfree: id64,
  bavail: id64,
  files: id64,
  ffree: id64,
  bsize: u32,
  namelen: u32,
  frsize: u32,
  padding: skipped(4),
  spare: skipped(24),
});

export const INTERRUPT_IN = structure('fuse_interrupt_in', { unique: id64 });

/** The name follows, and zero bytes up to a multiple of eight. */
export const DIRENT = structure('fuse_dirent', { ino: u64, off: id64, namelen: u32, type: u32 });

export const NOTIFY_INVAL_INODE_OUT = structure('fuse_notify_inval_inode_out', {
  ino: id64,
  off: i64,
  len: i64,
});
