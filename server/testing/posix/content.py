"""Reading and writing by descriptors."""

import fcntl
import mmap
import os
import random
import resource
import select
import signal
from errno import EBADF, EFBIG, EINVAL, EISDIR

from support import in_child, read, read_all, refused, same, start, write
from table import behaviour

BLOCK = 4096


@behaviour('what is written is read, at each size around pages and requests')
def _(d):
    mib = 1 << 20
    for size in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 65535, 131072, 131073, mib - 1, mib, mib + 1, 3_000_000):
        content = random.Random(size).randbytes(size)
        same(read(write(d / f'{size}', content)) == content, True)
        same(os.path.getsize(d / f'{size}'), size)


@behaviour('a write in the middle leaves what is around it')
def _(d):
    fd = os.open(write(d / 'f', b'0123456789'), os.O_RDWR)
    os.pwrite(fd, b'ab', 4)
    same(os.pread(fd, 20, 0), b'0123ab6789')


@behaviour('a write across a page border leaves what is around it')
def _(d):
    fd = os.open(write(d / 'f', b'.' * 3 * BLOCK), os.O_RDWR)
    os.pwrite(fd, b'x' * BLOCK, BLOCK // 2)
    same(read(d / 'f'), b'.' * (BLOCK // 2) + b'x' * BLOCK + b'.' * (BLOCK // 2 + BLOCK))


@behaviour('random writes, reads, truncates and maps give what a model of the file gives')
def _(d):
    chance, size = random.Random(7), 2 << 20
    model, fd = bytearray(), os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    for step in range(150):
        at, length = chance.randrange(size), chance.randrange(1, 100_000 if step % 20 else 1_500_000)
        kind = chance.randrange(6)
        if kind < 2:
            data = chance.randbytes(length)
            os.pwrite(fd, data, at)
            model.extend(bytes(max(0, at + length - len(model))))
            model[at:at + length] = data
        elif kind == 2:
            os.ftruncate(fd, at)
            model = model[:at] + bytes(max(0, at - len(model)))
        elif kind == 3 and at < len(model):
            with mmap.mmap(fd, len(model)) as view:
                assert view[at:at + length] == model[at:at + length], (at, length)
                view[at] = model[at] = step
        else:
            assert os.pread(fd, length, at) == model[at:at + length], (at, length)
    assert read(d / 'f') == model


@behaviour('read and write move the position, pread and pwrite leave it')
def _(d):
    fd = os.open(write(d / 'f', b'0123456789'), os.O_RDWR)
    same((os.read(fd, 3), os.lseek(fd, 0, os.SEEK_CUR)), (b'012', 3))
    same((os.pread(fd, 2, 8), os.pwrite(fd, b'x', 9), os.lseek(fd, 0, os.SEEK_CUR)), (b'89', 1, 3))
    os.write(fd, b'ab')
    same((os.lseek(fd, 0, os.SEEK_CUR), os.read(fd, 10)), (5, b'5678x'))


@behaviour('duplicated descriptors share their position, separate ones do not')
def _(d):
    fd = os.open(write(d / 'f', b'0123456789'), os.O_RDONLY)
    second, other = os.dup(fd), os.open(d / 'f', os.O_RDONLY)
    same((os.read(fd, 2), os.read(second, 2), os.read(other, 2)), (b'01', b'23', b'01'))


@behaviour('a child process shares the position of a descriptor that it inherits')
def _(d):
    fd = os.open(d / 'f', os.O_WRONLY | os.O_CREAT)
    os.write(fd, b'parent,')
    in_child(lambda: os.write(fd, b'child,'))
    os.write(fd, b'parent')
    same(read(d / 'f'), b'parent,child,parent')


@behaviour('a duplicated descriptor goes on when the first is closed')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    second = os.dup(fd)
    os.write(fd, b'one')
    os.close(fd)
    os.write(second, b'two')
    same(read(d / 'f'), b'onetwo')
    refused(EBADF, os.write, fd, b'x')


@behaviour('readv, writev, preadv and pwritev gather and scatter')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    same(os.writev(fd, [b'one', b'', b'two']), 6)
    same(os.pwritev(fd, [b'X', b'Y'], 1), 2)
    parts = [bytearray(2), bytearray(3), bytearray(5)]
    same((os.preadv(fd, parts, 0), bytes(b''.join(parts))), (6, b'oXYtwo' + bytes(4)))
    os.lseek(fd, 0, os.SEEK_SET)
    same((os.readv(fd, parts[:1]), bytes(parts[0])), (2, b'oX'))


@behaviour('reading at and beyond the end gives nothing')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    same((os.pread(fd, 10, 7), os.pread(fd, 10, 10**6), os.pread(fd, 10, 5)), (b'', b'', b'nt'))


@behaviour('a reader at the end sees what is appended later')
def _(d):
    fd = os.open(write(d / 'f', b'one'), os.O_RDONLY)
    same(read_all(fd), b'one')
    in_child(lambda: os.write(os.open(d / 'f', os.O_WRONLY | os.O_APPEND), b'two'))
    same(read_all(fd), b'two')


@behaviour('writing by a descriptor for reading, and reading by one for writing, is refused with EBADF')
def _(d):
    write(d / 'f')
    reading, writing = os.open(d / 'f', os.O_RDONLY), os.open(d / 'f', os.O_WRONLY)
    refused(EBADF, os.write, reading, b'x')
    refused(EBADF, os.pwrite, reading, b'x', 0)
    refused(EBADF, os.read, writing, 1)
    same(read(d / 'f'), b'content')


@behaviour('every call on a closed descriptor is refused with EBADF')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    os.close(fd)
    for call in (
        lambda: os.read(fd, 1), lambda: os.write(fd, b'x'), lambda: os.fstat(fd), lambda: os.fchmod(fd, 0o600),
        lambda: os.fchown(fd, 1, 1), lambda: os.ftruncate(fd, 0), lambda: os.fsync(fd), lambda: os.lseek(fd, 0, 0),
        lambda: os.utime(fd), lambda: os.close(fd), lambda: os.dup(fd), lambda: os.fstatvfs(fd),
        lambda: os.fchdir(fd),
    ):
        refused(EBADF, call)
    same(read(d / 'f'), b'content')


@behaviour('reading a directory as a file is refused with EISDIR')
def _(d):
    refused(EISDIR, os.read, os.open(d, os.O_RDONLY), 10)


@behaviour('a negative offset is refused with EINVAL')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    refused(EINVAL, os.pread, fd, 1, -1)
    refused(EINVAL, os.pwrite, fd, b'x', -1)
    refused(EINVAL, os.lseek, fd, -1, os.SEEK_SET)
    refused(EINVAL, os.lseek, fd, -8, os.SEEK_END)
    refused(EINVAL, os.lseek, fd, 0, 99)


@behaviour('lseek goes where it is told from the start, the position and the end, also beyond it')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    same([os.lseek(fd, 3, 0), os.lseek(fd, 2, 1), os.lseek(fd, -1, 2), os.lseek(fd, 10**12, 0)], [3, 5, 6, 10**12])
    same(os.path.getsize(d / 'f'), 7)


@behaviour('a write at the largest offset of all is refused with EFBIG and writes nothing')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    refused((EFBIG, EINVAL), os.pwrite, fd, b'xx', 2**63 - 2)
    same(os.path.getsize(d / 'f'), 7)


@behaviour('a write beyond the limit of the process is refused with EFBIG, and one across it cut short')
def _(d):
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
        same(os.write(fd, b'x' * 15), 10)
        refused(EFBIG, os.write, fd, b'x')
        refused(EFBIG, os.ftruncate, fd, 11)
        same(os.fstat(fd).st_size, 10)
    in_child(limited)


@behaviour('fsync and fdatasync of a file and fsync of a directory work')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT)
    os.write(fd, b'content')
    os.fsync(fd)
    os.fdatasync(fd)
    os.fsync(os.open(d, os.O_RDONLY))
    os.fsync(os.open(d / 'f', os.O_RDONLY))
    os.sync()


@behaviour('writes with O_SYNC and O_DSYNC work')
def _(d):
    for flag in os.O_SYNC, os.O_DSYNC:
        fd = os.open(d / 'f', os.O_WRONLY | os.O_CREAT | flag)
        same(os.write(fd, b'sync'), 4)
        os.close(fd)
    same(read(d / 'f'), b'sync')


@behaviour('reads and writes past the cache with O_DIRECT give the same as those through it')
def _(d):
    content = random.Random(3).randbytes(64 * BLOCK)
    write(d / 'f', content)
    aligned = mmap.mmap(-1, 16 * BLOCK)
    fd = os.open(d / 'f', os.O_RDWR | os.O_DIRECT)
    same((os.preadv(fd, [aligned], 8 * BLOCK), aligned[:] == content[8 * BLOCK:24 * BLOCK]), (16 * BLOCK, True))
    aligned[:] = b'd' * len(aligned)
    same(os.pwritev(fd, [aligned], 0), len(aligned))
    assert read(d / 'f') == b'd' * 16 * BLOCK + content[16 * BLOCK:]


@behaviour('copy_file_range copies between files and within one')
def _(d):
    source = os.open(write(d / 'a', b'0123456789' * 1000), os.O_RDWR)
    target = os.open(d / 'b', os.O_RDWR | os.O_CREAT)
    same(os.copy_file_range(source, target, 5000, 10, 3), 5000)
    same(read(d / 'b'), bytes(3) + b'0123456789' * 500)
    same(os.copy_file_range(source, source, 10, 0, 10_000), 10)
    same(os.path.getsize(d / 'a'), 10_010)


@behaviour('sendfile and splice give the content of a file')
def _(d):
    source = os.open(write(d / 'a', b'0123456789' * 1000), os.O_RDONLY)
    target = os.open(d / 'b', os.O_RDWR | os.O_CREAT)
    same(os.sendfile(target, source, 0, 10_000), 10_000)
    same(read(d / 'b'), b'0123456789' * 1000)
    reader, writer = os.pipe()
    same((os.splice(source, writer, 10, offset_src=5), os.read(reader, 20)), (10, b'5678901234'))


@behaviour('a file is always ready to be read and written')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    same(select.select([fd], [fd], [], 5)[:2], ([fd], [fd]))


@behaviour('F_GETFL gives the flags of the descriptor')
def _(d):
    fd = os.open(d / 'f', os.O_RDWR | os.O_CREAT | os.O_APPEND)
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    same((flags & os.O_ACCMODE, bool(flags & os.O_APPEND)), (os.O_RDWR, True))


@behaviour('four processes that write to their own parts of one file all find theirs')
def _(d):
    size = 100_000
    write(d / 'f', bytes(4 * size))

    def fill(number):
        fd = os.open(d / 'f', os.O_WRONLY)
        for at in range(0, size, 10_000):
            os.pwrite(fd, b'%d' % number * 10_000, number * size + at)
    waiting = [start(lambda number=number: fill(number)) for number in range(4)]
    for wait in waiting:
        wait()
    assert read(d / 'f') == b''.join(b'%d' % number * size for number in range(4))


@behaviour('another process sees a write as soon as it has returned')
def _(d):
    fd = os.open(d / 'f', os.O_WRONLY | os.O_CREAT)
    for number in range(10):
        os.pwrite(fd, b'%d' % number, 0)
        same(in_child(lambda: read(d / 'f')), b'%d' % number)


@behaviour('a file of 8 MiB is read as it was written')
def _(d):
    content = random.Random(5).randbytes(8 << 20)
    write(d / 'f', content)
    assert read(d / 'f') == content
    os.unlink(d / 'f')
