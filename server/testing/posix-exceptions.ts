import type { MountDriver } from './mounted-tree.ts';

/** Behaviours of the table that a mount doesn't have. One that it turns out to have fails the test: this list is true. */
export interface Exceptions {
  readonly reason: string;
  readonly names: readonly string[];
  /** The errno that they must fail with, having changed nothing anywhere. */
  readonly errno?: string;
  /** A race decides: nothing is expected of these. */
  readonly uncertain?: true;
}

const ALWAYS: readonly Exceptions[] = [
  {
    reason: 'SFTP has no form for it',
    errno: 'ENOTSUP',
    names: [
      'special: a fifo can be made',
      'special: a fifo can be made by mknod',
      'special: a character device can be made',
      'special: a block device can be made',
      'special: a socket can be made by mknod',
      'special: a socket can be bound to a name',
      'special: an extended attribute can be set on a file',
      'special: an extended attribute can be set on a directory',
      'special: an extended attribute can be set by a descriptor',
      'special: an extended attribute of the system can be set',
      'special: a list of who may do what can be set',
    ],
  },
  {
    reason: 'SFTP has no form for it',
    errno: 'EINVAL',
    names: ['special: a file can leave a whiteout behind when it is renamed'],
  },
  {
    reason: 'SFTP names everything by its whole path',
    errno: 'ENAMETOOLONG',
    names: ['paths: directories can be nested deeper than any path can say'],
  },
];

const OF_DRIVER: Readonly<Record<MountDriver, readonly Exceptions[]>> = {
  kernel: [],
  'fuse-native': [
    {
      reason: 'libfuse 2 names everything by path, and what is removed has none',
      names: [
        'removing: rmdir of a directory that somebody has open, and is in, works',
        'removing: in a removed directory nothing can be made, and it is listed as empty',
        'removing: a removed working directory can still be looked at, and left by ..',
        'removing: a removed directory whose name is given to a new one stays apart from it',
        'renames: a directory renamed over an empty one that somebody is in leaves that one removed',
        'unlinked: an unlinked file is looked at by an O_PATH descriptor',
        'unlinked: an unlinked open file can be read by its path under /proc',
        'unlinked: an unlinked open file can be written to by its path under /proc',
        'unlinked: an unlinked file that is open for reading only can be opened for writing under /proc by who may',
        'unlinked: the directory of an unlinked open file can be removed, and the file lives on',
      ],
    },
    {
      reason: 'libfuse 2 takes two names of one file for two files',
      names: [
        'mapping: maps of two names of one file are one',
        'locks: a flock of one name keeps out those who come by another name of the file',
      ],
    },
    {
      reason: 'libfuse 2 hides the caller: what is made belongs to who runs Proxyfs',
      names: [
        'owners: a new file belongs to who makes it',
        'owners: a new file by mknod belongs to who makes it',
        'owners: a new directory belongs to who makes it',
        'owners: a new symlink belongs to who makes it',
        'owners: a new file has the group of its directory where that is set-group-id',
        'owners: a new file by mknod has the group of its directory where that is set-group-id',
        'owners: a new directory has the group of its directory where that is set-group-id',
        'owners: a new symlink has the group of its directory where that is set-group-id',
        'owners: a new directory in a set-group-id directory is set-group-id too, and a file is not',
        'owners: somebody with another effective user makes files as that user',
        'sticky: in a sticky directory the owner of a file may replace it',
        'sticky: in a sticky directory the owner of a directory may replace it',
        'sticky: in a sticky directory the owner of a symlink may replace it',
        'sticky: in a sticky directory everybody may make files, link their own and write to what is writable',
      ],
    },
    {
      reason: 'libfuse 2 passes on both times or none, in milliseconds since 1970',
      names: [
        'clock: times are set exactly to the nanosecond',
        'clock: times of a file are set exactly: microseconds',
        'clock: times of a directory are set exactly: microseconds',
        'clock: times of a file are set exactly: before 1970',
        'clock: times of a directory are set exactly: before 1970',
        'clock: UTIME_OMIT leaves the mtime and sets the atime',
        'clock: UTIME_OMIT leaves the atime and sets the mtime',
        'clock: touch, with each of its options, sets what it says',
      ],
    },
    {
      reason: 'libfuse 2 has no such request',
      names: [
        'exchanges: RENAME_NOREPLACE moves to a free name',
        'stamps: chown that names neither owner nor group moves ctime alone of the object and no time of its directory',
        'listing: a listing tells the inode and the type that stat tells',
        'listing: .. of a listing has the inode of the parent, below the top and deeper',
      ],
    },
    {
      reason: 'libfuse 2 appends whatever comes by a handle that appends',
      names: ['appending: a map of a file opened with O_APPEND writes where it is told'],
    },
    {
      reason: 'a rename onto an open file is two transactions',
      names: [
        'renames: who reads a file that is replaced by rename again and again always finds one whole version',
      ],
      uncertain: true,
    },
    {
      reason:
        'libfuse 2 takes two names of one file for two files, and remembers for a second that one has no link',
      names: [
        'links: an open file whose name is unlinked is written through to its other name',
        'stamps: removing the last but one name of an open file moves its ctime by the descriptor too',
        'renames: rename between two names of one file that is open leaves both, and the descriptor works',
      ],
      uncertain: true,
    },
  ],
};

export function exceptionsOf(driver: MountDriver): ReadonlyMap<string, Exceptions> {
  const all = [...ALWAYS, ...OF_DRIVER[driver]];
  return new Map(all.flatMap((exceptions) => exceptions.names.map((name) => [name, exceptions] as const)));
}
