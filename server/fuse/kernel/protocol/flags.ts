/** Constants of linux/fuse.h under their names there; a test compares them. */
export const FLAGS = {
  FUSE_KERNEL_VERSION: 7,
  FUSE_ROOT_ID: 1,

  FUSE_ASYNC_READ: 1 << 0,
  FUSE_ATOMIC_O_TRUNC: 1 << 3,
  FUSE_BIG_WRITES: 1 << 5,
  FUSE_DO_READDIRPLUS: 1 << 13,
  FUSE_READDIRPLUS_AUTO: 1 << 14,
  FUSE_PARALLEL_DIROPS: 1 << 18,
  FUSE_MAX_PAGES: 1 << 22,
  FUSE_HANDLE_KILLPRIV_V2: 1 << 28,

  FATTR_MODE: 1 << 0,
  FATTR_UID: 1 << 1,
  FATTR_GID: 1 << 2,
  FATTR_SIZE: 1 << 3,
  FATTR_ATIME: 1 << 4,
  FATTR_MTIME: 1 << 5,
  FATTR_FH: 1 << 6,
  FATTR_ATIME_NOW: 1 << 7,
  FATTR_MTIME_NOW: 1 << 8,

  FOPEN_KEEP_CACHE: 1 << 1,
  FOPEN_NOFLUSH: 1 << 5,

  FUSE_GETATTR_FH: 1 << 0,
  FUSE_WRITE_CACHE: 1 << 0,
  FUSE_FSYNC_FDATASYNC: 1 << 0,
} as const;
