"""Inode numbers, sizes and what the file system says of itself."""

import os
import stat

from support import in_child, same, write
from table import behaviour


@behaviour('an inode number stays through writing, renaming, linking, chmod and closing')
def _(d):
    inode = os.stat(write(d / 'f')).st_ino
    write(d / 'f', b'other')
    os.chmod(d / 'f', 0o600)
    os.rename(d / 'f', d / 'g')
    os.link(d / 'g', d / 'h')
    os.unlink(d / 'g')
    same((os.stat(d / 'h').st_ino, in_child(lambda: os.stat(d / 'h').st_ino)), (inode, inode))


@behaviour('the inode number of a directory stays when it and its parent are renamed')
def _(d):
    os.makedirs(d / 'a' / 'b')
    inode = os.stat(d / 'a' / 'b').st_ino
    os.rename(d / 'a', d / 'c')
    os.rename(d / 'c' / 'b', d / 'e')
    same(os.stat(d / 'e').st_ino, inode)


@behaviour('no two files have one inode number')
def _(d):
    for number in range(50):
        write(d / f'{number}')
    same(len({os.stat(d / f'{number}').st_ino for number in range(50)}), 50)


@behaviour('fstat by a descriptor and stat by the name tell the same')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    os.write(fd, b'longer content')
    same(os.fstat(fd), os.stat(d / 'f'))


@behaviour('all files are on one device')
def _(d):
    os.mkdir(d / 'dir')
    same({os.stat(path).st_dev for path in (d, d / 'dir', write(d / 'f'))}, {os.stat(d).st_dev})


@behaviour('the blocks of a file cover its data')
def _(d):
    fd = os.open(write(d / 'f', b'x' * 100_000), os.O_RDONLY)
    os.fsync(fd)
    assert 100_000 <= os.stat(d / 'f').st_blocks * 512 <= 1_000_000
    same(os.stat(write(d / 'empty', b'')).st_blocks, 0)


@behaviour('statvfs tells sizes that fit together, and names of up to 255 bytes')
def _(d):
    found = os.statvfs(d)
    assert 0 < found.f_bavail <= found.f_bfree <= found.f_blocks and found.f_frsize >= 512, found
    assert 0 < found.f_ffree <= found.f_files or found.f_files == 0, found
    same((found.f_namemax, os.pathconf(d, 'PC_NAME_MAX')), (255, 255))


@behaviour('statvfs of a file, of a symlink to it and of a descriptor is that of its directory')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    fd = os.open(d / 'f', os.O_RDONLY)
    whole = lambda found: (found.f_blocks, found.f_frsize, found.f_namemax)
    same({whole(os.statvfs(path)) for path in (d, d / 'f', d / 'link', fd)}, {whole(os.statvfs(d))})


@behaviour('sizes of files are those of their content, of directories more than nothing')
def _(d):
    for size in 0, 1, 4096, 100_000:
        same(os.stat(write(d / f'{size}', b'x' * size)).st_size, size)
    assert os.stat(d).st_size > 0


@behaviour('stat tells files, directories and symlinks apart')
def _(d):
    os.mkdir(d / 'dir')
    os.symlink('none', d / 'link')
    kinds = [stat.S_IFMT(os.lstat(path).st_mode) for path in (d / 'dir', d / 'link', write(d / 'f'))]
    same(kinds, [stat.S_IFDIR, stat.S_IFLNK, stat.S_IFREG])
