"""utimensat(2): how exactly, which of the two, and who may."""

import os
import subprocess
import time
from errno import EACCES, EINVAL, EPERM

from support import (
    ALICE, as_user, AT_FDCWD, in_child, raw, refused, same, stamp_clock, tick, Timespec, UTIME_NOW,
    UTIME_OMIT, utimensat, write,
)
from table import behaviour

SECOND = 10**9


def times(path):
    found = os.lstat(path)
    return found.st_atime_ns, found.st_mtime_ns


MOMENTS = {
    'seconds': (1_000_000_000 * SECOND, 1_200_000_000 * SECOND),
    'milliseconds': (1_000_000_000_123_000_000, 1_200_000_000_456_000_000),
    'microseconds': (1_000_000_000_123_456_000, 1_700_000_000_987_654_000),
    'the moment 0': (0, 0),
    'before 1970': (-1 * SECOND, -315_619_200 * SECOND),
    'after 2038': (2_200_000_000 * SECOND, 4_000_000_000 * SECOND),
    'after 2106': (4_500_000_000 * SECOND, 6_000_000_000 * SECOND),
}

for name, (atime, mtime) in MOMENTS.items():
    for kind, make in {'a file': write, 'a directory': os.mkdir}.items():
        @behaviour(f'times of {kind} are set exactly: {name}')
        def _(d, make=make, wanted=(atime, mtime)):
            make(d / 'x')
            utimensat(d / 'x', *wanted)
            found = times(d / 'x')
            # Mirrors can't have all of these.
            utimensat(d / 'x', UTIME_NOW, UTIME_NOW)
            same(found, wanted)


@behaviour('times are set exactly to the nanosecond')
def _(d):
    write(d / 'x')
    utimensat(d / 'x', 1_000_000_000_123_456_789, 1_700_000_000_000_000_001)
    same(times(d / 'x'), (1_000_000_000_123_456_789, 1_700_000_000_000_000_001))


@behaviour('times that are set stay when the file is looked at again, by another process')
def _(d):
    write(d / 'x')
    os.utime(d / 'x', ns=(SECOND, 2 * SECOND))
    tick()
    same(in_child(lambda: times(d / 'x')), (SECOND, 2 * SECOND))


@behaviour('UTIME_OMIT leaves the mtime and sets the atime')
def _(d):
    write(d / 'x')
    os.utime(d / 'x', ns=(SECOND, 2 * SECOND))
    utimensat(d / 'x', 3 * SECOND, UTIME_OMIT)
    same(times(d / 'x'), (3 * SECOND, 2 * SECOND))


@behaviour('UTIME_OMIT leaves the atime and sets the mtime')
def _(d):
    write(d / 'x')
    os.utime(d / 'x', ns=(SECOND, 2 * SECOND))
    utimensat(d / 'x', UTIME_OMIT, 3 * SECOND)
    same(times(d / 'x'), (SECOND, 3 * SECOND))


@behaviour('UTIME_OMIT twice leaves all times, ctime too')
def _(d):
    before = os.stat(write(d / 'x'))
    tick()
    utimensat(d / 'x', UTIME_OMIT, UTIME_OMIT)
    same(os.stat(d / 'x').st_ctime_ns, before.st_ctime_ns)


@behaviour('UTIME_NOW sets the present')
def _(d):
    write(d / 'x')
    os.utime(d / 'x', ns=(SECOND, 2 * SECOND))
    before = stamp_clock() - 10**6
    utimensat(d / 'x', UTIME_NOW, UTIME_NOW)
    for at in times(d / 'x'):
        assert before <= at <= time.time_ns(), (before, at)


@behaviour('UTIME_NOW of one sets the present and leaves or sets the other')
def _(d):
    write(d / 'x')
    utimensat(d / 'x', UTIME_NOW, 2 * SECOND)
    assert times(d / 'x')[0] > 10**18 and times(d / 'x')[1] == 2 * SECOND
    utimensat(d / 'x', SECOND, UTIME_NOW)
    assert times(d / 'x')[0] == SECOND and times(d / 'x')[1] > 10**18
    utimensat(d / 'x', UTIME_OMIT, UTIME_NOW)
    same(times(d / 'x')[0], SECOND)


@behaviour('nanoseconds beyond a second are refused with EINVAL')
def _(d):
    write(d / 'x')
    before = times(d / 'x')
    wrong = (Timespec * 2)(Timespec(1, SECOND), Timespec(1, 0))
    refused(EINVAL, raw, 'utimensat', AT_FDCWD, os.fsencode(d / 'x'), wrong, 0)
    same(times(d / 'x'), before)


@behaviour('futimens sets the times by a descriptor, for reading too')
def _(d):
    fd = os.open(write(d / 'x'), os.O_RDONLY)
    os.utime(fd, ns=(SECOND, 2 * SECOND))
    same(times(d / 'x'), (SECOND, 2 * SECOND))


@behaviour('the mtime that is set by an open descriptor after a write stays after the close')
def _(d):
    fd = os.open(d / 'x', os.O_WRONLY | os.O_CREAT)
    os.write(fd, b'content')
    os.utime(fd, ns=(SECOND, 2 * SECOND))
    os.close(fd)
    tick()
    same(times(d / 'x'), (SECOND, 2 * SECOND))


@behaviour('the owner may set any times of a file that they may not write to')
def _(d):
    os.chown(write(d / 'x', mode=0o400), ALICE, ALICE)
    as_user(ALICE, os.utime, d / 'x', ns=(SECOND, 2 * SECOND))
    same(times(d / 'x'), (SECOND, 2 * SECOND))


@behaviour('who may write to a file of somebody else may set its times to now')
def _(d):
    os.chmod(write(d / 'x'), 0o666)
    os.utime(d / 'x', ns=(SECOND, 2 * SECOND))
    as_user(ALICE, os.utime, d / 'x')
    assert times(d / 'x')[1] > 10**18


@behaviour('who may write to a file of somebody else may not set times of their choice: EPERM')
def _(d):
    os.chmod(write(d / 'x'), 0o666)
    before = times(d / 'x')
    refused(EPERM, as_user, ALICE, os.utime, d / 'x', ns=(SECOND, 2 * SECOND))
    refused(EPERM, as_user, ALICE, utimensat, d / 'x', UTIME_OMIT, UTIME_NOW)
    same(times(d / 'x'), before)


@behaviour('who may not write to a file of somebody else may set no times: EACCES for now, EPERM for others')
def _(d):
    before = times(write(d / 'x'))
    refused(EACCES, as_user, ALICE, os.utime, d / 'x')
    refused(EPERM, as_user, ALICE, os.utime, d / 'x', ns=(SECOND, 2 * SECOND))
    same(times(d / 'x'), before)


@behaviour('touch, with each of its options, sets what it says')
def _(d):
    write(d / 'x')
    subprocess.run(['touch', '-d', '2001-02-03 04:05:06.5 UTC', d / 'x'], check=True)
    same(times(d / 'x'), (981173106_500000000, 981173106_500000000))
    subprocess.run(['touch', '-a', '-d', '@5', d / 'x'], check=True)
    subprocess.run(['touch', '-m', '-d', '@6.25', d / 'x'], check=True)
    same(times(d / 'x'), (5 * SECOND, 6_250_000_000))
