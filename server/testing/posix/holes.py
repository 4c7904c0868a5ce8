"""Sparse files, large offsets and reserved space."""

import ctypes
import os
import subprocess
from errno import EBADF, EFBIG, EINVAL, ENXIO, EOPNOTSUPP

from support import raw, read, refused, same, write
from table import behaviour

MIB = 1 << 20
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16


def fallocate(fd, mode, at, length):
    raw('fallocate', fd, mode, ctypes.c_long(at), ctypes.c_long(length))


def sparse(d):
    """Data from 1 to 2 MiB of 4."""
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, b'd' * MIB, MIB)
    os.ftruncate(fd, 4 * MIB)
    os.fsync(fd)
    return fd


@behaviour('a hole reads as zeros')
def _(d):
    fd = sparse(d)
    same(os.pread(fd, 10, 100), bytes(10))
    assert read(d / 'f') == bytes(MIB) + b'd' * MIB + bytes(2 * MIB)


@behaviour('a hole takes no blocks')
def _(d):
    assert os.fstat(sparse(d)).st_blocks * 512 < 2 * MIB


@behaviour('a file made long by truncate alone takes no blocks')
def _(d):
    os.truncate(write(d / 'f', b''), 100 * MIB)
    same((os.path.getsize(d / 'f'), os.stat(d / 'f').st_blocks), (100 * MIB, 0))
    os.unlink(d / 'f')


@behaviour('what SEEK_DATA and SEEK_HOLE call data is all that is not zeros')
def _(d):
    fd = sparse(d)
    found, at = bytearray(4 * MIB), 0
    while (start := data_from(fd, at)) is not None:
        at = os.lseek(fd, start, os.SEEK_HOLE)
        assert at > start
        found[start:at] = os.pread(fd, at - start, start)
    assert found == read(d / 'f')


def data_from(fd, at):
    try:
        return os.lseek(fd, at, os.SEEK_DATA)
    except OSError as error:
        same(error.errno, ENXIO)
        return None


@behaviour('SEEK_DATA and SEEK_HOLE at and behind the end are refused with ENXIO')
def _(d):
    fd = sparse(d)
    for at in 4 * MIB, 5 * MIB:
        refused(ENXIO, os.lseek, fd, at, os.SEEK_DATA)
        refused(ENXIO, os.lseek, fd, at, os.SEEK_HOLE)


@behaviour('SEEK_HOLE of a file without holes is its end, and SEEK_DATA its start')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    same((os.lseek(fd, 0, os.SEEK_HOLE), os.lseek(fd, 0, os.SEEK_DATA)), (7, 0))


@behaviour('SEEK_DATA of an empty file is refused with ENXIO')
def _(d):
    refused(ENXIO, os.lseek, os.open(write(d / 'f', b''), os.O_RDONLY), 0, os.SEEK_DATA)


@behaviour('cp --sparse=always keeps what a sparse file reads as')
def _(d):
    sparse(d)
    subprocess.run(['cp', '--sparse=always', d / 'f', d / 'copy'], check=True)
    assert read(d / 'f') == read(d / 'copy')


@behaviour('a byte at 5 GiB is kept, and sizes beyond 4 GiB are told')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, b'far', 5 << 30)
    same((os.fstat(fd).st_size, os.pread(fd, 10, 5 << 30)), ((5 << 30) + 3, b'far'))
    os.ftruncate(fd, 0)


@behaviour('a byte at 1 TiB is kept')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, b'far', 1 << 40)
    same((os.fstat(fd).st_size, os.pread(fd, 10, (1 << 40) - 2)), ((1 << 40) + 3, bytes(2) + b'far'))
    os.ftruncate(fd, 0)


@behaviour('a write behind what the file system can hold is refused with EFBIG and changes nothing')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    refused((EFBIG, EINVAL), os.pwrite, fd, b'x', 1 << 62)
    same(read(d / 'f'), b'content')


@behaviour('posix_fallocate makes a file longer with zeros and leaves its content')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    os.posix_fallocate(fd, 0, 10_000)
    same(read(d / 'f'), b'content' + bytes(9993))
    os.posix_fallocate(fd, 0, 100)
    same(os.path.getsize(d / 'f'), 10_000)


@behaviour('fallocate that keeps the size leaves size and content, or is refused with EOPNOTSUPP')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    try:
        fallocate(fd, KEEP_SIZE, 0, 10_000)
    except OSError as error:
        same(error.errno, EOPNOTSUPP)
    same(read(d / 'f'), b'content')


for name, mode in {'FALLOC_FL_PUNCH_HOLE': PUNCH_HOLE | KEEP_SIZE, 'FALLOC_FL_ZERO_RANGE': ZERO_RANGE}.items():
    @behaviour(f'{name} leaves zeros, or is refused with EOPNOTSUPP and leaves the content')
    def _(d, mode=mode):
        fd = os.open(write(d / 'f', b'x' * 10_000), os.O_RDWR)
        expected = b'x' * 4096 + bytes(4096) + b'x' * 1808
        try:
            fallocate(fd, mode, 4096, 4096)
        except OSError as error:
            same(error.errno, EOPNOTSUPP)
            expected = b'x' * 10_000
        same(read(d / 'f'), expected)


@behaviour('fallocate by a descriptor for reading is refused with EBADF, of no length with EINVAL')
def _(d):
    write(d / 'f')
    refused((EBADF, EOPNOTSUPP), fallocate, os.open(d / 'f', os.O_RDONLY), 0, 0, 100)
    refused((EINVAL, EOPNOTSUPP), fallocate, os.open(d / 'f', os.O_RDWR), 0, 0, 0)
    same(os.path.getsize(d / 'f'), 7)
