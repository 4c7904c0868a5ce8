"""Random calls on one file, each compared with the bytes in memory.

Arguments: FILE (an empty one) SEED OPERATIONS FAILURES. With FAILURES above 0 a change may fail with EIO or ETIMEDOUT, and the file
must be as before then; it goes on until so many have. Ends with 1 and the last calls where something comes out
otherwise than on a disk.
"""

import ctypes
import errno
import mmap
import os
import random
import sys
import time

MOST = 300_000
PAGE = mmap.PAGESIZE
FAULTS = (errno.EIO, errno.ETIMEDOUT)
HISTORY = 40
LIBC = ctypes.CDLL(None, use_errno=True)
# SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE and _WAIT_AFTER of linux/fs.h
WRITE_OUT = 1 | 2 | 4


def write_out(fd):
    """What msync(2) does but for its fsync, which can fail after all pages were written: such a call has changed something."""
    if LIBC.sync_file_range(fd, ctypes.c_int64(0), ctypes.c_int64(0), WRITE_OUT) != 0:
        raise OSError(ctypes.get_errno(), 'sync_file_range')


class Mismatch(Exception):
    pass


class Checker:
    def __init__(self, path, seed, failures):
        self.random = random.Random(seed)
        self.failures = failures
        self.path = path
        self.model = bytearray()
        self.counts = {}
        self.number = 0
        self.failed = 0
        self.history = []
        # Two that see each other's changes, and one that always writes at the end.
        self.flags = [os.O_RDWR, os.O_RDWR, os.O_RDWR | os.O_APPEND]
        self.handles = [os.open(self.path, flags) for flags in self.flags]

    # What is called, each as often as its weight.
    CALLS = {
        'read': 8, 'write': 8, 'append': 2, 'ftruncate': 2, 'truncate': 2, 'map_read': 3, 'map_write': 3,
        'copy': 1, 'reopen': 2, 'empty': 1, 'sync': 1, 'size': 2, 'seek_data': 1,
    }

    def run(self, operations):
        names, weights = list(self.CALLS), list(self.CALLS.values())
        while self.number < operations or self.failed < self.failures:
            self.number += 1
            name = self.random.choices(names, weights)[0]
            self.counts[name] = self.counts.get(name, 0) + 1
            getattr(self, name)()
            if os.fstat(self.handle()).st_size != len(self.model):
                raise Mismatch(f'size {os.fstat(self.handle()).st_size}, should be {len(self.model)}')
        self.look()

    def handle(self):
        return self.handles[self.random.randrange(2)]

    def note(self, *what):
        self.history = [*self.history[1 - HISTORY:], f'{self.number}: ' + ' '.join(map(str, what))]

    def span(self, limit):
        """Offset and length: mostly short, now and then on page borders."""
        start = self.random.randrange(limit + 1)
        length = self.random.randrange(1, self.random.choice([100, 5000, 70_000]))
        if self.random.random() < 0.2:
            start, length = start // PAGE * PAGE, max(1, length // PAGE) * PAGE
        return start, length

    def data(self, length):
        return self.random.randbytes(length)

    def change(self, call, apply, patience=0):
        """Makes a call that changes the file; `apply` does the same to the model with what the call returned."""
        try:
            result = call()
        except OSError as error:
            if self.failures == 0 or error.errno not in FAULTS:
                raise
            self.note('  failed:', errno.errorcode[error.errno])
            self.failed += 1
            self.hear_of_failed_pages()
            self.look(patience)
            return
        apply(result)

    def hear_of_failed_pages(self):
        """Each handle tells once of pages that could not be written; later calls must not be blamed for them."""
        for handle in self.handles:
            try:
                os.fsync(handle)
            except OSError:
                pass

    def same(self, found, expected, what):
        if found == expected:
            return
        at = next((k for k, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), None)
        raise Mismatch(f'{what}: {len(found)} bytes, should be {len(expected)}; first other byte at {at}')

    def look(self, patience=0):
        """The whole file as a new handle sees it, from memory and from the file system."""
        end, first = time.monotonic() + patience, None
        while True:
            try:
                return self.look_once()
            except Mismatch as problem:
                first = first or problem
                if time.monotonic() > end:
                    raise Mismatch(f'first: {first}; at last: {problem}')

    def look_once(self):
        fd, problems = os.open(self.path, os.O_RDONLY), []
        try:
            for source in 'memory', 'file system':
                try:
                    self.same(os.pread(fd, MOST * 2, 0), self.model, f'the file from {source}')
                except Mismatch as problem:
                    problems.append(str(problem))
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
        if problems:
            raise Mismatch('; '.join(problems))

    def put(self, offset, data):
        if len(self.model) < offset:
            self.model.extend(bytes(offset - len(self.model)))
        self.model[offset:offset + len(data)] = data

    def resize(self, size):
        if size <= len(self.model):
            del self.model[size:]
        else:
            self.model.extend(bytes(size - len(self.model)))

    def read(self):
        start, length = self.span(len(self.model))
        self.note('read', start, length)
        self.same(os.pread(self.handle(), length, start), self.model[start:start + length], 'read')

    def write(self):
        start, length = self.span(MOST // 2 if self.random.random() < 0.1 else len(self.model))
        data = self.data(min(length, MOST - start))
        self.note('write', start, len(data))
        self.change(lambda: os.pwrite(self.handle(), data, start), lambda done: self.put(start, data[:done]))

    def append(self):
        if len(self.model) > MOST:
            return
        data = self.data(self.random.randrange(1, 3000))
        self.note('append', len(data))
        self.change(
            lambda: os.write(self.handles[2], data), lambda done: self.put(len(self.model), data[:done])
        )

    def size_wanted(self):
        return self.random.randrange(self.random.choice([MOST // 2, len(self.model) + 1]))

    def ftruncate(self):
        size = self.size_wanted()
        self.note('ftruncate', size)
        self.change(lambda: os.ftruncate(self.handle(), size), lambda _: self.resize(size))

    def truncate(self):
        size = self.size_wanted()
        self.note('truncate', size)
        self.change(lambda: os.truncate(self.path, size), lambda _: self.resize(size))

    def map_read(self):
        if not self.model:
            return
        start, length = self.span(len(self.model) - 1)
        self.note('map_read', start, length)
        with mmap.mmap(self.handle(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapped:
            self.same(mapped[start:start + length], self.model[start:start + length], 'mapped')

    def map_write(self):
        if not self.model:
            return
        start, length = self.span(len(self.model) - 1)
        data = self.data(min(length, len(self.model) - start))
        synced = self.failures == 0 and self.random.random() < 0.5
        self.note('map_write', start, len(data), 'msync' if synced else '')
        # The kernel hears only with the answer that its pages are wrong.
        self.change(lambda: self.put_mapped(start, data, synced), lambda _: self.put(start, data), patience=5)

    def put_mapped(self, start, data, synced):
        handle = self.handle()
        with mmap.mmap(handle, 0) as mapped:
            mapped[start:start + len(data)] = data
            if synced:
                mapped.flush()
        if self.failures > 0:
            write_out(handle)

    def copy(self):
        if len(self.model) < 2:
            return
        half = len(self.model) // 2
        start, to = self.random.randrange(half), half + self.random.randrange(half)
        length = min(self.random.randrange(1, 20_000), half - start)
        data = bytes(self.model[start:start + length])
        self.note('copy', start, to, length)
        self.change(
            lambda: os.copy_file_range(self.handles[0], self.handles[1], length, start, to),
            lambda done: self.put(to, data[:done]),
        )

    def reopen(self):
        index = self.random.randrange(3)
        self.note('reopen', index)
        os.close(self.handles[index])
        self.handles[index] = os.open(self.path, self.flags[index])

    def empty(self):
        self.note('empty')
        self.change(lambda: os.close(os.open(self.path, os.O_WRONLY | os.O_TRUNC)), lambda _: self.resize(0))

    def sync(self):
        self.note('sync')
        self.change(lambda: os.fsync(self.handle()), lambda _: None)

    def size(self):
        self.note('size')
        if os.stat(self.path).st_size != len(self.model):
            raise Mismatch(f'stat says {os.stat(self.path).st_size}, should be {len(self.model)}')

    def seek_data(self):
        """Holes may be reported or not, but nothing else than zeroes may be in them."""
        self.note('seek_data')
        fd, end = os.open(self.path, os.O_RDONLY), 0
        try:
            while end < len(self.model):
                try:
                    start = os.lseek(fd, end, os.SEEK_DATA)
                except OSError as error:
                    if error.errno != errno.ENXIO:
                        raise
                    start = len(self.model)
                if any(self.model[end:start]):
                    raise Mismatch(f'a hole from {end} to {start} holds data')
                end = os.lseek(fd, start, os.SEEK_HOLE) if start < len(self.model) else start
        finally:
            os.close(fd)


def main():
    path, (seed, operations, failures) = sys.argv[1], map(int, sys.argv[2:])
    checker = Checker(path, seed, failures)
    try:
        checker.run(operations)
    except (Mismatch, OSError) as problem:
        print(f'call {checker.number}: {problem}', *checker.history, sep='\n', file=sys.stderr)
        sys.exit(1)
    counts = ', '.join(f'{name} {count}' for name, count in checker.counts.items())
    print(f'{checker.number} calls, {checker.failed} failed; {counts}')


main()
