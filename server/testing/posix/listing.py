"""Reading directories."""

import ctypes
import os
import stat
from errno import EINVAL

from support import in_child, libc, raw, refused, same, start, write
from table import behaviour

libc.opendir.restype = libc.fdopendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
TYPES = {4: stat.S_IFDIR, 8: stat.S_IFREG, 10: stat.S_IFLNK}


class Listing:
    """readdir(3) and its position."""

    def __init__(self, path):
        self.stream = ctypes.c_void_p(libc.opendir(os.fsencode(path)))
        assert self.stream

    def next(self):
        """Name, inode and type; None at the end."""
        entry = libc.readdir(self.stream)
        if not entry:
            return None
        inode = ctypes.c_uint64.from_address(entry).value
        return ctypes.string_at(entry + 19).decode(), inode, ctypes.c_uint8.from_address(entry + 18).value

    def rest(self):
        found = []
        while entry := self.next():
            found.append(entry)
        return found

    def names(self):
        return [name for name, _, _ in self.rest()]

    def tell(self):
        return libc.telldir(self.stream)

    def seek(self, position):
        libc.seekdir(self.stream, ctypes.c_long(position))

    def rewind(self):
        libc.rewinddir(self.stream)


def many(d, count=150):
    os.mkdir(d / 'dir')
    for number in range(count):
        os.mkdir(d / 'dir' / f'{number}')
    return d / 'dir'


def expected(count=150):
    return sorted(['.', '..'] + [str(number) for number in range(count)])


@behaviour('an empty directory lists . and .. alone')
def _(d):
    same(sorted(Listing(d).names()), ['.', '..'])


@behaviour('a listing has each entry once')
def _(d):
    same(sorted(Listing(many(d)).names()), expected())


@behaviour('a listing tells the inode and the type that stat tells')
def _(d):
    os.mkdir(d / 'dir')
    os.link(write(d / 'file'), d / 'second')
    os.symlink('file', d / 'link')
    for name, inode, kind in Listing(d).rest():
        found = os.lstat(d / name)
        same((name, inode, TYPES[kind]), (name, found.st_ino, stat.S_IFMT(found.st_mode)))


@behaviour('.. of a listing has the inode of the parent, below the top and deeper')
def _(d):
    os.makedirs(d / 'a' / 'b')
    os.stat(d / 'a' / 'b')
    inodes = {name: inode for name, inode, _ in Listing(d / 'a' / 'b').rest()}
    same((inodes['..'], inodes['.']), (os.stat(d / 'a').st_ino, os.stat(d / 'a' / 'b').st_ino))


@behaviour('a listing goes on where telldir said, after seekdir')
def _(d):
    listing = Listing(many(d))
    first = [listing.next() for _ in range(70)]
    at = listing.tell()
    second = listing.rest()
    listing.seek(at)
    same((listing.rest() == second, len(first) + len(second)), (True, 152))


@behaviour('seekdir goes back to each place of a listing')
def _(d):
    listing, places = Listing(many(d, 40)), []
    while True:
        at, entry = listing.tell(), listing.next()
        if entry is None:
            break
        places.append((at, entry))
    for at, entry in reversed(places):
        listing.seek(at)
        same(listing.next(), entry)


@behaviour('a listing begun again by rewinddir shows what was made and removed meanwhile')
def _(d):
    write(d / 'a')
    write(d / 'b')
    listing = Listing(d)
    same(sorted(listing.names()), ['.', '..', 'a', 'b'])
    os.unlink(d / 'a')
    write(d / 'c')
    listing.rewind()
    same(sorted(listing.names()), ['.', '..', 'b', 'c'])


@behaviour('entries that stay are listed once while others are made and removed')
def _(d):
    stays = many(d)
    for number in range(20):
        write(stays / f'goes-{number}')
    listing = Listing(stays)
    seen = [listing.next()[0] for _ in range(30)]
    for number in range(20):
        os.unlink(stays / f'goes-{number}')
        write(stays / f'new-{number}')
    seen += listing.names()
    kept = [name for name in seen if not name.startswith(('goes', 'new'))]
    same((sorted(kept), len(set(seen))), (expected(), len(seen)))


@behaviour('entries that stay are listed once while another process makes and removes others')
def _(d):
    stays = many(d, 100)

    def busy():
        for number in range(25):
            write(stays / f'new-{number % 5}')
            os.unlink(stays / f'new-{number % 5}')
    ended = start(busy)
    for _ in range(10):
        names = [name for name in Listing(stays).names() if not name.startswith('new')]
        same(sorted(names), expected(100))
    ended()


@behaviour('who removes each entry as it is listed leaves nothing')
def _(d):
    directory = many(d, 100)
    with os.scandir(directory) as found:
        for entry in found:
            os.rmdir(entry.path)
    os.rmdir(directory)


@behaviour('who renames each entry as it is listed loses none')
def _(d):
    directory = many(d, 50)
    with os.scandir(directory) as found:
        for entry in found:
            if not entry.name.startswith('was-'):
                os.rename(entry.path, directory / f'was-{entry.name}')
    same(sorted(os.listdir(directory)), sorted(f'was-{number}' for number in range(50)))


@behaviour('a name is in the listing as soon as it is made, and out of it as soon as it is removed')
def _(d):
    for number in range(10):
        write(d / 'x')
        same((os.listdir(d), in_child(lambda: os.listdir(d))), (['x'], ['x']))
        os.unlink(d / 'x')
        same((os.listdir(d), in_child(lambda: os.listdir(d))), ([], []))


@behaviour('a listing by a descriptor opened before a rename lists the renamed directory')
def _(d):
    os.mkdir(d / 'dir')
    fd = os.open(d / 'dir', os.O_RDONLY)
    os.rename(d / 'dir', d / 'moved')
    write(d / 'moved' / 'f')
    os.mkdir(d / 'dir')
    same(os.listdir(fd), ['f'])


@behaviour('the attributes that a listing brings along are those of now')
def _(d):
    for number in range(20):
        write(d / f'{number}')
    for size in 3, 5:
        for number in range(20):
            os.truncate(d / f'{number}', size)
        with os.scandir(d) as found:
            same({entry.stat().st_size for entry in found}, {size})


@behaviour('getdents with room for less than an entry is refused with EINVAL, and with little gives all')
def _(d):
    for number in range(20):
        write(d / f'name-{number}')
    fd = os.open(d, os.O_RDONLY)
    refused(EINVAL, getdents, fd, 10)
    names = []
    while found := getdents(fd, 100):
        names += found
    same(sorted(names), sorted(['.', '..'] + [f'name-{number}' for number in range(20)]))


def getdents(fd, size):
    """The names that fit; libc has no word for this call on older systems."""
    room = ctypes.create_string_buffer(size)
    filled = raw('getdents64', fd, room, size)
    names, at = [], 0
    while at < filled:
        names.append(ctypes.string_at(ctypes.addressof(room) + at + 19).decode())
        at += int.from_bytes(room.raw[at + 16:at + 18], 'little')
    return names
