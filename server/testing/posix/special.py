"""What SFTP has no form for. A mount refuses all of it with one errno, and nothing is made anywhere."""

import os
import socket
import stat
import struct

from support import renameat2, same, WHITEOUT, write
from table import behaviour


@behaviour('a fifo can be made')
def _(d):
    os.mkfifo(d / 'x')


@behaviour('a fifo can be made by mknod')
def _(d):
    os.mknod(d / 'x', 0o644 | stat.S_IFIFO)


@behaviour('a character device can be made')
def _(d):
    os.mknod(d / 'x', 0o644 | stat.S_IFCHR, os.makedev(1, 3))


@behaviour('a block device can be made')
def _(d):
    os.mknod(d / 'x', 0o644 | stat.S_IFBLK, os.makedev(7, 200))


@behaviour('a socket can be made by mknod')
def _(d):
    os.mknod(d / 'x', 0o644 | stat.S_IFSOCK)


@behaviour('a socket can be bound to a name')
def _(d):
    os.chdir(d)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind('x')


@behaviour('an extended attribute can be set on a file')
def _(d):
    os.setxattr(write(d / 'f'), 'user.x', b'1')
    same(os.getxattr(d / 'f', 'user.x'), b'1')


@behaviour('an extended attribute can be set on a directory')
def _(d):
    os.mkdir(d / 'dir')
    os.setxattr(d / 'dir', 'user.x', b'1')


@behaviour('an extended attribute can be set by a descriptor')
def _(d):
    os.setxattr(os.open(write(d / 'f'), os.O_RDWR), 'user.x', b'1')


@behaviour('an extended attribute of the system can be set')
def _(d):
    os.setxattr(write(d / 'f'), 'trusted.x', b'1')


@behaviour('a list of who may do what can be set')
def _(d):
    entry = lambda tag, permissions, who: struct.pack('<HHI', tag, permissions, who)
    nobody = 0xFFFFFFFF
    acl = struct.pack('<I', 2) + b''.join([
        entry(1, 6, nobody), entry(2, 6, 7001), entry(4, 4, nobody), entry(16, 6, nobody), entry(32, 4, nobody),
    ])
    os.setxattr(write(d / 'f'), 'system.posix_acl_access', acl)


@behaviour('a file can leave a whiteout behind when it is renamed')
def _(d):
    renameat2(write(d / 'f'), d / 'g', WHITEOUT)
