"""What every call that takes a path refuses, and how long names and paths may be."""

import os
import stat
from errno import EACCES, EEXIST, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

from support import ALICE, as_user, opened, refused, same, write
from table import behaviour

LONGEST_PATH = 4095

# Calls that make what the path names; a further file stands at `other`.
MAKING = {
    'open(O_CREAT | O_EXCL)': lambda path, other: opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    'mkdir': lambda path, other: os.mkdir(path),
    'mknod of a file': lambda path, other: os.mknod(path, 0o644 | stat.S_IFREG),
    'symlink': lambda path, other: os.symlink('target', path),
    'link to a new name': lambda path, other: os.link(other, path),
    'rename to a new name': lambda path, other: os.rename(other, path),
}

# Calls that take a file that is there.
USING = {
    'open(O_RDONLY)': lambda path, other: opened(path),
    'open(O_WRONLY | O_TRUNC)': lambda path, other: opened(path, os.O_WRONLY | os.O_TRUNC),
    'open(O_PATH)': lambda path, other: opened(path, os.O_PATH),
    'stat': lambda path, other: os.stat(path),
    'lstat': lambda path, other: os.lstat(path),
    'access': lambda path, other: os.stat(path) if os.access(path, os.F_OK) else os.stat(path),
    'chmod': lambda path, other: os.chmod(path, 0o600),
    'chown': lambda path, other: os.chown(path, os.geteuid(), -1),
    'lchown': lambda path, other: os.lchown(path, os.geteuid(), -1),
    'utimens': lambda path, other: os.utime(path, ns=(1, 2)),
    'truncate': lambda path, other: os.truncate(path, 3),
    'statvfs': lambda path, other: os.statvfs(path),
    'link of a name': lambda path, other: os.link(path, f'{other}-2'),
    'rename of a name': lambda path, other: os.rename(path, f'{other}-2'),
    'unlink': lambda path, other: os.unlink(path),
}

# Calls that take something that isn't a file; here only for what they refuse before they look.
OTHERS = {
    'open(O_CREAT)': lambda path, other: opened(path, os.O_WRONLY | os.O_CREAT),
    'rmdir': lambda path, other: os.rmdir(path),
    'readlink': lambda path, other: os.readlink(path),
    'chdir': lambda path, other: os.chdir(path),
    'listing': lambda path, other: os.listdir(path),
}

ALL = {**MAKING, **USING, **OTHERS}
REMOVING = {
    'rmdir': lambda path, other: os.rmdir(path),
    'unlink': USING['unlink'],
    'rename of a name': USING['rename of a name'],
}


def of_length(directory, name, length):
    """A path of so many bytes: a name below a directory, with `./` between them as often as needed."""
    start, rest = os.fspath(directory), length - len(os.fspath(directory)) - len(name)
    return f'{start}//{"./" * ((rest - 2) // 2)}{"/" if rest % 2 else ""}{name}'


def enter(name, call):
    def other(d):
        return write(d / 'other')

    @behaviour(f'{name} with an empty path is refused with ENOENT')
    def _(d):
        refused(ENOENT, call, '', other(d))

    @behaviour(f'{name} below a missing directory is refused with ENOENT')
    def _(d):
        refused(ENOENT, call, d / 'none' / 'x', other(d))

    @behaviour(f'{name} below a file is refused with ENOTDIR')
    def _(d):
        write(d / 'file')
        refused(ENOTDIR, call, d / 'file' / 'x', other(d))
        same(os.path.getsize(d / 'file'), 7)

    @behaviour(f'{name} through symlinks that go round is refused with ELOOP')
    def _(d):
        os.symlink('two', d / 'one')
        os.symlink('one', d / 'two')
        refused(ELOOP, call, d / 'one' / 'x', other(d))

    @behaviour(f'{name} of a name of 256 bytes is refused with ENAMETOOLONG')
    def _(d):
        refused(ENAMETOOLONG, call, d / ('n' * 256), other(d))

    @behaviour(f'{name} of a path of 4,096 bytes is refused with ENAMETOOLONG')
    def _(d):
        refused(ENAMETOOLONG, call, of_length(d, 'x', LONGEST_PATH + 1), other(d))

    @behaviour(f'{name} below a directory that the caller may not search is refused with EACCES')
    def _(d):
        os.mkdir(d / 'closed')
        write(d / 'closed' / 'x')
        write(other(d))
        os.chmod(d / 'closed', 0o666)
        refused(EACCES, as_user, ALICE, call, d / 'closed' / 'x', d / 'other')
        os.chmod(d / 'closed', 0o755)
        same(os.listdir(d / 'closed'), ['x'])


def enter_using(name, call):
    @behaviour(f'{name} of a missing name is refused with ENOENT')
    def _(d):
        refused(ENOENT, call, d / 'none', write(d / 'other'))

    @behaviour(f'{name} works on a name of 255 bytes')
    def _(d):
        call(write(d / ('n' * 255)), write(d / 'other'))

    @behaviour(f'{name} works on a path of 4,095 bytes')
    def _(d):
        write(d / 'x')
        call(of_length(d, 'x', LONGEST_PATH), write(d / 'other'))


def enter_making(name, call):
    @behaviour(f'{name} makes a name of 255 bytes')
    def _(d):
        call(d / ('n' * 255), write(d / 'other'))
        assert 'n' * 255 in os.listdir(d)

    @behaviour(f'{name} takes a path of 4,095 bytes')
    def _(d):
        call(of_length(d, 'x', LONGEST_PATH), write(d / 'other'))
        assert 'x' in os.listdir(d)

    @behaviour(f'{name} goes through a symlink to a directory')
    def _(d):
        os.mkdir(d / 'dir')
        os.symlink('dir', d / 'way')
        call(d / 'way' / 'x', write(d / 'other'))
        same(os.listdir(d / 'dir'), ['x'])


def enter_writing(name, call, prepare):
    @behaviour(f'{name} in a directory that the caller may not write to is refused with EACCES')
    def _(d):
        os.mkdir(d / 'closed')
        prepare(d / 'closed' / 'x')
        os.chmod(d / 'closed', 0o755)
        write(d / 'other')
        os.chown(d / 'other', ALICE, ALICE)
        before = os.listdir(d / 'closed')
        refused(EACCES, as_user, ALICE, call, d / 'closed' / 'x', d / 'other')
        same((os.listdir(d / 'closed'), sorted(os.listdir(d))), (before, ['closed', 'other']))


for each, its_call in ALL.items():
    enter(each, its_call)
for each, its_call in USING.items():
    enter_using(each, its_call)
for each, its_call in MAKING.items():
    enter_making(each, its_call)
    enter_writing(each, its_call, lambda path: None)
for each, its_call in REMOVING.items():
    enter_writing(each, its_call, os.mkdir if each == 'rmdir' else write)

for each in ('open(O_CREAT | O_EXCL)', 'mkdir', 'mknod of a file', 'symlink', 'link to a new name'):
    for kind, make in {
        'a file': write,
        'a directory': os.mkdir,
        'a symlink': lambda path: os.symlink('none', path),
    }.items():
        @behaviour(f'{each} where there is {kind} already is refused with EEXIST')
        def _(d, call=MAKING[each], make=make):
            make(d / 'x')
            before = os.lstat(d / 'x')
            refused(EEXIST, call, d / 'x', write(d / 'other'))
            same(os.lstat(d / 'x').st_mode, before.st_mode)
            same(sorted(os.listdir(d)), ['other', 'x'])


@behaviour('directories can be nested until a path to them is 3,500 bytes long')
def _(d):
    path = os.fspath(d)
    while len(path) < 3500:
        path += '/' + 'n' * min(200, 3499 - len(path))
        if len(path) < 3499:
            os.mkdir(path)
            continue
        write(path, b'deep')
        break
    same(read_text(path), 'deep')
    remove_tree(d, path)


@behaviour('directories can be nested deeper than any path can say')
def _(d):
    os.chdir(d)
    for _ in range(25):
        os.mkdir('n' * 200)
        os.chdir('n' * 200)
    write('file', b'deep')
    same(read_text('file'), 'deep')
    os.unlink('file')
    for _ in range(25):
        os.chdir('..')
        os.rmdir('n' * 200)


def read_text(path):
    with open(path) as file:
        return file.read()


def remove_tree(d, path):
    os.unlink(path)
    path = os.path.dirname(path)
    while path != os.fspath(d):
        os.rmdir(path)
        path = os.path.dirname(path)
