"""The table of behaviours: each a sentence and a function that takes nothing but an empty directory."""

import os

GROUPS = [
    'paths', 'opening', 'removing', 'symlinks', 'links', 'renames', 'exchanges', 'access', 'sticky', 'owners',
    'privilege', 'stamps', 'clock', 'content', 'truncation', 'holes', 'appending', 'unlinked', 'mapping', 'locks',
    'listing', 'names', 'numbers', 'special',
]

_behaviours = []


def behaviour(sentence):
    """Enters a function under its sentence; its group is the file it stands in."""
    def enter(function):
        group = function.__module__
        number = sum(1 for entry in _behaviours if entry['group'] == group) + 1
        name = f'{group}: {sentence}'
        assert all(entry['name'] != name for entry in _behaviours), f'twice: {name}'
        _behaviours.append({'group': group, 'name': name, 'place': f'{group}-{number}', 'run': function})
        return function
    return enter


def behaviours():
    """All of them, in the order in which they stand in the files."""
    if not _behaviours:
        for group in GROUPS:
            __import__(group)
        found = {name[:-3] for name in os.listdir(os.path.dirname(__file__)) if name.endswith('.py')}
        assert found == set(GROUPS) | {'main', 'table', 'support', 'unwanted'}, 'a group is missing'
    return _behaviours
