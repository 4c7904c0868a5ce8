"""flock(2) and fcntl(2) locks among processes."""

import fcntl
import os
import struct
from errno import EACCES, EAGAIN, EBADF, EDEADLK

from support import in_child, refused, same, start, tick, write
from table import behaviour

EXCLUSIVE, SHARED, UNLOCK, AT_ONCE = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_UN, fcntl.LOCK_NB
F_OFD_SETLK = 37


def by_flock(path, kind):
    """Whether another process gets the lock at once."""
    return in_child(lambda: attempt(lambda: fcntl.flock(os.open(path, os.O_RDWR), kind | AT_ONCE)))


def by_fcntl(path, kind, length=0, at=0):
    return in_child(lambda: attempt(lambda: fcntl.lockf(os.open(path, os.O_RDWR), kind | AT_ONCE, length, at)))


def attempt(call):
    try:
        call()
        return True
    except OSError as error:
        assert error.errno in (EAGAIN, EACCES), error
        return False


@behaviour('an exclusive flock keeps every other out until it is given back')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.flock(fd, EXCLUSIVE)
    same((by_flock(d / 'f', EXCLUSIVE), by_flock(d / 'f', SHARED)), (False, False))
    fcntl.flock(fd, UNLOCK)
    same(by_flock(d / 'f', EXCLUSIVE), True)


@behaviour('a shared flock lets others share it and keeps exclusive ones out')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDONLY)
    fcntl.flock(fd, SHARED)
    same((by_flock(d / 'f', SHARED), by_flock(d / 'f', EXCLUSIVE)), (True, False))


@behaviour('a flock is given back when its descriptor is closed')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.flock(fd, EXCLUSIVE)
    os.close(fd)
    same(by_flock(d / 'f', EXCLUSIVE), True)


@behaviour('a flock is kept until the last duplicate of its descriptor is closed')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    second = os.dup(fd)
    fcntl.flock(fd, EXCLUSIVE)
    os.close(fd)
    same(by_flock(d / 'f', EXCLUSIVE), False)
    os.close(second)
    same(by_flock(d / 'f', EXCLUSIVE), True)


@behaviour('two descriptors of one process are strangers to flock')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.flock(fd, EXCLUSIVE)
    same(attempt(lambda: fcntl.flock(os.open(d / 'f', os.O_RDWR), EXCLUSIVE | AT_ONCE)), False)


@behaviour('a flock changes from shared to exclusive and back')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.flock(fd, SHARED)
    fcntl.flock(fd, EXCLUSIVE)
    same(by_flock(d / 'f', SHARED), False)
    fcntl.flock(fd, SHARED)
    same(by_flock(d / 'f', SHARED), True)


@behaviour('a flock of one name keeps out those who come by another name of the file')
def _(d):
    os.link(write(d / 'f'), d / 'g')
    fcntl.flock(os.open(d / 'f', os.O_RDWR), EXCLUSIVE)
    same(by_flock(d / 'g', EXCLUSIVE), False)


@behaviour('a flock goes with its file through a rename')
def _(d):
    fcntl.flock(os.open(write(d / 'f'), os.O_RDWR), EXCLUSIVE)
    os.rename(d / 'f', d / 'g')
    same((by_flock(d / 'g', EXCLUSIVE), by_flock(write(d / 'f'), EXCLUSIVE)), (False, True))


@behaviour('a directory can be locked by flock')
def _(d):
    fcntl.flock(os.open(d, os.O_RDONLY), EXCLUSIVE)
    same(in_child(lambda: attempt(lambda: fcntl.flock(os.open(d, os.O_RDONLY), SHARED | AT_ONCE))), False)


@behaviour('who waits for a flock gets it when the holder ends')
def _(d):
    write(d / 'f')
    reader, writer = os.pipe()

    def hold():
        fcntl.flock(os.open(d / 'f', os.O_RDWR), EXCLUSIVE)
        os.write(writer, b'x')
        tick()
    ended = start(hold)
    os.read(reader, 1)
    fcntl.flock(os.open(d / 'f', os.O_RDWR), EXCLUSIVE)
    ended()


@behaviour('an fcntl lock for writing keeps other processes out until it is given back')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.lockf(fd, EXCLUSIVE)
    same((by_fcntl(d / 'f', EXCLUSIVE), by_fcntl(d / 'f', SHARED)), (False, False))
    fcntl.lockf(fd, UNLOCK)
    same(by_fcntl(d / 'f', EXCLUSIVE), True)


@behaviour('fcntl locks of parts of a file keep out those who want the same part alone')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.lockf(fd, EXCLUSIVE, 10, 100)
    asked = [by_fcntl(d / 'f', EXCLUSIVE, 10, at) for at in (80, 90, 91, 100, 109, 110)]
    same(asked, [True, True, False, False, False, True])


@behaviour('an fcntl lock given back in its middle leaves both ends')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.lockf(fd, EXCLUSIVE, 30, 0)
    fcntl.lockf(fd, UNLOCK, 10, 10)
    same([by_fcntl(d / 'f', EXCLUSIVE, 10, at) for at in (0, 10, 20)], [False, True, False])


@behaviour('fcntl locks for reading are shared')
def _(d):
    fcntl.lockf(os.open(write(d / 'f'), os.O_RDWR), SHARED)
    same((by_fcntl(d / 'f', SHARED), by_fcntl(d / 'f', EXCLUSIVE)), (True, False))


@behaviour('an fcntl lock is given back when the process closes any descriptor of the file')
def _(d):
    fcntl.lockf(os.open(write(d / 'f'), os.O_RDWR), EXCLUSIVE)
    same(by_fcntl(d / 'f', EXCLUSIVE), False)
    os.close(os.open(d / 'f', os.O_RDONLY))
    same(by_fcntl(d / 'f', EXCLUSIVE), True)


@behaviour('an fcntl lock is given back when its process ends')
def _(d):
    write(d / 'f')
    in_child(lambda: fcntl.lockf(os.open(d / 'f', os.O_RDWR), EXCLUSIVE))
    same(by_fcntl(d / 'f', EXCLUSIVE), True)


@behaviour('a child process has no part in the fcntl locks of its parent')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.lockf(fd, EXCLUSIVE)
    same(in_child(lambda: attempt(lambda: fcntl.lockf(fd, EXCLUSIVE | AT_ONCE))), False)


@behaviour('F_GETLK names the process that holds the lock')
def _(d):
    fcntl.lockf(os.open(write(d / 'f'), os.O_RDWR), EXCLUSIVE, 10, 5)

    def ask():
        wanted = struct.pack('hhlli4x', fcntl.F_WRLCK, 0, 0, 0, 0)
        found = fcntl.fcntl(os.open(d / 'f', os.O_RDWR), fcntl.F_GETLK, wanted)
        return struct.unpack('hhlli4x', found)
    same(in_child(ask), (fcntl.F_WRLCK, 0, 5, 10, os.getpid()))


@behaviour('an fcntl lock for writing by a descriptor for reading is refused with EBADF')
def _(d):
    refused(EBADF, fcntl.lockf, os.open(write(d / 'f'), os.O_RDONLY), EXCLUSIVE)


@behaviour('two processes that wait for fcntl locks of each other: one is refused with EDEADLK')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.lockf(fd, EXCLUSIVE, 1, 0)
    reader, writer = os.pipe()

    def other():
        theirs = os.open(d / 'f', os.O_RDWR)
        fcntl.lockf(theirs, EXCLUSIVE, 1, 1)
        os.write(writer, b'x')
        fcntl.lockf(theirs, EXCLUSIVE, 1, 0)
    ended = start(other)
    os.read(reader, 1)
    outcomes = [deadlocked(lambda: fcntl.lockf(fd, EXCLUSIVE, 1, 1))]
    fcntl.lockf(fd, UNLOCK)
    outcomes.append(deadlocked(ended))
    same(sorted(outcomes), [False, True])


def deadlocked(call):
    try:
        call()
        return False
    except OSError as error:
        same(error.errno, EDEADLK)
        return True


@behaviour('locks of open file descriptions belong to the descriptor, also among threads of one process')
def _(d):
    def lock(fd):
        fcntl.fcntl(fd, F_OFD_SETLK, struct.pack('hhlli4x', fcntl.F_WRLCK, 0, 0, 0, 0))
    first = os.open(write(d / 'f'), os.O_RDWR)
    lock(first)
    second = os.open(d / 'f', os.O_RDWR)
    refused(EAGAIN, lock, second)
    os.close(first)
    lock(second)


@behaviour('flock and fcntl locks do not see each other')
def _(d):
    fcntl.flock(os.open(write(d / 'f'), os.O_RDWR), EXCLUSIVE)
    same(by_fcntl(d / 'f', EXCLUSIVE), True)
