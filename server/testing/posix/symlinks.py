"""Symlinks."""

import os
import stat
from errno import EILSEQ, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

from support import AT_SYMLINK_NOFOLLOW, mode_of, opened, read, refused, same, utimensat, write
from table import behaviour


@behaviour('a symlink gives back its target as it was said')
def _(d):
    for number, target in enumerate(['x', '../x', '/a//b/./c/', 'with space', 'new\nline', 'ünï', '.', 't' * 255]):
        os.symlink(target, d / f'{number}')
        same(os.readlink(d / f'{number}'), target)


@behaviour('a symlink may have a target of 4,095 bytes')
def _(d):
    os.symlink('t' * 4095, d / 'link')
    same(os.readlink(d / 'link'), 't' * 4095)
    same(os.lstat(d / 'link').st_size, 4095)


@behaviour('a symlink with a target of 4,096 bytes is refused with ENAMETOOLONG')
def _(d):
    refused(ENAMETOOLONG, os.symlink, 't' * 4096, d / 'link')
    same(os.listdir(d), [])


@behaviour('a symlink with an empty target is refused with ENOENT')
def _(d):
    refused(ENOENT, os.symlink, '', d / 'link')
    same(os.listdir(d), [])


@behaviour('a symlink with a target that is no UTF-8 works, or is refused with EILSEQ and not made')
def _(d):
    try:
        os.symlink(b'\xff\xfe', os.fsencode(d / 'link'))
    except OSError as error:
        return same((error.errno, os.listdir(d)), (EILSEQ, []))
    same(os.readlink(os.fsencode(d / 'link')), b'\xff\xfe')


@behaviour('lstat tells the symlink itself: its type, mode 0777 and the length of its target')
def _(d):
    os.symlink('target', d / 'link')
    found = os.lstat(d / 'link')
    same((stat.S_ISLNK(found.st_mode), mode_of(d / 'link'), found.st_size, found.st_nlink), (True, 0o777, 6, 1))


@behaviour('readlink of a file and of a directory is refused with EINVAL')
def _(d):
    refused(EINVAL, os.readlink, write(d / 'f'))
    refused(EINVAL, os.readlink, d)


@behaviour('chmod, chown, utimens and truncate of a symlink reach its target')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    os.chmod(d / 'link', 0o600)
    os.chown(d / 'link', 11, 12)
    os.truncate(d / 'link', 3)
    os.utime(d / 'link', ns=(10**9, 2 * 10**9))
    found = os.lstat(d / 'f')
    same((mode_of(d / 'f'), found.st_uid, found.st_gid), (0o600, 11, 12))
    same((found.st_size, found.st_mtime_ns), (3, 2 * 10**9))
    assert os.lstat(d / 'link').st_uid != 11


@behaviour('lchown changes the symlink and leaves its target')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    os.lchown(d / 'link', 11, 12)
    same((os.lstat(d / 'link').st_uid, os.lstat(d / 'link').st_gid, os.stat(d / 'f').st_uid), (11, 12, 0))


@behaviour('the times of a symlink can be set, and those of its target stay')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    before = os.stat(d / 'f').st_mtime_ns
    utimensat(d / 'link', 10**9, 2 * 10**9, AT_SYMLINK_NOFOLLOW)
    same((os.lstat(d / 'link').st_mtime_ns, os.stat(d / 'f').st_mtime_ns), (2 * 10**9, before))


@behaviour('lchown works on a symlink that leads nowhere')
def _(d):
    os.symlink('none', d / 'link')
    os.lchown(d / 'link', 11, 12)
    same(os.lstat(d / 'link').st_uid, 11)
    refused(ENOENT, os.chown, d / 'link', 11, 12)


@behaviour('a chain of 40 symlinks is followed, and one of 41 refused with ELOOP')
def _(d):
    write(d / '0')
    for number in range(41):
        os.symlink(f'{number}', d / f'{number + 1}')
    same(read(d / '40'), b'content')
    refused(ELOOP, opened, d / '41')


@behaviour('a symlink to itself is refused with ELOOP by stat and found by lstat')
def _(d):
    os.symlink('self', d / 'self')
    refused(ELOOP, os.stat, d / 'self')
    same(os.readlink(d / 'self'), 'self')


@behaviour('a symlink leads from where it stands, also after it was moved')
def _(d):
    os.mkdir(d / 'a')
    os.mkdir(d / 'b')
    write(d / 'a' / 'f', b'in a')
    write(d / 'b' / 'f', b'in b')
    os.symlink('f', d / 'a' / 'link')
    same(read(d / 'a' / 'link'), b'in a')
    os.rename(d / 'a' / 'link', d / 'b' / 'link')
    same(read(d / 'b' / 'link'), b'in b')


@behaviour('a symlink out of the file system is followed there')
def _(d):
    os.symlink('/proc/self', d / 'link')
    assert os.path.exists(d / 'link' / 'status')


@behaviour('a symlink replaced by another leads there at once')
def _(d):
    write(d / '1', b'1')
    write(d / '2', b'2')
    os.symlink('1', d / 'link')
    same(read(d / 'link'), b'1')
    os.symlink('2', d / 'new')
    os.rename(d / 'new', d / 'link')
    same((os.readlink(d / 'link'), read(d / 'link')), ('2', b'2'))


@behaviour('a symlink below a file as its directory is refused with ENOTDIR')
def _(d):
    os.symlink('f/x', d / 'link')
    write(d / 'f')
    refused(ENOTDIR, os.stat, d / 'link')
