"""Sticky directories: who may take names away."""

import os
from errno import EPERM

from support import ALICE, as_user, BOB, refused, same, STAFF, write
from table import behaviour

ENTRIES = {
    'a file': (write, os.unlink),
    'a directory': (os.mkdir, os.rmdir),
    'a symlink': (lambda path: os.symlink('x', path), os.unlink),
}


def sticky(path, owner):
    os.mkdir(path)
    os.chmod(path, 0o1777)
    os.chown(path, owner, STAFF)
    return path


def of(user, make, path):
    make(path)
    os.lchown(path, user, user)
    return path


def open_to_all(path):
    """To move a directory one must be able to write to it: its .. changes."""
    if not os.path.islink(path):
        os.chmod(path, 0o777)


def replace(path, make):
    make(path.with_name('mine'))
    os.rename(path.with_name('mine'), path)


for kind, (make, remove) in ENTRIES.items():
    uses = {
        'remove': lambda path, remove=remove: remove(path),
        'rename': lambda path: os.rename(path, path.with_name('renamed')),
        'move out': lambda path: os.rename(path, path.parent.parent / 'out'),
        'replace': lambda path, make=make: replace(path, make),
    }

    for use, call in uses.items():
        @behaviour(f'in a sticky directory {kind} of somebody else is not to {use}: EPERM')
        def _(d, make=make, call=call):
            of(BOB, make, sticky(d / 'dir', BOB) / 'x')
            open_to_all(d / 'dir' / 'x')
            inode = os.lstat(d / 'dir' / 'x').st_ino
            refused(EPERM, as_user, ALICE, call, d / 'dir' / 'x')
            same(os.lstat(d / 'dir' / 'x').st_ino, inode)

        @behaviour(f'in a sticky directory the owner of {kind} may {use} it')
        def _(d, make=make, call=call):
            of(ALICE, make, sticky(d / 'dir', BOB) / 'x')
            as_user(ALICE, call, d / 'dir' / 'x')

        @behaviour(f'the owner of a sticky directory may {use} {kind} of somebody else in it')
        def _(d, make=make, call=call):
            of(BOB, make, sticky(d / 'dir', ALICE) / 'x')
            open_to_all(d / 'dir' / 'x')
            as_user(ALICE, call, d / 'dir' / 'x')


@behaviour('root may remove anything from a sticky directory')
def _(d):
    of(BOB, write, sticky(d / 'dir', BOB) / 'x')
    os.unlink(d / 'dir' / 'x')
    same(os.listdir(d / 'dir'), [])


@behaviour('having the group of a sticky directory is not enough to remove files from it')
def _(d):
    of(BOB, write, sticky(d / 'dir', BOB) / 'x')
    refused(EPERM, as_user, ALICE, os.unlink, d / 'dir' / 'x', groups=(STAFF,))


@behaviour('in a sticky directory everybody may make files, link their own and write to what is writable')
def _(d):
    os.chmod(of(BOB, write, sticky(d / 'dir', BOB) / 'x'), 0o666)

    def use():
        write(d / 'dir' / 'mine')
        os.link(d / 'dir' / 'mine', d / 'dir' / 'second')
        fd = os.open(d / 'dir' / 'x', os.O_WRONLY)
        os.write(fd, b'CON')
    as_user(ALICE, use)
    same(sorted(os.listdir(d / 'dir')), ['mine', 'second', 'x'])
