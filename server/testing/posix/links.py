"""Hard links and the counts of them."""

import os
import stat
from errno import ENOENT, ENOTDIR, EPERM, EXDEV

from support import ALICE, as_user, AT_SYMLINK_FOLLOW, linkat, mode_of, read, refused, same, write
from table import behaviour


def links(path):
    return os.lstat(path).st_nlink


@behaviour('a hard link is the same file: inode, content, mode, owner, times')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    same(os.stat(d / 'a'), os.stat(d / 'b'))
    same(read(d / 'b'), b'content')


@behaviour('the link count of a file follows each link and unlink, under each name')
def _(d):
    write(d / 'a')
    for number in range(1, 6):
        same(links(d / 'a'), number)
        os.link(d / 'a', d / f'b{number}')
    for number in range(1, 6):
        same((links(d / 'a'), links(d / 'b5')), (7 - number, 7 - number))
        os.unlink(d / f'b{number}') if number < 5 else None
    same(links(d / 'b5'), 2)


@behaviour('what is written under one name is read under the other')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    write(d / 'b', b'by b')
    same(read(d / 'a'), b'by b')
    os.truncate(d / 'a', 2)
    same(os.path.getsize(d / 'b'), 2)


@behaviour('chmod, chown and utimens under one name show under the other')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    os.chmod(d / 'b', 0o600)
    os.chown(d / 'b', 5, 6)
    os.utime(d / 'b', ns=(10**9, 2 * 10**9))
    found = os.stat(d / 'a')
    same((mode_of(d / 'a'), found.st_uid, found.st_gid, found.st_mtime_ns), (0o600, 5, 6, 2 * 10**9))


@behaviour('a file lives on under its other name when the first is unlinked')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    inode = os.stat(d / 'a').st_ino
    os.unlink(d / 'a')
    same((read(d / 'b'), os.stat(d / 'b').st_ino, links(d / 'b')), (b'content', inode, 1))


@behaviour('an open file whose name is unlinked is written through to its other name')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    fd = os.open(d / 'a', os.O_RDWR)
    os.unlink(d / 'a')
    os.write(fd, b'CON')
    os.fchmod(fd, 0o600)
    same((read(d / 'b'), mode_of(d / 'b'), os.fstat(fd).st_nlink), (b'CONtent', 0o600, 1))


@behaviour('an open file whose name is unlinked before its other name was ever looked up is written through')
def _(d):
    os.mkdir(d / 'dir')
    os.link(write(d / 'a'), d / 'dir' / 'b')
    os.rename(d / 'dir', d / 'moved')
    fd = os.open(d / 'a', os.O_RDWR)
    os.unlink(d / 'a')
    os.write(fd, b'CON')
    same(read(d / 'moved' / 'b'), b'CONtent')


@behaviour('link of a directory is refused with EPERM')
def _(d):
    os.mkdir(d / 'dir')
    refused(EPERM, os.link, d / 'dir', d / 'link')
    same(os.listdir(d), ['dir'])


@behaviour('link below a file as its directory is refused with ENOTDIR')
def _(d):
    write(d / 'f')
    refused(ENOTDIR, os.link, d / 'f', d / 'f' / 'x')


@behaviour('link of a symlink links the symlink itself')
def _(d):
    os.symlink('target', d / 'link')
    linkat(d / 'link', d / 'second')
    same((os.readlink(d / 'second'), links(d / 'link')), ('target', 2))
    same(os.lstat(d / 'link').st_ino, os.lstat(d / 'second').st_ino)


@behaviour('link of a symlink with AT_SYMLINK_FOLLOW links its target')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    linkat(d / 'link', d / 'second', AT_SYMLINK_FOLLOW)
    same((stat.S_ISREG(os.lstat(d / 'second').st_mode), links(d / 'f')), (True, 2))


@behaviour('link by a descriptor under /proc gives an open file another name')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    linkat(f'/proc/self/fd/{fd}', d / 'second', AT_SYMLINK_FOLLOW)
    same((read(d / 'second'), os.fstat(fd).st_nlink), (b'content', 2))


@behaviour('link by a descriptor of an unlinked file is refused with ENOENT')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    os.unlink(d / 'f')
    refused(ENOENT, linkat, f'/proc/self/fd/{fd}', d / 'second', AT_SYMLINK_FOLLOW)
    same(os.listdir(d), [])


@behaviour('link to another file system is refused with EXDEV')
def _(d):
    refused(EXDEV, os.link, '/proc/version', d / 'f')
    refused(EXDEV, os.rename, write(d / 'f'), '/proc/f')


@behaviour('a file can have 140 names, and loses them one by one')
def _(d):
    write(d / 'f')
    for number in range(139):
        os.link(d / 'f', d / f'{number}')
    same(links(d / '77'), 140)
    fd = os.open(d / 'f', os.O_RDWR)
    os.unlink(d / 'f')
    for number in range(138):
        os.unlink(d / f'{number}')
    os.write(fd, b'LAST')
    same((read(d / '138'), links(d / '138')), (b'LASTent', 1))


@behaviour('a directory has two links, and one more for each directory in it')
def _(d):
    os.mkdir(d / 'dir')
    if links(d / 'dir') == 1:
        return
    same(links(d / 'dir'), 2)
    os.mkdir(d / 'dir' / 'a')
    os.mkdir(d / 'dir' / 'b')
    write(d / 'dir' / 'f')
    same(links(d / 'dir'), 4)
    os.rmdir(d / 'dir' / 'a')
    same(links(d / 'dir'), 3)
    os.rename(d / 'dir' / 'b', d / 'b')
    same(links(d / 'dir'), 2)


@behaviour('names in several directories are one file')
def _(d):
    for number in range(5):
        os.mkdir(d / f'{number}')
        os.link(d / f'{number - 1}' / 'f', d / f'{number}' / 'f') if number else write(d / '0' / 'f')
    write(d / '3' / 'f', b'all')
    same({read(d / f'{number}' / 'f') for number in range(5)}, {b'all'})


@behaviour('link of a file that the caller may not write to follows the rule of the system')
def _(d):
    write(d / 'f', mode=0o600)
    with open('/proc/sys/fs/protected_hardlinks') as file:
        is_protected = file.read().strip() != '0'
    if is_protected:
        refused(EPERM, as_user, ALICE, os.link, d / 'f', d / 'second')
    else:
        as_user(ALICE, os.link, d / 'f', d / 'second')
    same(links(d / 'f'), 1 if is_protected else 2)
