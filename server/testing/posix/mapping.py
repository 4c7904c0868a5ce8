"""Memory maps."""

import mmap
import os
import random
import signal
from errno import EACCES, ENODEV

from support import in_child, read, refused, same, write
from table import behaviour

BLOCK = 4096


def mapped(d, size=3 * BLOCK, name='f'):
    fd = os.open(write(d / name, b'.' * size), os.O_RDWR)
    return fd, mmap.mmap(fd, size)


@behaviour('what is written through a shared map is read by read, before any flush')
def _(d):
    fd, view = mapped(d)
    view[10:13] = b'map'
    same(os.pread(fd, 5, 9), b'.map.')


@behaviour('what is written by write is seen through a map')
def _(d):
    fd, view = mapped(d)
    same(view[10:13], b'...')
    os.pwrite(fd, b'new', 10)
    same(view[9:14], b'.new.')


@behaviour('what another process writes is seen through a map')
def _(d):
    fd, view = mapped(d)
    same(view[0:1], b'.')
    in_child(lambda: write_at(d / 'f', b'other', BLOCK))
    same(view[BLOCK:BLOCK + 5], b'other')


@behaviour('what is written through a map is read by another process')
def _(d):
    fd, view = mapped(d)
    view[BLOCK:BLOCK + 3] = b'map'
    same(in_child(lambda: read(d / 'f')[BLOCK:BLOCK + 3]), b'map')


@behaviour('two processes share a map of one file')
def _(d):
    fd, view = mapped(d)

    def other():
        with mmap.mmap(os.open(d / 'f', os.O_RDWR), 3 * BLOCK) as theirs:
            theirs[5:8] = b'two'
    in_child(other)
    same(view[4:9], b'.two.')


@behaviour('maps of two names of one file are one')
def _(d):
    fd, view = mapped(d)
    os.link(d / 'f', d / 'g')
    with mmap.mmap(os.open(d / 'g', os.O_RDWR), 3 * BLOCK) as second:
        second[0:3] = b'two'
        same(view[0:4], b'two.')


@behaviour('what is written through a map is there after msync, unmap and close')
def _(d):
    fd, view = mapped(d)
    view[0:5] = b'first'
    view.flush()
    view[BLOCK:BLOCK + 6] = b'second'
    view.close()
    os.close(fd)
    content = in_child(lambda: read(d / 'f'))
    same((content[:6], content[BLOCK:BLOCK + 7]), (b'first.', b'second.'))


@behaviour('msync moves mtime and ctime of a file written through a map')
def _(d):
    fd, view = mapped(d)
    os.utime(fd, ns=(10**9, 10**9))
    view[0:3] = b'map'
    view.flush()
    assert os.fstat(fd).st_mtime_ns > 10**18


@behaviour('a private map keeps what is written to it to itself')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    with mmap.mmap(fd, 7, mmap.MAP_PRIVATE) as view:
        view[0:3] = b'MAP'
        same((view[:], os.pread(fd, 7, 0)), (b'MAPtent', b'content'))


@behaviour('a map goes on when its descriptor is closed')
def _(d):
    fd, view = mapped(d)
    os.close(fd)
    view[0:3] = b'map'
    view.flush()
    same(read(d / 'f')[:4], b'map.')


@behaviour('a map goes on when its file is unlinked')
def _(d):
    fd, view = mapped(d)
    os.unlink(d / 'f')
    view[0:3] = b'map'
    view.flush()
    same(os.pread(fd, 4, 0), b'map.')


@behaviour('a map goes on when its file is renamed, and writes to that file')
def _(d):
    fd, view = mapped(d)
    view[0:1] = b'1'
    os.rename(d / 'f', d / 'g')
    write(d / 'f', b'other')
    view[1:2] = b'2'
    view.flush()
    same((read(d / 'g')[:3], read(d / 'f')), (b'12.', b'other'))


@behaviour('a map of a file opened for reading only may be read and not be made writable: EACCES')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    with mmap.mmap(fd, 7, prot=mmap.PROT_READ) as view:
        same(view[:], b'content')
    refused(EACCES, mmap.mmap, fd, 7, mmap.MAP_SHARED, mmap.PROT_WRITE | mmap.PROT_READ)


@behaviour('a map of a file opened for writing only is refused with EACCES')
def _(d):
    fd = os.open(write(d / 'f'), os.O_WRONLY)
    refused(EACCES, mmap.mmap, fd, 7, mmap.MAP_SHARED, mmap.PROT_READ)


@behaviour('a map of a directory is refused with ENODEV')
def _(d):
    refused((ENODEV, EACCES), mmap.mmap, os.open(d, os.O_RDONLY), BLOCK, mmap.MAP_SHARED, mmap.PROT_READ)


@behaviour('the rest of the last page reads as zeros, and what is written there is not in the file')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    with mmap.mmap(fd, 7) as view:
        view[0:1] = b'C'
        view.flush()
    os.ftruncate(fd, 20)
    same(os.pread(fd, 20, 0), b'Content' + bytes(13))


@behaviour('touching a page of a map behind the end of the file ends the process with SIGBUS')
def _(d):
    fd, view = mapped(d)
    os.ftruncate(fd, 10)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        view[2 * BLOCK]
        os._exit(0)
    same(os.WTERMSIG(os.waitpid(child, 0)[1]), signal.SIGBUS)


@behaviour('a map sees zeros where the file was cut off and made longer again')
def _(d):
    fd, view = mapped(d)
    same(view[BLOCK * 2:BLOCK * 2 + 1], b'.')
    os.ftruncate(fd, 10)
    os.ftruncate(fd, 3 * BLOCK)
    same((view[9:12], view[2 * BLOCK:2 * BLOCK + 2]), (b'.\0\0', b'\0\0'))


@behaviour('random writes through a map of 1 MiB are all in the file')
def _(d):
    fd, view = mapped(d, 1 << 20)
    model, chance = bytearray(b'.' * (1 << 20)), random.Random(9)
    for _ in range(200):
        at, data = chance.randrange((1 << 20) - 5000), chance.randbytes(chance.randrange(1, 5000))
        view[at:at + len(data)] = data
        model[at:at + len(data)] = data
    view.flush()
    view.close()
    os.close(fd)
    assert read(d / 'f') == model


@behaviour('a map copied into a file by write is written whole')
def _(d):
    fd, view = mapped(d, 1 << 20)
    view[0:3] = b'map'
    other = os.open(d / 'copy', os.O_WRONLY | os.O_CREAT)
    same(os.write(other, view), 1 << 20)
    assert read(d / 'copy') == view[:]


def write_at(path, data, offset):
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, data, offset)
    os.close(fd)
