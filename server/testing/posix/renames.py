"""rename(2) of every kind over every kind."""

import os
from errno import EBUSY, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY

from support import opened, read, read_all, refused, same, start, write
from table import behaviour


def full_directory(path):
    os.mkdir(path)
    write(path / 'inside')


SOURCES = {
    'a file': lambda path: write(path, b'source'),
    'an empty directory': os.mkdir,
    'a full directory': full_directory,
    'a symlink': lambda path: os.symlink('source', path),
    'a symlink to a directory': lambda path: os.symlink('.', path),
    'one of two hard links': lambda path: os.link(write(path.with_name('also'), b'source'), path),
}
TARGETS = {
    'nothing': lambda path: None,
    'a file': lambda path: write(path, b'target'),
    'an empty directory': os.mkdir,
    'a full directory': full_directory,
    'a symlink': lambda path: os.symlink('target', path),
    'a symlink to a directory': lambda path: os.symlink('.', path),
    'one of two hard links': lambda path: os.link(write(path.with_name('too'), b'target'), path),
}


def expected_errno(source, target):
    if target == 'nothing':
        return None
    if target.endswith('directory') and not target.startswith('a symlink'):
        if not is_directory(source):
            return EISDIR
        return ENOTEMPTY if target == 'a full directory' else None
    return ENOTDIR if is_directory(source) else None


def is_directory(kind):
    return kind in ('an empty directory', 'a full directory')


def seen(path):
    """What a tree holds, with inodes."""
    found = {}
    for directory, names, files in os.walk(path):
        for name in names + files:
            at = os.path.join(directory, name)
            kind = os.lstat(at)
            found[os.path.relpath(at, path)] = (kind.st_ino, kind.st_mode, kind.st_nlink)
    return found


for source, make_source in SOURCES.items():
    for target, make_target in TARGETS.items():
        number = expected_errno(source, target)
        ending = 'replaces it' if number is None else f'is refused with {os.strerror(number)}'

        @behaviour(f'rename of {source} to where {target} is {ending}')
        def _(d, number=number, make_source=make_source, make_target=make_target):
            os.mkdir(d / 'from')
            os.mkdir(d / 'to')
            make_source(d / 'from' / 'x')
            make_target(d / 'to' / 'y')
            before, inode = seen(d), os.lstat(d / 'from' / 'x').st_ino
            if number is not None:
                refused(number, os.rename, d / 'from' / 'x', d / 'to' / 'y')
                return same(seen(d), before)
            os.rename(d / 'from' / 'x', d / 'to' / 'y')
            same((os.lstat(d / 'to' / 'y').st_ino, os.path.lexists(d / 'from' / 'x')), (inode, False))
            same(links_of_others(d), 1)


def links_of_others(d):
    """The links of what lost a name by the rename; 1 where there is no such thing."""
    return os.stat(d / 'to' / 'too').st_nlink if os.path.exists(d / 'to' / 'too') else 1


@behaviour('rename of a name to itself does nothing')
def _(d):
    before = os.stat(write(d / 'f'))
    os.rename(d / 'f', d / 'f')
    same(os.stat(d / 'f').st_ctime_ns, before.st_ctime_ns)
    os.mkdir(d / 'dir')
    os.rename(d / 'dir', d / 'dir')


@behaviour('rename between two names of one file leaves both')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    os.rename(d / 'a', d / 'b')
    same((sorted(os.listdir(d)), os.stat(d / 'a').st_nlink), (['a', 'b'], 2))


@behaviour('rename between two names of one file that is open leaves both, and the descriptor works')
def _(d):
    os.link(write(d / 'a'), d / 'b')
    fd = os.open(d / 'b', os.O_RDWR)
    os.rename(d / 'a', d / 'b')
    os.write(fd, b'CON')
    same((read(d / 'a'), read(d / 'b'), os.fstat(fd).st_nlink), (b'CONtent', b'CONtent', 2))


@behaviour('a directory renamed over an empty one that somebody is in leaves that one removed')
def _(d):
    full_directory(d / 'a')
    os.mkdir(d / 'b')
    os.chdir(d / 'b')
    os.rename(d / 'a', d / 'b')
    same((os.listdir('.'), os.stat('.').st_nlink, os.listdir(d / 'b')), ([], 0, ['inside']))
    refused(ENOENT, opened, 'x', os.O_WRONLY | os.O_CREAT)


@behaviour('a directory renamed forty times keeps what is in it')
def _(d):
    full_directory(d / '0')
    for number in range(40):
        os.rename(d / f'{number}', d / f'{number + 1}')
    same(read(d / '40' / 'inside'), b'content')


@behaviour('of two processes that rename one name to different ones, one succeeds')
def _(d):
    def move(target):
        try:
            os.rename(d / 'x', d / target)
            return 1
        except FileNotFoundError:
            return 0
    write(d / 'x')
    waiting = [start(lambda target=target: move(target)) for target in 'abcd']
    same((sum(wait() for wait in waiting), len(os.listdir(d))), (1, 1))


@behaviour('processes that rename directories into each other never make a circle')
def _(d):
    def move(source, target):
        try:
            os.rename(d / source, d / target / source)
            return 1
        except (FileNotFoundError, OSError):
            return 0
    for name in 'ab':
        full_directory(d / name)
    waiting = [start(lambda pair=pair: move(*pair)) for pair in ('ab', 'ba')]
    same(sum(wait() for wait in waiting), 1)
    same(sum(len(files) for _, _, files in os.walk(d)), 2)


@behaviour('rename of a directory into itself is refused with EINVAL')
def _(d):
    os.makedirs(d / 'dir' / 'sub')
    refused(EINVAL, os.rename, d / 'dir', d / 'dir' / 'x')
    refused(EINVAL, os.rename, d / 'dir', d / 'dir' / 'sub' / 'x')
    refused(EINVAL, os.rename, d / 'dir', d / 'dir' / 'sub')
    same(os.listdir(d / 'dir'), ['sub'])


@behaviour('rename of a directory over the one that holds it is refused with ENOTEMPTY')
def _(d):
    os.makedirs(d / 'dir' / 'sub')
    refused(ENOTEMPTY, os.rename, d / 'dir' / 'sub', d / 'dir')
    same(os.listdir(d / 'dir'), ['sub'])


@behaviour('rename of . and of .. is refused with EBUSY')
def _(d):
    os.mkdir(d / 'dir')
    refused((EBUSY, EINVAL), os.rename, f'{d}/dir/.', d / 'x')
    refused((EBUSY, EINVAL), os.rename, f'{d}/dir/..', d / 'x')
    refused((EBUSY, EINVAL), os.rename, d / 'dir', f'{d}/.')
    same(os.listdir(d), ['dir'])


@behaviour('rename of a directory takes paths with slashes at their end')
def _(d):
    full_directory(d / 'dir')
    os.rename(f'{d}/dir/', f'{d}/moved/')
    same(os.listdir(d / 'moved'), ['inside'])


@behaviour('rename of a file to a path with a slash at its end is refused with ENOTDIR')
def _(d):
    write(d / 'f')
    refused(ENOTDIR, os.rename, d / 'f', f'{d}/x/')
    refused(ENOTDIR, os.rename, f'{d}/f/', d / 'x')
    same(os.listdir(d), ['f'])


@behaviour('a file keeps its inode, content, mode, owner and times through a rename')
def _(d):
    write(d / 'a', mode=0o640)
    os.chown(d / 'a', 5, 6)
    os.utime(d / 'a', ns=(10**9, 2 * 10**9))
    before = os.stat(d / 'a')
    os.rename(d / 'a', d / 'b')
    after = os.stat(d / 'b')
    facts = lambda found: (found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_size)
    same(facts(after), facts(before))


@behaviour('a file replaced by rename lives on for who has it open')
def _(d):
    fd = os.open(write(d / 'f', b'old'), os.O_RDWR)
    os.rename(write(d / 'new', b'new'), d / 'f')
    same((read(d / 'f'), read_all(fd), os.fstat(fd).st_nlink), (b'new', b'old', 0))
    os.pwrite(fd, b'OLD', 0)
    same((read(d / 'f'), os.pread(fd, 9, 0)), (b'new', b'OLD'))


@behaviour('a file open while it is renamed goes on under its new name')
def _(d):
    fd = os.open(write(d / 'a'), os.O_RDWR)
    os.rename(d / 'a', d / 'b')
    os.write(fd, b'CON')
    os.ftruncate(fd, 5)
    write(d / 'a', b'other')
    same((read(d / 'b'), read(d / 'a')), (b'CONte', b'other'))


@behaviour('files below a directory are reached by their new paths, their descriptors and from inside')
def _(d):
    os.makedirs(d / 'a' / 'b')
    fd = os.open(write(d / 'a' / 'b' / 'f'), os.O_RDWR)
    os.chdir(d / 'a' / 'b')
    os.rename(d / 'a', d / 'c')
    os.write(fd, b'CON')
    write('made')
    same((read(d / 'c' / 'b' / 'f'), sorted(os.listdir('.'))), (b'CONtent', ['f', 'made']))
    refused(ENOENT, os.stat, d / 'a' / 'b')
    same(os.getcwd(), os.fspath(d / 'c' / 'b'))


@behaviour('.. of a directory that was moved is its new parent')
def _(d):
    os.makedirs(d / 'old' / 'sub')
    os.mkdir(d / 'new')
    os.chdir(d / 'old' / 'sub')
    os.rename(d / 'old' / 'sub', d / 'new' / 'sub')
    same(os.stat('..').st_ino, os.stat(d / 'new').st_ino)
    same(os.stat(d / 'new' / 'sub' / '..').st_ino, os.stat(d / 'new').st_ino)


@behaviour('a missing source is refused with ENOENT and leaves the target')
def _(d):
    write(d / 'f')
    refused(ENOENT, os.rename, d / 'none', d / 'f')
    same(read(d / 'f'), b'content')


@behaviour('rename of a name to the same in other case makes it that')
def _(d):
    os.rename(write(d / 'name'), d / 'NAME')
    same(os.listdir(d), ['NAME'])


@behaviour('renaming round a circle of three names turns their contents')
def _(d):
    for name in 'abc':
        write(d / name, name.encode())
    for source, target in ('a', 't'), ('b', 'a'), ('c', 'b'), ('t', 'c'):
        os.rename(d / source, d / target)
    same([read(d / name) for name in 'abc'], [b'b', b'c', b'a'])


@behaviour('who reads a file that is replaced by rename again and again always finds one whole version')
def _(d):
    write(d / 'f', b'0' * 1000)

    def replace():
        for number in range(1, 40):
            os.rename(write(d / 'new', b'%d' % (number % 10) * 1000), d / 'f')
    ended = start(replace)
    for _ in range(200):
        found = read(d / 'f')
        assert len(found) == 1000 and len(set(found)) == 1, found[:50]
    ended()
