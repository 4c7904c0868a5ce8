"""What the behaviours are written with."""

import ctypes
import errno
import os
import pickle
import time
import traceback

# Of linux/time.h; Python has no name for it.
CLOCK_REALTIME_COARSE = 5
AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_SYMLINK_FOLLOW = 0x400
UTIME_NOW = (1 << 30) - 1
UTIME_OMIT = (1 << 30) - 2
NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4

# Users and groups that need not be known to the system.
ALICE, BOB, STAFF, STRANGERS = 7001, 7002, 7100, 7200

libc = ctypes.CDLL(None, use_errno=True)


def same(found, expected):
    assert found == expected, f'{found!r} instead of {expected!r}'


def refused(expected, call, *args, **keywords):
    """Calls what must be refused, with this errno or one of these."""
    wanted = expected if isinstance(expected, tuple) else (expected,)
    names = ' or '.join(errno.errorcode[number] for number in wanted)
    try:
        call(*args, **keywords)
    except OSError as error:
        assert error.errno in wanted, f'{errno.errorcode[error.errno]} instead of {names}'
    else:
        raise AssertionError(f'not refused with {names}')


def in_child(call, user=None, groups=()):
    """Runs a call in a process of its own, as another user if one is given; answers or raises what it did."""
    return start(call, user, groups)()


def as_user(user, call, *args, groups=(), **keywords):
    return in_child(lambda: call(*args, **keywords), user, groups)


def start(call, user=None, groups=()):
    """The same without waiting: the answer waits."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.write(writer, pickle.dumps(_outcome(call, user, groups)))
        finally:
            os._exit(0)
    os.close(writer)

    def wait():
        with open(reader, 'rb') as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        assert answer, f'the process died: {status}'
        kind, value = pickle.loads(answer)
        if kind == 'errno':
            raise OSError(value, os.strerror(value))
        assert kind == 'value', value
        return value
    return wait


def _outcome(call, user, groups):
    try:
        if user is not None:
            os.setgroups(groups)
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        return 'value', call()
    except OSError as error:
        return 'errno', error.errno
    except BaseException:
        return 'failed', traceback.format_exc()


def write(path, data=b'content', mode=0o644):
    """Makes a file, or replaces its content."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        same(os.write(fd, data), len(data))
    finally:
        os.close(fd)
    return path


def read(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_all(fd)
    finally:
        os.close(fd)


def read_all(fd):
    pieces = []
    while piece := os.read(fd, 1 << 20):
        pieces.append(piece)
    return b''.join(pieces)


def opened(path, flags=os.O_RDONLY, mode=0o644):
    """Opens and closes."""
    os.close(os.open(path, flags, mode))


def mode_of(path):
    return os.lstat(path).st_mode & 0o7777


def owner_of(path):
    found = os.lstat(path)
    return found.st_uid, found.st_gid


def stamp_clock():
    """The clock that stamps files, which moves some milliseconds at a time."""
    return time.clock_gettime_ns(CLOCK_REALTIME_COARSE)


def tick():
    """Waits until that clock has moved on."""
    before = stamp_clock()
    while stamp_clock() == before:
        time.sleep(0.001)


def raw(name, *args):
    """A call of libc; raises as os does."""
    done = getattr(libc, name)(*args)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done


def renameat2(source, target, flags):
    raw('renameat2', AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags)


def linkat(source, target, flags=0):
    raw('linkat', AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags)


class Timespec(ctypes.Structure):
    _fields_ = [('seconds', ctypes.c_long), ('nanoseconds', ctypes.c_long)]


def utimensat(path, atime_ns, mtime_ns, flags=0):
    """Each time in nanoseconds, or UTIME_NOW or UTIME_OMIT."""
    raw('utimensat', AT_FDCWD, os.fsencode(path), (Timespec * 2)(timespec(atime_ns), timespec(mtime_ns)), flags)


def timespec(ns):
    special = ns in (UTIME_NOW, UTIME_OMIT)
    return Timespec(0, ns) if special else Timespec(ns // 10**9, ns % 10**9)
