"""Who owns what is made, and who may give it away."""

import os
import stat
from errno import EPERM

from support import (
    ALICE, as_user, BOB, in_child, mode_of, opened, owner_of, refused, same, STAFF, STRANGERS, write,
)
from table import behaviour

MAKING = {
    'file': lambda path: opened(path, os.O_WRONLY | os.O_CREAT),
    'file by mknod': lambda path: os.mknod(path, 0o644 | stat.S_IFREG),
    'directory': os.mkdir,
    'symlink': lambda path: os.symlink('x', path),
}

for kind, make in MAKING.items():
    @behaviour(f'a new {kind} belongs to who makes it')
    def _(d, make=make):
        as_user(ALICE, make, d / 'x', groups=(STAFF,))
        same(owner_of(d / 'x'), (ALICE, ALICE))

    @behaviour(f'a new {kind} has the group of its directory where that is set-group-id')
    def _(d, make=make):
        shared(d)
        as_user(ALICE, make, d / 'shared' / 'x')
        same(owner_of(d / 'shared' / 'x'), (ALICE, STAFF))


def shared(d):
    os.mkdir(d / 'shared')
    os.chown(d / 'shared', BOB, STAFF)
    os.chmod(d / 'shared', 0o2777)


@behaviour('a new directory in a set-group-id directory is set-group-id too, and a file is not')
def _(d):
    shared(d)
    as_user(ALICE, os.makedirs, d / 'shared' / 'a' / 'b')
    as_user(ALICE, write, d / 'shared' / 'a' / 'f')
    same([mode_of(d / 'shared' / name) for name in ('a', 'a/b', 'a/f')], [0o2755, 0o2755, 0o644])
    same(owner_of(d / 'shared' / 'a' / 'b'), (ALICE, STAFF))


@behaviour('a new program asked to be set-group-id in a foreign set-group-id directory is not')
def _(d):
    shared(d)
    as_user(ALICE, opened, d / 'shared' / 'f', os.O_WRONLY | os.O_CREAT, 0o2755)
    same(mode_of(d / 'shared' / 'f'), 0o755)


@behaviour('a set-group-id directory keeps its bit when it is moved, and does not give it to what moves in')
def _(d):
    shared(d)
    os.mkdir(d / 'dir')
    os.rename(d / 'dir', d / 'shared' / 'dir')
    os.rename(d / 'shared', d / 'moved')
    same((mode_of(d / 'moved'), mode_of(d / 'moved' / 'dir')), (0o2777, 0o755))


@behaviour('somebody with another effective user makes files as that user')
def _(d):
    def make():
        os.setegid(STAFF)
        os.seteuid(ALICE)
        write(d / 'f')
    in_child(make)
    same(owner_of(d / 'f'), (ALICE, STAFF))


@behaviour('chown by root sets owner and group, each alone and both')
def _(d):
    write(d / 'f')
    os.chown(d / 'f', 5, -1)
    same(owner_of(d / 'f'), (5, 0))
    os.chown(d / 'f', -1, 6)
    same(owner_of(d / 'f'), (5, 6))
    os.chown(d / 'f', 7, 8)
    same(owner_of(d / 'f'), (7, 8))


@behaviour('fchown by a descriptor sets owner and group')
def _(d):
    os.fchown(os.open(write(d / 'f'), os.O_RDONLY), 5, 6)
    same(owner_of(d / 'f'), (5, 6))


@behaviour('ids up to the largest are kept')
def _(d):
    os.chown(write(d / 'f'), 4294967294, 2147483648)
    same(owner_of(d / 'f'), (4294967294, 2147483648))


@behaviour('the owner may give a file to a group of theirs')
def _(d):
    os.chown(write(d / 'f'), ALICE, ALICE)
    as_user(ALICE, os.chown, d / 'f', -1, STAFF, groups=(STAFF,))
    same(owner_of(d / 'f'), (ALICE, STAFF))
    as_user(ALICE, os.chown, d / 'f', ALICE, ALICE, groups=(STAFF,))
    same(owner_of(d / 'f'), (ALICE, ALICE))


for kind, uid, gid in [('a group that is not theirs', -1, STRANGERS), ('another user', BOB, -1)]:
    @behaviour(f'the owner may not give a file to {kind}: EPERM')
    def _(d, uid=uid, gid=gid):
        os.chown(write(d / 'f'), ALICE, ALICE)
        refused(EPERM, as_user, ALICE, os.chown, d / 'f', uid, gid, groups=(STAFF,))
        same(owner_of(d / 'f'), (ALICE, ALICE))


@behaviour('who does not own a file may not change its owner or group, not even to what it is')
def _(d):
    os.chown(write(d / 'f'), BOB, STAFF)
    for uid, gid in (ALICE, -1), (-1, STAFF), (BOB, STAFF), (-1, ALICE):
        refused(EPERM, as_user, ALICE, os.chown, d / 'f', uid, gid, groups=(STAFF,))
    same(owner_of(d / 'f'), (BOB, STAFF))


@behaviour('the owner of a directory may give it to a group of theirs')
def _(d):
    os.mkdir(d / 'dir')
    os.chown(d / 'dir', ALICE, ALICE)
    as_user(ALICE, os.chown, d / 'dir', -1, STAFF, groups=(STAFF,))
    same(owner_of(d / 'dir'), (ALICE, STAFF))
