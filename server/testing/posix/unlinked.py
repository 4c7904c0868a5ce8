"""Files that are open and have no name left."""

import fcntl
import mmap
import os
import shutil
import subprocess

from support import in_child, read, read_all, same, tick, write
from table import behaviour


def nameless(d, flags=os.O_RDWR):
    fd = os.open(write(d / 'f'), flags)
    os.unlink(d / 'f')
    return fd


@behaviour('an unlinked open file is in no listing, and its name is free')
def _(d):
    fd = nameless(d)
    same(os.listdir(d), [])
    write(d / 'f', b'other')
    same((read_all(fd), read(d / 'f')), (b'content', b'other'))


@behaviour('an unlinked open file has no link, and its size, mode and owner as before')
def _(d):
    before = os.stat(write(d / 'f', mode=0o640))
    after = os.fstat(nameless(d))
    same((after.st_nlink, after.st_size, after.st_mode, after.st_ino), (0, 7, before.st_mode, before.st_ino))


@behaviour('unlinking the last name of an open file moves its ctime')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    before = os.fstat(fd)
    tick()
    os.unlink(d / 'f')
    after = os.fstat(fd)
    same((after.st_ctime_ns > before.st_ctime_ns, after.st_mtime_ns), (True, before.st_mtime_ns))


USES = {
    'read': (lambda fd: same(os.pread(fd, 10, 3), b'tent')),
    'written to': (lambda fd: (os.pwrite(fd, b'CON', 0), same(os.pread(fd, 10, 0), b'CONtent'))),
    'appended to': (lambda fd: (os.lseek(fd, 0, 2), os.write(fd, b'!'), same(os.fstat(fd).st_size, 8))),
    'written to beyond its end': (lambda fd: (os.pwrite(fd, b'x', 9), same(os.pread(fd, 20, 0), b'content\0\0x'))),
    'truncated': (lambda fd: (os.ftruncate(fd, 3), same(os.pread(fd, 10, 0), b'con'))),
    'made longer': (lambda fd: (os.ftruncate(fd, 9), same(os.pread(fd, 10, 0), b'content\0\0'))),
    'given another mode': (lambda fd: (os.fchmod(fd, 0o4711), same(os.fstat(fd).st_mode & 0o7777, 0o4711))),
    'given another owner': (lambda fd: (os.fchown(fd, 7, 8), same(owner(fd), (7, 8)))),
    'given other times': (lambda fd: (os.utime(fd, ns=(0, 10**9)), same(os.fstat(fd).st_mtime_ns, 10**9))),
    'flushed': os.fsync,
    'locked by flock': (lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    'locked by fcntl': (lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    'mapped': (lambda fd: mapped_use(fd)),
    'inherited by a child': (lambda fd: (in_child(lambda: os.pwrite(fd, b'X', 0)), same(os.pread(fd, 3, 0), b'Xon'))),
    'read by its path under /proc': (lambda fd: same(read(f'/proc/self/fd/{fd}'), b'content')),
    'written to by its path under /proc': (lambda fd: by_proc(fd)),
    'truncated by its path under /proc': (
        lambda fd: (os.truncate(f'/proc/self/fd/{fd}', 3), same(os.fstat(fd).st_size, 3))
    ),
    'given another mode by its path under /proc': (
        lambda fd: (os.chmod(f'/proc/self/fd/{fd}', 0o600), same(os.fstat(fd).st_mode & 0o777, 0o600))
    ),
    'duplicated, and the first descriptor closed': (lambda fd: by_duplicate(fd)),
}


def owner(fd):
    found = os.fstat(fd)
    return found.st_uid, found.st_gid


def mapped_use(fd):
    with mmap.mmap(fd, 7) as mapped:
        same(mapped[:], b'content')
        mapped[0:3] = b'MAP'
        mapped.flush()
    same(os.pread(fd, 10, 0), b'MAPtent')


def by_proc(fd):
    second = os.open(f'/proc/self/fd/{fd}', os.O_RDWR)
    os.write(second, b'PROC')
    same((os.pread(fd, 10, 0), os.pread(second, 10, 0)), (b'PROCent', b'PROCent'))


def by_duplicate(fd):
    second = os.dup(fd)
    os.close(fd)
    os.pwrite(second, b'DUP', 0)
    same(os.pread(second, 10, 0), b'DUPtent')


for use, call in USES.items():
    @behaviour(f'an unlinked open file can be {use}')
    def _(d, call=call):
        call(nameless(d))
        same(os.listdir(d), [])


@behaviour('an unlinked file that is open for reading only can be opened for writing under /proc by who may')
def _(d):
    fd = nameless(d, os.O_RDONLY)
    write(f'/proc/self/fd/{fd}', b'new')
    same(read_all(fd), b'new')


@behaviour('an unlinked file is looked at by an O_PATH descriptor')
def _(d):
    fd = nameless(d, os.O_PATH)
    same((os.fstat(fd).st_size, os.fstat(fd).st_nlink), (7, 0))


@behaviour('three unlinked open files of one name are three files')
def _(d):
    fds = []
    for number in range(3):
        fds.append(os.open(write(d / 'f', b'%d' % number), os.O_RDWR))
        os.unlink(d / 'f')
    for number, fd in enumerate(fds):
        os.pwrite(fd, b'!', 1)
        same(os.pread(fd, 10, 0), b'%d!' % number)


@behaviour('the directory of an unlinked open file can be removed, and the file lives on')
def _(d):
    os.mkdir(d / 'dir')
    fd = nameless(d / 'dir')
    os.rmdir(d / 'dir')
    os.write(fd, b'CON')
    same((os.pread(fd, 10, 0), os.listdir(d)), (b'CONtent', []))


@behaviour('a file unlinked by another process lives on for who has it open')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    in_child(lambda: os.unlink(d / 'f'))
    os.write(fd, b'CON')
    same((os.pread(fd, 10, 0), os.fstat(fd).st_nlink), (b'CONtent', 0))


@behaviour('a large unlinked file is written and read whole')
def _(d):
    fd = nameless(d)
    content = os.urandom(3_000_000)
    os.pwrite(fd, content, 0)
    os.lseek(fd, 0, 0)
    assert read_all(fd) == content


@behaviour('a program runs on when its file is unlinked')
def _(d):
    shutil.copy('/bin/sleep', d / 'program')
    running = subprocess.Popen([d / 'program', '60'])
    os.unlink(d / 'program')
    same(running.poll(), None)
    running.kill()
    running.wait()
