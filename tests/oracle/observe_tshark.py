#!/usr/bin/env python3
"""Compare `sekisho observe` with tshark over captures from outside.

Every field of tshark_fields.py, as multisets per capture. Prints, per field and capture, recall (of
what tshark sees, how much we see) and precision (of what we see, how much tshark sees), then each
difference with its explanation (observe_explained.py). A difference without one is a failure; so is
a field below 0.99 over the captures that are within scope. What is no difference: a name twice in
one DNS packet, or twice in one TLS connection, counts once, and so does an address in a capture.

usage: observe_tshark.py [--sekisho PATH] [--capture NAME]... [--page FILE]
The captures: $SEKISHO_MATERIAL/pcaps.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys

from observe_accuracy import (Tally, differences, markdown, print_capture, print_differences,
                              write_page)
from observe_explained import is_in_scope
from observe_ours import SEKISHO, our_observables
from tshark_fields import FIELDS, tshark_observables

SKIPPED = 77
THRESHOLD = 0.99
AT_ONCE = 2


def observe_both(sekisho, captures):
    """(capture, theirs, what may be there, ours) of each, in order."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        theirs = pool.map(tshark_observables, captures)
        ours = pool.map(lambda capture: our_observables(sekisho, capture), captures)
        for capture, (seen, possible), told in zip(captures, theirs, ours):
            yield capture, seen, possible, told


def print_tallies(tallies):
    """Is every field good enough?"""
    is_good = True
    for scope, fields in tallies.items():
        print(f'\nBefore explanations, captures {scope}')
        for field, tally in fields.items():
            low = scope == 'in scope' and min(tally.recall, tally.precision) < THRESHOLD
            is_good = is_good and not low
            print(f'  {field:19} {tally}{"  BELOW " + str(THRESHOLD) if low else ""}')
    return is_good


def compare(sekisho, captures, page=None):
    tallies = {scope: {field: Tally() for field in FIELDS} for scope in ('all', 'in scope')}
    found = []
    for capture, theirs, possible, ours in observe_both(sekisho, captures):
        print_capture(capture.name, theirs, possible, ours)
        found += differences(capture.name, theirs, possible, ours)
        for field in FIELDS:
            scopes = ('all', 'in scope') if is_in_scope(capture.name, field) else ('all',)
            for scope in scopes:
                tallies[scope][field].add(theirs[field], possible[field], ours[field])
    print('\nDifferences')
    unexplained = print_differences(found)
    is_good = print_tallies(tallies)
    print(f'\n{len(captures)} captures, {unexplained} differences without an explanation')
    if page is not None:
        write_page(page, markdown(tallies, found, len(captures)))
    return is_good and unexplained == 0


def material():
    """(captures, why there are none)"""
    folder = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
    captures = sorted(path for path in (folder / 'pcaps').glob('*') if path.suffix != '.tsv')
    if shutil.which('tshark') is None:
        return [], 'no tshark'
    return captures, None if captures else f'no captures in SEKISHO_MATERIAL, {folder}/pcaps'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sekisho', default=str(SEKISHO))
    parser.add_argument('--capture', action='append', help='only captures whose name contains this')
    parser.add_argument('--page', type=pathlib.Path, help='put the table into this page')
    options = parser.parse_args()
    captures, reason = material()
    if reason:
        print(f'skipped: {reason}')
        return SKIPPED
    if options.capture:
        captures = [path for path in captures if any(name in path.name for name in options.capture)]
    return 0 if compare(options.sekisho, captures, options.page) else 1


if __name__ == '__main__':
    sys.exit(main())
