"""What takes set-user-id and set-group-id from a file."""

import os
import shutil
import subprocess

from support import ALICE, as_user, BOB, mode_of, opened, same, STAFF, write
from table import behaviour


def privileged(d, mode=0o6777, owner=ALICE):
    """Everybody may write to it."""
    os.chown(write(d / 'f'), owner, STAFF)
    os.chmod(d / 'f', mode)
    return d / 'f'


def with_descriptor(use, flags=os.O_RDWR):
    def call(path):
        fd = os.open(path, flags)
        use(fd)
        os.close(fd)
    return call


CHANGES = {
    'write': with_descriptor(lambda fd: os.write(fd, b'x')),
    'pwrite': with_descriptor(lambda fd: os.pwrite(fd, b'x', 100)),
    'writev': with_descriptor(lambda fd: os.writev(fd, [b'x', b'y'])),
    'a write with O_APPEND': with_descriptor(lambda fd: os.write(fd, b'x'), os.O_WRONLY | os.O_APPEND),
    'truncate': lambda path: os.truncate(path, 3),
    'ftruncate': with_descriptor(lambda fd: os.ftruncate(fd, 3)),
    'O_TRUNC': lambda path: opened(path, os.O_WRONLY | os.O_TRUNC),
}

for change, call in CHANGES.items():
    @behaviour(f'{change} by somebody else takes set-user-id and set-group-id away')
    def _(d, call=call):
        as_user(BOB, call, privileged(d))
        same(mode_of(d / 'f'), 0o777)

    @behaviour(f'{change} by the owner takes set-user-id and set-group-id away')
    def _(d, call=call):
        as_user(ALICE, call, privileged(d), groups=(STAFF,))
        same(mode_of(d / 'f'), 0o777)

    @behaviour(f'{change} by root leaves set-user-id and set-group-id')
    def _(d, call=call):
        call(privileged(d))
        same(mode_of(d / 'f'), 0o6777)


@behaviour('the bits are gone for who looks by the descriptor right after the write')
def _(d):
    def use(path):
        fd = os.open(path, os.O_RDWR)
        same(os.fstat(fd).st_mode & 0o7777, 0o6777)
        os.write(fd, b'x')
        same(os.fstat(fd).st_mode & 0o7777, 0o777)
    as_user(BOB, use, privileged(d))


@behaviour('a write of nothing leaves the bits')
def _(d):
    as_user(BOB, with_descriptor(lambda fd: os.write(fd, b'')), privileged(d))
    same(mode_of(d / 'f'), 0o6777)


@behaviour('reading, linking, renaming and setting times leave the bits')
def _(d):
    path = privileged(d)

    def use():
        os.utime(path)
        os.rename(path, d / 'g')
        os.link(d / 'g', path)
        opened(path)
    as_user(ALICE, use)
    same(mode_of(path), 0o6777)


@behaviour('set-group-id without group execution stays when somebody else writes')
def _(d):
    path = privileged(d, 0o2767)
    os.chmod(path, 0o2767)
    as_user(ALICE, with_descriptor(lambda fd: os.write(fd, b'x')), path, groups=(STAFF,))
    same(mode_of(path), 0o2767)


@behaviour('the sticky bit of a file stays when somebody else writes')
def _(d):
    as_user(BOB, with_descriptor(lambda fd: os.write(fd, b'x')), privileged(d, 0o5777))
    same(mode_of(d / 'f'), 0o1777)


@behaviour('chown by root takes set-user-id and set-group-id from a program')
def _(d):
    os.chown(privileged(d), BOB, -1)
    same(mode_of(d / 'f'), 0o777)


@behaviour('chgrp by the owner takes set-user-id and set-group-id from a program')
def _(d):
    as_user(ALICE, os.chown, privileged(d), -1, ALICE, groups=(STAFF,))
    same(mode_of(d / 'f'), 0o777)


@behaviour('chown of a program to the owner it has takes the bits too')
def _(d):
    os.chown(privileged(d), ALICE, STAFF)
    same(mode_of(d / 'f'), 0o777)


@behaviour('chown that names neither owner nor group takes the bits too')
def _(d):
    os.chown(privileged(d), -1, -1)
    same(mode_of(d / 'f'), 0o777)


@behaviour('chown that names neither owner nor group, by somebody else, takes nothing')
def _(d):
    try:
        as_user(BOB, os.chown, privileged(d), -1, -1)
    except PermissionError:
        pass
    same(mode_of(d / 'f'), 0o6777)


@behaviour('chown of a directory leaves its bits')
def _(d):
    os.mkdir(d / 'dir')
    os.chmod(d / 'dir', 0o6755)
    os.chown(d / 'dir', BOB, STAFF)
    same(mode_of(d / 'dir'), 0o6755)


@behaviour('fchown by a descriptor takes the bits')
def _(d):
    os.fchown(os.open(privileged(d), os.O_RDONLY), BOB, -1)
    same(mode_of(d / 'f'), 0o777)


@behaviour('a write to an unlinked open file takes the bits')
def _(d):
    def use(path):
        fd = os.open(path, os.O_RDWR)
        os.unlink(path)
        os.write(fd, b'x')
        return os.fstat(fd).st_mode & 0o7777
    same(as_user(ALICE, use, privileged(d), groups=(STAFF,)), 0o777)


@behaviour('a program with set-user-id runs as its owner unless the file system is mounted without that')
def _(d):
    shutil.copy('/usr/bin/id', d / 'id')
    os.chown(d / 'id', ALICE, ALICE)
    os.chmod(d / 'id', 0o4755)
    expected = BOB if os.statvfs(d).f_flag & os.ST_NOSUID else ALICE
    ran = subprocess.run([d / 'id', '-u'], user=BOB, group=BOB, extra_groups=[], stdout=subprocess.PIPE)
    same(int(ran.stdout), expected)
