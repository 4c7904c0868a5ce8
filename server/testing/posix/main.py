"""Runs the behaviours in a directory, each in a directory of its own there, and prints a JSON line for each.

    main.py --list              prints the names of all
    main.py DIRECTORY [TEXT]    runs all, or those whose name contains the text
"""

import errno
import json
import os
import pathlib
import select
import signal
import sys
import time
import traceback

from table import behaviours

LIMIT_SECONDS = 60
AT_ONCE = 6


def main(arguments):
    if arguments == ['--list']:
        for entry in behaviours():
            print(entry['name'])
        return
    directory, *texts = arguments
    waiting = [entry for entry in behaviours() if all(text in entry['name'] for text in texts)]
    running = []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            running.append(Run(waiting.pop(0), pathlib.Path(directory)))
        readable, _, _ = select.select([run.reader for run in running], [], [], 1)
        for run in [run for run in running if run.has_ended(run.reader in readable)]:
            running.remove(run)
            print(json.dumps(run.outcome), flush=True)


class Run:
    """A behaviour in a process of its own, so that none meets another's open files, umask or death."""

    def __init__(self, entry, directory):
        self.name = entry['name']
        self.start = time.monotonic()
        self.text = b''
        place = directory / entry['place']
        os.mkdir(place)
        os.chmod(place, 0o777)
        self.reader, writer = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.setpgid(0, 0)
            os.write(writer, json.dumps(answer(entry, place)).encode())
            os._exit(0)
        os.close(writer)

    def has_ended(self, is_readable):
        """With all that it started, by itself or by force."""
        piece = os.read(self.reader, 65536) if is_readable else None
        self.text += piece or b''
        if piece != b'' and self.elapsed() < LIMIT_SECONDS:
            return False
        os.close(self.reader)
        try:
            os.killpg(self.child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.child, 0)
        return True

    @property
    def outcome(self):
        late = f'no end within {LIMIT_SECONDS} s' if self.elapsed() >= LIMIT_SECONDS else 'it died'
        found = json.loads(self.text) if self.text else {'passed': False, 'message': late}
        return {'name': self.name, 'elapsedMs': round(self.elapsed() * 1000), **found}

    def elapsed(self):
        return time.monotonic() - self.start


def answer(entry, place):
    os.umask(0o022)
    try:
        entry['run'](place)
        return {'passed': True}
    except BaseException as error:
        name = errno.errorcode.get(error.errno) if isinstance(error, OSError) else None
        return {'passed': False, 'errno': name, 'message': ''.join(traceback.format_exception(error)[-3:])}


main(sys.argv[1:])
