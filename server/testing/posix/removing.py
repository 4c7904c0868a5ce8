"""unlink(2) and rmdir(2)."""

import os
import shutil
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY

from support import opened, read, refused, same, stamp_clock, start, write
from table import behaviour


@behaviour('unlink takes a file away')
def _(d):
    os.unlink(write(d / 'f'))
    same(os.listdir(d), [])
    refused(ENOENT, os.stat, d / 'f')


@behaviour('unlink of a directory is refused with EISDIR')
def _(d):
    os.mkdir(d / 'dir')
    refused(EISDIR, os.unlink, d / 'dir')
    assert os.path.isdir(d / 'dir')


@behaviour('unlink takes a symlink and leaves its target')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    os.unlink(d / 'link')
    same(os.listdir(d), ['f'])


@behaviour('unlink of a file with a slash at the end of its path is refused with ENOTDIR')
def _(d):
    write(d / 'f')
    refused(ENOTDIR, os.unlink, f'{d}/f/')
    same(os.listdir(d), ['f'])


@behaviour('unlink of . is refused')
def _(d):
    refused((EISDIR, EINVAL), os.unlink, f'{d}/.')


@behaviour('rmdir takes an empty directory away')
def _(d):
    os.mkdir(d / 'dir')
    os.rmdir(d / 'dir')
    same(os.listdir(d), [])


@behaviour('rmdir takes a path with a slash at its end')
def _(d):
    os.mkdir(d / 'dir')
    os.rmdir(f'{d}/dir/')
    same(os.listdir(d), [])


for kind, make in {
    'a file': write,
    'a directory': os.mkdir,
    'a symlink': lambda path: os.symlink('x', path),
    'a file with a dot before its name': lambda path: write(path.with_name('.hidden')),
}.items():
    @behaviour(f'rmdir of a directory that holds {kind} is refused with ENOTEMPTY')
    def _(d, make=make):
        os.mkdir(d / 'dir')
        make(d / 'dir' / 'x')
        refused(ENOTEMPTY, os.rmdir, d / 'dir')
        same(len(os.listdir(d / 'dir')), 1)


@behaviour('rmdir of a file is refused with ENOTDIR')
def _(d):
    refused(ENOTDIR, os.rmdir, write(d / 'f'))
    same(os.listdir(d), ['f'])


@behaviour('rmdir of a symlink to a directory is refused with ENOTDIR')
def _(d):
    os.mkdir(d / 'dir')
    os.symlink('dir', d / 'link')
    refused(ENOTDIR, os.rmdir, d / 'link')
    refused(ENOTDIR, os.rmdir, f'{d}/link/')
    same(sorted(os.listdir(d)), ['dir', 'link'])


@behaviour('rmdir of . is refused with EINVAL, of .. with ENOTEMPTY')
def _(d):
    os.mkdir(d / 'dir')
    refused(EINVAL, os.rmdir, f'{d}/dir/.')
    refused(ENOTEMPTY, os.rmdir, f'{d}/dir/..')
    same(os.listdir(d), ['dir'])


@behaviour('rmdir of a directory that somebody has open, and is in, works')
def _(d):
    os.mkdir(d / 'dir')
    fd = os.open(d / 'dir', os.O_RDONLY)
    os.chdir(d / 'dir')
    os.rmdir(d / 'dir')
    same((os.listdir(d), os.listdir(fd), os.fstat(fd).st_nlink), ([], [], 0))


@behaviour('in a removed directory nothing can be made, and it is listed as empty')
def _(d):
    os.mkdir(d / 'dir')
    os.chdir(d / 'dir')
    os.rmdir(d / 'dir')
    refused(ENOENT, opened, 'f', os.O_WRONLY | os.O_CREAT)
    refused(ENOENT, os.mkdir, 'dir')
    refused(ENOENT, os.symlink, 'x', 'link')
    refused(ENOENT, os.rename, write(d / 'f'), 'f')
    same(os.listdir('.'), [])
    same(os.listdir(d), ['f'])


@behaviour('a removed working directory can still be looked at, and left by ..')
def _(d):
    os.mkdir(d / 'dir')
    os.chdir(d / 'dir')
    inode = os.stat('.').st_ino
    os.rmdir(d / 'dir')
    same((os.stat('.').st_ino, os.stat('.').st_nlink), (inode, 0))
    same(os.stat('..').st_ino, os.stat(d).st_ino)


@behaviour('a removed directory whose name is given to a new one stays apart from it')
def _(d):
    os.mkdir(d / 'dir')
    fd = os.open(d / 'dir', os.O_RDONLY)
    os.rmdir(d / 'dir')
    os.mkdir(d / 'dir')
    write(d / 'dir' / 'f')
    same((os.listdir(fd), os.listdir(d / 'dir')), ([], ['f']))
    refused(ENOENT, os.stat, 'f', dir_fd=fd)


@behaviour('a tree of three levels can be removed by who lists it')
def _(d):
    for outer in range(4):
        for inner in range(4):
            os.makedirs(d / 'tree' / f'{outer}' / f'{inner}')
            write(d / 'tree' / f'{outer}' / f'{inner}' / 'f')
    shutil.rmtree(d / 'tree')
    same(os.listdir(d), [])


@behaviour('of ten processes that unlink one name one succeeds')
def _(d):
    def take():
        try:
            os.unlink(d / 'f')
            return 1
        except FileNotFoundError:
            return 0
    write(d / 'f')
    waiting = [start(take) for _ in range(10)]
    same(sum(wait() for wait in waiting), 1)


@behaviour('a new file in the place of a removed one has its own content and times, again and again')
def _(d):
    for turn in range(25):
        before = stamp_clock()
        write(d / 'f', b'x' * turn)
        found = os.stat(d / 'f')
        same((found.st_size, found.st_nlink, found.st_mtime_ns >= before), (turn, 1, True))
        os.unlink(d / 'f')


@behaviour('rmdir and mkdir of one name by two processes never both fail on what is there')
def _(d):
    def turn(call, other):
        for _ in range(25):
            try:
                call(d / 'x')
            except other:
                pass
    ended = start(lambda: turn(os.mkdir, FileExistsError))
    turn(os.rmdir, FileNotFoundError)
    ended()


@behaviour('a name can be a file, a directory and a symlink in turn')
def _(d):
    for turn in range(8):
        same(read(write(d / 'x', b'%d' % turn)), b'%d' % turn)
        os.unlink(d / 'x')
        os.mkdir(d / 'x')
        same(os.listdir(d / 'x'), [])
        os.rmdir(d / 'x')
        os.symlink(f'{turn}', d / 'x')
        same(os.readlink(d / 'x'), f'{turn}')
        os.unlink(d / 'x')
