"""O_APPEND."""

import fcntl
import mmap
import os
import subprocess

from support import read, same, start, write
from table import behaviour

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def append_lines(path, name, count):
    fd = os.open(path, FLAGS)
    for number in range(count):
        os.write(fd, f'{name} {number}\n'.encode())
    os.close(fd)


def lines_of(path):
    return read(path).decode().splitlines()


@behaviour('writes with O_APPEND go to the end, wherever the position is')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR | os.O_APPEND)
    os.write(fd, b'1')
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, b'2')
    same((read(d / 'f'), os.lseek(fd, 0, os.SEEK_CUR)), (b'content12', 9))


@behaviour('pwrite with O_APPEND goes to the end and leaves the position')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR | os.O_APPEND)
    os.pwrite(fd, b'1', 0)
    same((read(d / 'f'), os.lseek(fd, 0, os.SEEK_CUR)), (b'content1', 0))


@behaviour('four processes that append lines to one file lose none and mix none')
def _(d):
    waiting = [start(lambda name=name: append_lines(d / 'f', name, 25)) for name in 'abcd']
    for wait in waiting:
        wait()
    same(sorted(lines_of(d / 'f')), sorted(f'{name} {number}' for name in 'abcd' for number in range(25)))
    for name in 'abcd':
        same([line for line in lines_of(d / 'f') if line[0] == name], [f'{name} {number}' for number in range(25)])


@behaviour('processes that append by two names of one file lose nothing')
def _(d):
    os.link(write(d / 'a', b''), d / 'b')
    waiting = [start(lambda name=name: append_lines(d / name, name, 25)) for name in 'ab']
    for wait in waiting:
        wait()
    same(sorted(lines_of(d / 'a')), sorted(f'{name} {number}' for name in 'ab' for number in range(25)))


@behaviour('appends of more than a page by three processes stay whole')
def _(d):
    def append(letter):
        fd = os.open(d / 'f', FLAGS)
        for _ in range(5):
            os.write(fd, letter * 9000)
    waiting = [start(lambda letter=letter: append(letter)) for letter in (b'a', b'b', b'c')]
    for wait in waiting:
        wait()
    content = read(d / 'f')
    same(len(content), 3 * 5 * 9000)
    for at in range(0, len(content), 9000):
        assert len(set(content[at:at + 9000])) == 1, at


@behaviour('an append goes to the new end after another process has truncated the file')
def _(d):
    fd = os.open(write(d / 'f'), os.O_WRONLY | os.O_APPEND)
    start(lambda: os.truncate(d / 'f', 3))()
    os.write(fd, b'!')
    same(read(d / 'f'), b'con!')


@behaviour('an append through one descriptor goes behind a write through another')
def _(d):
    appending = os.open(write(d / 'f'), os.O_WRONLY | os.O_APPEND)
    writing = os.open(d / 'f', os.O_WRONLY)
    os.pwrite(writing, b'x' * 100, 0)
    os.write(appending, b'end')
    same(read(d / 'f'), b'x' * 100 + b'end')


@behaviour('O_APPEND set and cleared by fcntl counts from then on')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR)
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
    os.pwrite(fd, b'1', 0)
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
    os.pwrite(fd, b'C', 0)
    same(read(d / 'f'), b'Content1')


@behaviour('a map of a file opened with O_APPEND writes where it is told')
def _(d):
    fd = os.open(write(d / 'f'), os.O_RDWR | os.O_APPEND)
    with mmap.mmap(fd, 7) as mapped:
        mapped[0:1] = b'C'
        mapped.flush()
    os.write(fd, b'!')
    same(read(d / 'f'), b'Content!')


@behaviour('the shell appends with >> from several processes')
def _(d):
    script = 'for n in 1 2 3; do (for i in $(seq 10); do echo "$n $i" >> log; done) & done; wait'
    subprocess.run(['sh', '-c', script], cwd=d, check=True)
    same(len(set(lines_of(d / 'log'))), 30)
