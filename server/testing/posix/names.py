"""Which names a file may have."""

import os
import unicodedata
from errno import EILSEQ

from support import read, same, write
from table import behaviour

NAMES = {
    'a newline': 'a\nb',
    'spaces at both ends': ' a ',
    'a backslash': 'a\\b',
    'a quote of each kind': '\'"`',
    'a dollar sign and brackets': '$(x){y}[z]',
    'a star and a question mark': '*?',
    'a minus at its start': '-rf',
    'three dots': '...',
    'a dot at its end': 'a.',
    'a colon': 'a:b',
    'a tab, a bell and an escape': '\t\a\x1b',
    'the bytes 1 and 127': '\x01\x7f',
    'an umlaut': 'ü',
    'letters of many scripts': 'Ωжאع中日한',
    'a sign beyond the basic plane': '🗄️',
    'a zero-width joiner': 'a\u200db',
    'a byte order mark': '\ufeffa',
    'a last character of the basic plane': '\uffff',
    'a percent sign': '%s%n%00',
    'a tilde': '~',
    'a hash': '#x#',
    'the name that Proxyfs has at its top': '.proxyfs',
    'a name as hidden by libfuse': '.fuse_hidden0000000100000001',
}

for what, name in NAMES.items():
    @behaviour(f'a file, a directory and a symlink may be named with {what}')
    def _(d, name=name):
        os.mkdir(d / name)
        write(d / name / name, b'content')
        os.symlink(name, d / name / 'link')
        same((os.listdir(d), sorted(os.listdir(d / name))), ([name], sorted([name, 'link'])))
        same((read(d / name / 'link'), os.readlink(d / name / 'link')), (b'content', name))
        os.rename(d / name / name, d / name / 'plain')
        os.rename(d / name / 'plain', d / name / name)
        same(os.stat(d / name / name).st_size, 7)


@behaviour('names that differ in case alone are two files')
def _(d):
    write(d / 'name', b'lower')
    write(d / 'NAME', b'upper')
    same((read(d / 'name'), read(d / 'NAME')), (b'lower', b'upper'))


@behaviour('names that differ in how a letter is composed alone are two files')
def _(d):
    for form in 'NFC', 'NFD':
        write(d / unicodedata.normalize(form, 'é'), form.encode())
    same({read(d / unicodedata.normalize(form, 'é')) for form in ('NFC', 'NFD')}, {b'NFC', b'NFD'})


MAKING = {
    'file': lambda path: write(path),
    'directory': os.mkdir,
    'symlink': lambda path: os.symlink(b'x', path),
    'link': lambda path: os.link(write(os.path.dirname(path) + b'/other'), path),
    'renamed file': lambda path: os.rename(write(os.path.dirname(path) + b'/other'), path),
}
BAD = {'a byte that no text has': b'\xff', 'half a letter': 'ü'.encode()[:1], 'a surrogate': b'\xed\xa0\x80'}

for what, name in BAD.items():
    for kind, make in MAKING.items():
        @behaviour(f'a {kind} named with {what} works, or is refused with EILSEQ and not made')
        def _(d, name=b'a' + name, make=make):
            try:
                make(os.path.join(os.fsencode(d), name))
            except OSError as error:
                same((error.errno, set(os.listdir(d)) - {'other'}), (EILSEQ, set()))
                return
            assert name in os.listdir(os.fsencode(d))
