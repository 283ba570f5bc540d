#!/usr/bin/env python3
"""Fail when --help and a manual page do not name the same options."""
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r'(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z](?![\w-]))')


def help_options(program, command):
    text = subprocess.run([program, *command, '--help'], capture_output=True, text=True,
                          check=True).stdout
    found = set()
    for line in text.splitlines():
        label = re.match(r'\s{2,6}(-\S.*?)(?:\s{2,}|$)', line)
        if label:
            found.update(OPTION.findall(label.group(1)))
    return found


def page_options(page):
    """Those that begin a paragraph: *-o*, *--output* _FILE_"""
    found = set()
    for line in page.read_text().splitlines():
        if line.startswith('*-'):
            found.update(OPTION.findall(line.replace('*', ' ')))
    return found


def nested_commands(program, command):
    text = subprocess.run([program, *command, '--help'], capture_output=True, text=True,
                          check=True).stdout
    return re.findall(r'^  ([a-z]+) ', text.partition('Commands:')[2], re.M)


def differences(program, folder):
    names = nested_commands(program, [])
    pages = {path.name for path in folder.glob('*.1.scd')}
    if pages != {'sekisho.1.scd'} | {f'sekisho-{name}.1.scd' for name in names}:
        yield f'pages {sorted(pages)} are not those of commands {names}'
    for name in [None, *names]:
        page = folder / (f'sekisho-{name}.1.scd' if name else 'sekisho.1.scd')
        here = help_options(program, [name] if name else [])
        for nested in nested_commands(program, [name]) if name else []:
            here |= help_options(program, [name, nested])
        there = page_options(page) if page.exists() else set()
        for option in sorted(here - there):
            yield f'{page.name} lacks {option}'
        for option in sorted(there - here):
            yield f'{page.name} has {option}, --help has not'


found = list(differences(sys.argv[1], pathlib.Path(sys.argv[2])))
print('\n'.join(found))
sys.exit(bool(found))
