"""Which times each call moves: of the object, and of the directories around it."""

import os
import time
from errno import EEXIST, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY

from support import opened, read, refused, same, stamp_clock, tick, write
from table import behaviour

OLD = 10**9 * 1000


def file(d):
    write(d / 'x')


def directory(d):
    os.mkdir(d / 'x')


def symlink(d):
    os.symlink('target', d / 'x')


def linked(d):
    os.link(write(d / 'x'), d / 'second')


def with_target(d):
    write(d / 'x')
    write(d / 'second')


def full(d):
    os.mkdir(d / 'x')
    write(d / 'x' / 'f')


def by_descriptor(use, flags=os.O_RDWR):
    def call(d):
        fd = os.open(d / 'x', flags)
        use(fd)
        os.close(fd)
    return call


# What is done, on what, which times of it move ('m' and 'c'), and which of its directory.
TABLE = [
    ('chmod of a file', file, lambda d: os.chmod(d / 'x', 0o600), 'c', ''),
    ('chmod of a file to the mode it has', file, lambda d: os.chmod(d / 'x', 0o644), 'c', ''),
    ('chmod of a directory', directory, lambda d: os.chmod(d / 'x', 0o700), 'c', ''),
    ('fchmod', file, by_descriptor(lambda fd: os.fchmod(fd, 0o600)), 'c', ''),
    ('chown of a file', file, lambda d: os.chown(d / 'x', 5, 6), 'c', ''),
    ('chown of a file to the owner it has', file, lambda d: os.chown(d / 'x', 0, 0), 'c', ''),
    ('chown that names neither owner nor group', file, lambda d: os.chown(d / 'x', -1, -1), 'c', ''),
    ('chown of a directory', directory, lambda d: os.chown(d / 'x', 5, 6), 'c', ''),
    ('lchown of a symlink', symlink, lambda d: os.lchown(d / 'x', 5, 6), 'c', ''),
    ('write', file, by_descriptor(lambda fd: os.write(fd, b'x')), 'mc', ''),
    ('pwrite beyond the end', file, by_descriptor(lambda fd: os.pwrite(fd, b'x', 10_000)), 'mc', ''),
    ('a write of nothing', file, by_descriptor(lambda fd: os.write(fd, b'')), '', ''),
    ('an appending write', file, by_descriptor(lambda fd: os.write(fd, b'x'), os.O_WRONLY | os.O_APPEND), 'mc', ''),
    ('truncate to less', file, lambda d: os.truncate(d / 'x', 1), 'mc', ''),
    ('truncate to more', file, lambda d: os.truncate(d / 'x', 100), 'mc', ''),
    ('truncate to nothing', file, lambda d: os.truncate(d / 'x', 0), 'mc', ''),
    ('ftruncate to less', file, by_descriptor(lambda fd: os.ftruncate(fd, 1)), 'mc', ''),
    ('ftruncate to the size it has', file, by_descriptor(lambda fd: os.ftruncate(fd, 7)), 'mc', ''),
    ('truncate to the size it has', file, lambda d: os.truncate(d / 'x', 7), 'mc', ''),
    ('O_TRUNC', file, lambda d: opened(d / 'x', os.O_WRONLY | os.O_TRUNC), 'mc', ''),
    ('O_CREAT of what is there', file, lambda d: opened(d / 'x', os.O_WRONLY | os.O_CREAT), '', ''),
    ('link', file, lambda d: os.link(d / 'x', d / 'new'), 'c', 'mc'),
    ('unlink of another name', linked, lambda d: os.unlink(d / 'second'), 'c', 'mc'),
    ('rename of another name', linked, lambda d: os.rename(d / 'second', d / 'third'), 'c', 'mc'),
    ('rename over another name', linked, lambda d: os.rename(write(d / 'new'), d / 'second'), 'c', 'mc'),
    ('rename between two names of it', linked, lambda d: os.rename(d / 'second', d / 'x'), '', ''),
    ('rename over another file', with_target, lambda d: move_over(d), 'c', 'mc'),
    ('rename of a file and back', file, lambda d: there_and_back(d), 'c', 'mc'),
    ('rename of a symlink and back', symlink, lambda d: there_and_back(d), 'c', 'mc'),
    ('rename of a directory and back', directory, lambda d: there_and_back(d), 'c', 'mc'),
    ('rename of a full directory and back', full, lambda d: there_and_back(d), 'c', 'mc'),
    ('making a file in a directory', directory, lambda d: write(d / 'x' / 'f'), 'mc', ''),
    ('mkdir in a directory', directory, lambda d: os.mkdir(d / 'x' / 'dir'), 'mc', ''),
    ('symlink in a directory', directory, lambda d: os.symlink('x', d / 'x' / 'link'), 'mc', ''),
    ('mknod in a directory', directory, lambda d: os.mknod(d / 'x' / 'f'), 'mc', ''),
    ('link into a directory', directory, lambda d: os.link(d / 'keep', d / 'x' / 'f'), 'mc', ''),
    ('unlink in a directory', full, lambda d: os.unlink(d / 'x' / 'f'), 'mc', ''),
    ('rename in a directory', full, lambda d: os.rename(d / 'x' / 'f', d / 'x' / 'g'), 'mc', ''),
    ('moving a file out of a directory', full, lambda d: os.rename(d / 'x' / 'f', d / 'g'), 'mc', 'mc'),
    ('moving a file into a directory', directory, lambda d: os.rename(d / 'keep', d / 'x' / 'f'), 'mc', 'mc'),
    ('writing to a file in a directory', full, lambda d: append(d / 'x' / 'f'), '', ''),
    ('chmod of a file in a directory', full, lambda d: os.chmod(d / 'x' / 'f', 0o600), '', ''),
    ('reading a file', file, lambda d: read(d / 'x'), '', ''),
    ('listing a directory', full, lambda d: os.listdir(d / 'x'), '', ''),
    ('reading a symlink', symlink, lambda d: os.readlink(d / 'x'), '', ''),
    ('setting the times', file, lambda d: os.utime(d / 'x', ns=(OLD, OLD)), 'c', ''),
    ('setting the times of a directory', directory, lambda d: os.utime(d / 'x', ns=(OLD, OLD)), 'c', ''),
    ('setting the times to now', file, lambda d: os.utime(d / 'x'), 'mc', ''),
    ('opening and closing for writing', file, by_descriptor(lambda fd: None), '', ''),
    ('fsync', file, by_descriptor(os.fsync), '', ''),
]

# What is refused moves nothing.
REFUSED = [
    ('mkdir of a name that is there', directory, EEXIST, lambda d: os.mkdir(d / 'x')),
    ('link to a name that is there', with_target, EEXIST, lambda d: os.link(d / 'second', d / 'x')),
    ('symlink to a name that is there', file, EEXIST, lambda d: os.symlink('a', d / 'x')),
    ('O_EXCL of a name that is there', file, EEXIST, lambda d: opened(d / 'x', os.O_CREAT | os.O_EXCL)),
    ('rmdir of a full directory', full, ENOTEMPTY, lambda d: os.rmdir(d / 'x')),
    ('unlink of a directory', directory, EISDIR, lambda d: os.unlink(d / 'x')),
    ('rmdir of a file', file, ENOTDIR, lambda d: os.rmdir(d / 'x')),
    ('rename onto a full directory', full, ENOTEMPTY, lambda d: os.rename(make_directory(d), d / 'x')),
    ('rename of a missing name', file, ENOENT, lambda d: os.rename(d / 'none', d / 'x')),
]


def make_directory(d):
    return d / 'spare'


def append(path):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, b'x')
    os.close(fd)


def there_and_back(d):
    os.rename(d / 'x', d / 'away')
    os.rename(d / 'away', d / 'x')


def move_over(d):
    os.rename(d / 'x', d / 'second')
    os.rename(d / 'second', d / 'x')


def moved(before, after):
    mtime = 'm' if after.st_mtime_ns > before.st_mtime_ns else ''
    ctime = 'c' if after.st_ctime_ns > before.st_ctime_ns else ''
    return mtime + ctime


def sentence(times):
    return {'': 'no time', 'c': 'ctime alone', 'mc': 'mtime and ctime'}[times]


for name, prepare, call, of_object, of_directory in TABLE:
    @behaviour(f'{name} moves {sentence(of_object)} of the object and {sentence(of_directory)} of its directory')
    def _(d, prepare=prepare, call=call, expected=(of_object, of_directory)):
        prepare(d)
        write(d / 'keep')
        before = os.lstat(d / 'x'), os.lstat(d)
        tick()
        call(d)
        after = os.lstat(d / 'x'), os.lstat(d)
        same((moved(before[0], after[0]), moved(before[1], after[1])), expected)

for name, prepare, number, call in REFUSED:
    @behaviour(f'{name} is refused and moves no time')
    def _(d, prepare=prepare, call=call, number=number):
        prepare(d)
        os.mkdir(d / 'spare')
        before = os.lstat(d / 'x'), os.lstat(d)
        tick()
        refused(number, call, d)
        after = os.lstat(d / 'x'), os.lstat(d)
        same((moved(before[0], after[0]), moved(before[1], after[1])), ('', ''))


@behaviour('a new file, directory and symlink have the present for all three times')
def _(d):
    before = stamp_clock()
    for make in file, directory, symlink:
        os.mkdir(d / make.__name__)
        make(d / make.__name__)
        found = os.lstat(d / make.__name__ / 'x')
        for at in found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns:
            assert before <= at <= time.time_ns(), (before, at)


@behaviour('removing the last but one name of an open file moves its ctime by the descriptor too')
def _(d):
    linked(d)
    fd = os.open(d / 'x', os.O_RDONLY)
    before = os.fstat(fd)
    tick()
    os.unlink(d / 'x')
    after = os.fstat(fd)
    same((after.st_nlink, moved(before, after)), (1, 'c'))


@behaviour('a read of what is not in memory moves the atime of a file that was changed since its last read')
def _(d):
    fd = os.open(write(d / 'x'), os.O_RDWR)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    before = os.fstat(fd).st_atime_ns
    tick()
    os.pwrite(fd, b'X', 0)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    tick()
    read(d / 'x')
    assert os.stat(d / 'x').st_atime_ns > before


@behaviour('a read with O_NOATIME leaves the atime')
def _(d):
    write(d / 'x')
    os.utime(d / 'x', ns=(OLD, 2 * OLD))
    fd = os.open(d / 'x', os.O_RDONLY | os.O_NOATIME)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.read(fd, 100)
    same(os.stat(d / 'x').st_atime_ns, OLD)
