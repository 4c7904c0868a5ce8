"""renameat2(2) and its flags."""

import os
from errno import EEXIST, EINVAL, ENOENT

from support import EXCHANGE, NOREPLACE, read, refused, renameat2, same, write
from table import behaviour

KINDS = {'a file': write, 'an empty directory': os.mkdir, 'a symlink': lambda path: os.symlink('target', path)}


@behaviour('RENAME_NOREPLACE moves to a free name')
def _(d):
    renameat2(write(d / 'a'), d / 'b', NOREPLACE)
    same(os.listdir(d), ['b'])


for kind, make in KINDS.items():
    @behaviour(f'RENAME_NOREPLACE to where {kind} is is refused with EEXIST')
    def _(d, make=make):
        make(d / 'b')
        refused(EEXIST, renameat2, write(d / 'a'), d / 'b', NOREPLACE)
        same(sorted(os.listdir(d)), ['a', 'b'])


@behaviour('RENAME_NOREPLACE of a file to its own other name is refused with EEXIST')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    refused(EEXIST, renameat2, d / 'a', d / 'b', NOREPLACE)
    same(sorted(os.listdir(d)), ['a', 'b'])


@behaviour('RENAME_EXCHANGE exchanges two names, or is refused with EINVAL and changes nothing')
def _(d):
    write(d / 'a', b'a')
    os.mkdir(d / 'b')
    try:
        renameat2(d / 'a', d / 'b', EXCHANGE)
    except OSError as error:
        return same((error.errno, read(d / 'a'), os.path.isdir(d / 'b')), (EINVAL, b'a', True))
    same((read(d / 'b'), os.path.isdir(d / 'a')), (b'a', True))


@behaviour('RENAME_EXCHANGE with a missing name is refused')
def _(d):
    refused((ENOENT, EINVAL), renameat2, write(d / 'a'), d / 'b', EXCHANGE)
    same(os.listdir(d), ['a'])


@behaviour('RENAME_EXCHANGE together with RENAME_NOREPLACE is refused with EINVAL')
def _(d):
    write(d / 'b')
    refused(EINVAL, renameat2, write(d / 'a'), d / 'b', EXCHANGE | NOREPLACE)
    same(sorted(os.listdir(d)), ['a', 'b'])


@behaviour('unknown flags of renameat2 are refused with EINVAL')
def _(d):
    refused(EINVAL, renameat2, write(d / 'a'), d / 'b', 1 << 10)
    same(os.listdir(d), ['a'])
