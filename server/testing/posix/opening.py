"""open(2) with its flags, and mkdir."""

import os
import shutil
import stat
import subprocess
from errno import EACCES, EBADF, EEXIST, EISDIR, ELOOP, ENOTDIR, EOPNOTSUPP, ETXTBSY

from support import (
    ALICE, as_user, AT_SYMLINK_FOLLOW, in_child, linkat, mode_of, opened, read, read_all, refused, same,
    start, write,
)
from table import behaviour


@behaviour('O_CREAT without O_EXCL opens what is there and leaves its content and mode')
def _(d):
    write(d / 'f', b'kept', 0o640)
    opened(d / 'f', os.O_RDWR | os.O_CREAT, 0o777)
    same((read(d / 'f'), mode_of(d / 'f')), (b'kept', 0o640))


@behaviour('O_CREAT with O_RDONLY makes an empty file')
def _(d):
    opened(d / 'f', os.O_RDONLY | os.O_CREAT)
    same(os.path.getsize(d / 'f'), 0)


@behaviour('O_TRUNC empties a file')
def _(d):
    opened(write(d / 'f'), os.O_WRONLY | os.O_TRUNC)
    same(os.path.getsize(d / 'f'), 0)


@behaviour('O_TRUNC with O_RDONLY empties a file of who may write to it')
def _(d):
    opened(write(d / 'f'), os.O_RDONLY | os.O_TRUNC)
    same(os.path.getsize(d / 'f'), 0)


@behaviour('O_TRUNC by who may only read is refused with EACCES and leaves the content')
def _(d):
    write(d / 'f')
    refused(EACCES, as_user, ALICE, opened, d / 'f', os.O_RDONLY | os.O_TRUNC)
    same(read(d / 'f'), b'content')


@behaviour('O_TRUNC of a file that another descriptor has open empties it for that one too')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    opened(d / 'f', os.O_WRONLY | os.O_TRUNC)
    same((os.read(fd, 10), os.fstat(fd).st_size), (b'', 0))


@behaviour('O_EXCL on a symlink that leads nowhere is refused with EEXIST and makes nothing')
def _(d):
    os.symlink('none', d / 'link')
    refused(EEXIST, opened, d / 'link', os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    same(os.listdir(d), ['link'])


@behaviour('O_CREAT through a symlink that leads nowhere makes its target')
def _(d):
    os.symlink('made', d / 'link')
    write(d / 'link', b'by link')
    same((sorted(os.listdir(d)), read(d / 'made')), (['link', 'made'], b'by link'))


@behaviour('O_NOFOLLOW on a symlink is refused with ELOOP')
def _(d):
    os.symlink(write(d / 'f'), d / 'link')
    refused(ELOOP, opened, d / 'link', os.O_RDONLY | os.O_NOFOLLOW)


@behaviour('O_NOFOLLOW follows symlinks that are not the last part of the path')
def _(d):
    os.mkdir(d / 'dir')
    write(d / 'dir' / 'f')
    os.symlink('dir', d / 'link')
    opened(d / 'link' / 'f', os.O_RDONLY | os.O_NOFOLLOW)


@behaviour('O_DIRECTORY on a file is refused with ENOTDIR')
def _(d):
    refused(ENOTDIR, opened, write(d / 'f'), os.O_RDONLY | os.O_DIRECTORY)


@behaviour('O_DIRECTORY with O_NOFOLLOW on a symlink to a directory is refused with ENOTDIR')
def _(d):
    os.symlink(d, d / 'link')
    refused((ENOTDIR, ELOOP), opened, d / 'link', os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


for name in 'O_WRONLY', 'O_RDWR', 'O_CREAT', 'O_TRUNC':
    @behaviour(f'open({name}) of a directory is refused with EISDIR')
    def _(d, flags=getattr(os, name)):
        os.mkdir(d / 'dir')
        refused(EISDIR, opened, d / 'dir', flags)


@behaviour('O_PATH opens a file that may not be read, for fstat but not for reading')
def _(d):
    os.chmod(write(d / 'f'), 0)

    def look():
        fd = os.open(d / 'f', os.O_PATH)
        same(os.fstat(fd).st_size, 7)
        refused(EBADF, os.read, fd, 1)
        refused(EBADF, os.fchmod, fd, 0o644)
    as_user(ALICE, look)


@behaviour('O_PATH with O_NOFOLLOW opens a symlink itself')
def _(d):
    os.symlink('target', d / 'link')
    fd = os.open(d / 'link', os.O_PATH | os.O_NOFOLLOW)
    same((stat.S_ISLNK(os.fstat(fd).st_mode), os.readlink('', dir_fd=fd)), (True, 'target'))


@behaviour('an O_PATH descriptor can be opened anew for reading and writing')
def _(d):
    fd = os.open(write(d / 'f'), os.O_PATH)
    write(f'/proc/self/fd/{fd}', b'anew')
    same(read(d / 'f'), b'anew')


@behaviour('a descriptor for reading can be opened anew for writing')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    write(f'/proc/self/fd/{fd}', b'anew')
    same(os.read(fd, 10), b'anew')


@behaviour('O_TMPFILE makes a file without a name that can be given one, or is refused with EOPNOTSUPP')
def _(d):
    try:
        fd = os.open(d, os.O_RDWR | os.O_TMPFILE, 0o600)
    except OSError as error:
        return same((error.errno, os.listdir(d)), (EOPNOTSUPP, []))
    os.write(fd, b'named')
    linkat(f'/proc/self/fd/{fd}', d / 'f', AT_SYMLINK_FOLLOW)
    same(read(d / 'f'), b'named')


@behaviour('the umask takes bits from the mode of a new file')
def _(d):
    os.umask(0o027)
    opened(d / 'f', os.O_WRONLY | os.O_CREAT, 0o666)
    same(mode_of(d / 'f'), 0o640)


@behaviour('the umask takes bits from the mode of a new directory')
def _(d):
    os.umask(0o027)
    os.mkdir(d / 'dir', 0o777)
    same(mode_of(d / 'dir'), 0o750)


@behaviour('a new file has every mode that is asked for when the umask is 0')
def _(d):
    os.umask(0)
    for mode in (0o000, 0o001, 0o070, 0o666, 0o777, 0o1644, 0o4755):
        os.close(os.open(d / f'{mode:o}', os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        same(mode_of(d / f'{mode:o}'), mode)


@behaviour('a new directory keeps the sticky bit that is asked for, and no set-user-id')
def _(d):
    os.mkdir(d / 'dir', 0o5755)
    same(mode_of(d / 'dir'), 0o1755)


@behaviour('who makes a file of mode 0 may write by the descriptor that made it')
def _(d):
    def make():
        fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT, 0)
        os.write(fd, b'content')
        same(os.pread(fd, 10, 0), b'content')
        refused(EACCES, opened, d / 'f')
    as_user(ALICE, make)
    same((read(d / 'f'), mode_of(d / 'f')), (b'content', 0))


@behaviour('who makes a file of mode 0444 with O_RDWR may write by that descriptor alone')
def _(d):
    def make():
        fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT, 0o444)
        os.write(fd, b'content')
        refused(EACCES, opened, d / 'f', os.O_WRONLY)
    as_user(ALICE, make)
    same(read(d / 'f'), b'content')


@behaviour('a descriptor keeps its rights when the mode of the file is taken away')
def _(d):
    os.chown(write(d / 'f'), ALICE, ALICE)

    def use():
        fd = os.open(d / 'f', os.O_RDWR)
        os.chmod(d / 'f', 0)
        os.write(fd, b'CON')
        same(os.pread(fd, 10, 0), b'CONtent')
    as_user(ALICE, use)


@behaviour('openat, mkdirat and unlinkat work below an open directory')
def _(d):
    fd = os.open(d, os.O_RDONLY | os.O_DIRECTORY)
    os.mkdir('dir', dir_fd=fd)
    os.close(os.open('dir/f', os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.rename('dir/f', 'g', src_dir_fd=fd, dst_dir_fd=fd)
    os.rmdir('dir', dir_fd=fd)
    same(os.listdir(fd), ['g'])


@behaviour('openat below a descriptor of a file is refused with ENOTDIR')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    refused(ENOTDIR, os.open, 'x', os.O_RDONLY, dir_fd=fd)


@behaviour('a path with a slash at its end opens a directory and no file')
def _(d):
    os.mkdir(d / 'dir')
    write(d / 'f')
    opened(f'{d}/dir/')
    refused(ENOTDIR, opened, f'{d}/f/')
    refused(EISDIR, opened, f'{d}/new/', os.O_WRONLY | os.O_CREAT)
    same(sorted(os.listdir(d)), ['dir', 'f'])


@behaviour('mkdir takes a path with a slash at its end')
def _(d):
    os.mkdir(f'{d}/dir/')
    assert os.path.isdir(d / 'dir')


@behaviour('mkdir of . and of .. is refused with EEXIST')
def _(d):
    refused(EEXIST, os.mkdir, f'{d}/.')
    refused(EEXIST, os.mkdir, f'{d}/..')


@behaviour('writing to a program that runs is refused with ETXTBSY')
def _(d):
    shutil.copy('/bin/sleep', d / 'program')
    running = subprocess.Popen([d / 'program', '60'])
    try:
        refused(ETXTBSY, opened, d / 'program', os.O_WRONLY)
        refused(ETXTBSY, os.truncate, d / 'program', 0)
    finally:
        running.kill()
        running.wait()
    opened(d / 'program', os.O_WRONLY)


@behaviour('starting a program that is open for writing is refused with ETXTBSY')
def _(d):
    shutil.copy('/bin/true', d / 'program')
    fd = os.open(d / 'program', os.O_WRONLY)
    refused(ETXTBSY, in_child, lambda: os.execv(d / 'program', ['program']))
    os.close(fd)
    same(subprocess.run([d / 'program']).returncode, 0)


@behaviour('a script with an interpreter line runs')
def _(d):
    write(d / 'script', b'#!/bin/sh\nexit 7\n', 0o755)
    same(subprocess.run([d / 'script']).returncode, 7)


@behaviour('opening a file a hundred times gives a hundred descriptors of one file')
def _(d):
    write(d / 'f')
    fds = [os.open(d / 'f', os.O_RDWR) for _ in range(100)]
    os.write(fds[0], b'X')
    same({read_all(fd) for fd in fds[1:]}, {b'Xontent'})


@behaviour('of ten processes that make one name with O_EXCL one succeeds')
def _(d):

    def make():
        try:
            opened(d / 'f', os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            return 'made'
        except FileExistsError:
            return 'there'
    waiting = [start(make) for _ in range(10)]
    same(sorted(wait() for wait in waiting), ['made'] + ['there'] * 9)
