"""Who may read, write, run and search, by mode, owner, group and supplementary groups."""

import os
import shutil
from errno import EACCES, EPERM

from support import ALICE, as_user, BOB, mode_of, opened, read, refused, same, STAFF, write
from table import behaviour

# How Alice stands to a file, and the place of the bits that then count.
CLASSES = {
    'its owner': (lambda path: os.chown(path, ALICE, STAFF), (), 6),
    'who has its group': (lambda path: os.chown(path, BOB, ALICE), (), 3),
    'who has its group among others': (lambda path: os.chown(path, BOB, STAFF), (STAFF,), 3),
    'somebody else': (lambda path: os.chown(path, BOB, STAFF), (), 0),
}
USES = {
    'read': (4, lambda path: opened(path, os.O_RDONLY)),
    'write': (2, lambda path: opened(path, os.O_WRONLY)),
    'truncate': (2, lambda path: os.truncate(path, 1)),
    'read and write': (6, lambda path: opened(path, os.O_RDWR)),
}
OF_DIRECTORIES = {
    'list': (4, lambda path: os.listdir(path)),
    'search': (1, lambda path: os.stat(path / 'f')),
    'make a file in': (3, lambda path: opened(path / 'new', os.O_WRONLY | os.O_CREAT)),
    'remove a file from': (3, lambda path: os.unlink(path / 'f')),
    'rename a file in': (3, lambda path: os.rename(path / 'f', path / 'g')),
    'make a directory in': (3, lambda path: os.mkdir(path / 'dir')),
}


def enter(subject, use, needed, call, make):
    for who, (give, groups, shift) in CLASSES.items():
        @behaviour(f'{who} may {use} {subject} whose mode allows it to them alone, and not otherwise')
        def _(d, give=give, groups=groups, shift=shift):
            make(d / 'x')
            give(d / 'x')
            os.chmod(d / 'x', 0o777 & ~(needed << shift))
            refused(EACCES, as_user, ALICE, call, d / 'x', groups=groups)
            os.chmod(d / 'x', needed << shift)
            as_user(ALICE, call, d / 'x', groups=groups)


def directory_with_file(path):
    os.mkdir(path)
    write(path / 'f')


for each, (bits, its_call) in USES.items():
    enter('a file', each, bits, its_call, write)
for each, (bits, its_call) in OF_DIRECTORIES.items():
    enter('a directory', each, bits, its_call, directory_with_file)


def run(path):
    os.execv(path, [os.fspath(path)])


for who, (give, groups, shift) in CLASSES.items():
    @behaviour(f'{who} may run a program whose mode allows it to them, and not otherwise')
    def _(d, give=give, groups=groups, shift=shift):
        shutil.copy('/bin/true', d / 'program')
        give(d / 'program')
        os.chmod(d / 'program', 0o777 & ~(1 << shift))
        refused(EACCES, as_user, ALICE, run, d / 'program', groups=groups)
        os.chmod(d / 'program', 1 << shift)
        same(as_user(ALICE, exit_code_of, d / 'program', groups=groups), 0)


def exit_code_of(program):
    return os.spawnv(os.P_WAIT, program, ['program'])


@behaviour('the bits of the class that applies count, even where a later one allows more')
def _(d):
    os.chown(write(d / 'f'), ALICE, STAFF)
    os.chmod(d / 'f', 0o077)
    refused(EACCES, as_user, ALICE, opened, d / 'f', groups=(STAFF,))
    os.chmod(d / 'f', 0o707)
    refused(EACCES, as_user, BOB, opened, d / 'f', groups=(STAFF,))


@behaviour('root reads and writes files of mode 0, and enters directories of mode 0')
def _(d):
    os.mkdir(d / 'dir')
    os.chmod(write(d / 'dir' / 'f'), 0)
    os.chmod(d / 'dir', 0)
    same(read(write(d / 'dir' / 'f', b'root')), b'root')
    same(os.listdir(d / 'dir'), ['f'])


@behaviour('root may not run a program that nobody may run')
def _(d):
    shutil.copy('/bin/true', d / 'program')
    os.chmod(d / 'program', 0o666)
    refused(EACCES, run, d / 'program')


@behaviour('access(2) tells what open would do')
def _(d):
    os.chown(write(d / 'f'), BOB, STAFF)
    os.chmod(d / 'f', 0o640)
    asked = lambda: [os.access(d / 'f', mode) for mode in (os.F_OK, os.R_OK, os.W_OK, os.X_OK)]
    same(as_user(BOB, asked), [True, True, True, False])
    same(as_user(ALICE, asked, groups=(STAFF,)), [True, True, False, False])
    same(as_user(ALICE, asked), [True, False, False, False])


@behaviour('what was allowed is refused at once when the mode changes, and the other way round')
def _(d):
    write(d / 'f')
    for mode, allowed in (0o644, True), (0o600, False), (0o604, True), (0o640, False):
        os.chmod(d / 'f', mode)
        same(as_user(ALICE, os.access, d / 'f', os.R_OK), allowed)


@behaviour('a file of mode 0 can be unlinked and renamed by who may write to its directory')
def _(d):
    os.chmod(write(d / 'a'), 0)
    os.chmod(write(d / 'b'), 0)
    as_user(ALICE, os.unlink, d / 'a')
    as_user(ALICE, os.rename, d / 'b', d / 'c')
    same(os.listdir(d), ['c'])


@behaviour('a directory that the caller may not write to can be renamed in place, and not moved elsewhere')
def _(d):
    os.mkdir(d / 'dir')
    os.mkdir(d / 'to')
    os.chmod(d / 'to', 0o777)
    as_user(ALICE, os.rename, d / 'dir', d / 'same')
    refused(EACCES, as_user, ALICE, os.rename, d / 'same', d / 'to' / 'dir')
    same(sorted(os.listdir(d)), ['same', 'to'])


@behaviour('chmod by who does not own the file is refused with EPERM')
def _(d):
    os.chown(write(d / 'f'), BOB, STAFF)
    os.chmod(d / 'f', 0o666)
    refused(EPERM, as_user, ALICE, os.chmod, d / 'f', 0o777, groups=(STAFF,))
    same(mode_of(d / 'f'), 0o666)


@behaviour('chmod by the owner works on a file that they may not read')
def _(d):
    os.chown(write(d / 'f'), ALICE, ALICE)
    os.chmod(d / 'f', 0)
    as_user(ALICE, os.chmod, d / 'f', 0o751)
    same(mode_of(d / 'f'), 0o751)


@behaviour('fchmod by a descriptor of who does not own the file is refused with EPERM')
def _(d):
    os.chmod(write(d / 'f'), 0o666)
    refused(EPERM, as_user, ALICE, lambda: os.fchmod(os.open(d / 'f', os.O_RDWR), 0o600))
    same(mode_of(d / 'f'), 0o666)


@behaviour('chmod sets every mode, on files and on directories')
def _(d):
    write(d / 'f')
    os.mkdir(d / 'dir')
    for mode in (0o0000, 0o0111, 0o0644, 0o1777, 0o2750, 0o4711, 0o7777):
        os.chmod(d / 'f', mode)
        os.chmod(d / 'dir', mode)
        same((mode_of(d / 'f'), mode_of(d / 'dir')), (mode, mode))


@behaviour('chmod by the owner takes set-group-id away where they are not in the group of the file')
def _(d):
    os.chown(write(d / 'f'), ALICE, STAFF)
    as_user(ALICE, os.chmod, d / 'f', 0o2755)
    same(mode_of(d / 'f'), 0o755)


@behaviour('chmod by the owner sets set-group-id where they are in the group of the file')
def _(d):
    os.chown(write(d / 'f'), ALICE, STAFF)
    as_user(ALICE, os.chmod, d / 'f', 0o2755, groups=(STAFF,))
    same(mode_of(d / 'f'), 0o2755)
