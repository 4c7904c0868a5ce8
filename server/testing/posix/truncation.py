"""truncate(2) and ftruncate(2)."""

import ctypes
import os
from errno import EACCES, EFBIG, EINVAL, EISDIR

from support import ALICE, as_user, raw, read, refused, same, write
from table import behaviour

BLOCK = 4096
SIZES = (0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 10_000)


def negative(path):
    raw('truncate', os.fsencode(path), ctypes.c_long(-1))


for size in SIZES:
    @behaviour(f'a file of 5,000 bytes truncated to {size} has what it had so far, and zeros beyond')
    def _(d, size=size):
        content = b'0123456789' * 500
        os.truncate(write(d / 'f', content), size)
        same(read(d / 'f'), content[:size] + bytes(max(0, size - 5000)))

    @behaviour(f'a file truncated to {size} bytes and made longer again has zeros there')
    def _(d, size=size):
        fd = os.open(write(d / 'f', b'x' * 12_000), os.O_RDWR)
        os.pread(fd, 12_000, 0)
        os.ftruncate(fd, size)
        os.ftruncate(fd, 12_000)
        same(os.pread(fd, 20_000, 0), b'x' * size + bytes(12_000 - size))

    @behaviour(f'a write beyond the end of a file truncated to {size} bytes leaves zeros between')
    def _(d, size=size):
        fd = os.open(write(d / 'f', b'x' * 12_000), os.O_RDWR)
        os.ftruncate(fd, size)
        os.pwrite(fd, b'end', 12_000)
        same(read(d / 'f'), b'x' * size + bytes(12_000 - size) + b'end')


@behaviour('truncate of a directory is refused with EISDIR')
def _(d):
    refused(EISDIR, os.truncate, d, 0)


@behaviour('truncate to a negative size is refused with EINVAL')
def _(d):
    refused(EINVAL, negative, write(d / 'f'))
    same(os.path.getsize(d / 'f'), 7)


@behaviour('truncate to more than any file can have is refused with EFBIG and changes nothing')
def _(d):
    refused((EFBIG, EINVAL), os.truncate, write(d / 'f'), 2**63 - 1)
    same(os.path.getsize(d / 'f'), 7)


@behaviour('ftruncate by a descriptor for reading is refused with EINVAL')
def _(d):
    refused(EINVAL, os.ftruncate, os.open(write(d / 'f'), os.O_RDONLY), 0)
    same(os.path.getsize(d / 'f'), 7)


@behaviour('ftruncate of a directory is refused with EINVAL')
def _(d):
    refused(EINVAL, os.ftruncate, os.open(d, os.O_RDONLY), 0)


@behaviour('truncate by who may not write is refused with EACCES, also as the owner')
def _(d):
    os.chown(write(d / 'f', mode=0o444), ALICE, ALICE)
    refused(EACCES, as_user, ALICE, os.truncate, d / 'f', 0)
    same(os.path.getsize(d / 'f'), 7)


@behaviour('ftruncate works by a descriptor whose file has since become read-only')
def _(d):
    os.chown(write(d / 'f'), ALICE, ALICE)

    def use():
        fd = os.open(d / 'f', os.O_RDWR)
        os.chmod(d / 'f', 0o444)
        os.ftruncate(fd, 3)
    as_user(ALICE, use)
    same(read(d / 'f'), b'con')


@behaviour('the position of a descriptor stays when the file is truncated, and a write there leaves zeros')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    os.write(fd, b'0123456789')
    os.ftruncate(fd, 0)
    os.write(fd, b'x')
    same(read(d / 'f'), bytes(10) + b'x')


@behaviour('a second descriptor sees the new size at once')
def _(d):
    fd = os.open(write(d / 'f', b'x' * 10_000), os.O_RDONLY)
    same(len(os.pread(fd, 20_000, 0)), 10_000)
    os.truncate(d / 'f', 5000)
    same((os.fstat(fd).st_size, len(os.pread(fd, 20_000, 0))), (5000, 5000))
    os.truncate(d / 'f', 15_000)
    same((os.fstat(fd).st_size, len(os.pread(fd, 20_000, 0))), (15_000, 15_000))
