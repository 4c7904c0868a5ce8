"""Prints what a mirror can't have below a directory: special files and extended attributes."""

import os
import stat
import sys

KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)

for directory, names, files in os.walk(sys.argv[1]):
    for path in (os.path.join(directory, name) for name in names + files):
        if stat.S_IFMT(os.lstat(path).st_mode) not in KINDS:
            print('special file', path)
        for attribute in os.listxattr(path, follow_symlinks=False):
            print('extended attribute', attribute, path)
