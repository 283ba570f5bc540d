#!/usr/bin/env python3
"""Fail when docs/metrics.md does not have the rows of the table of metrics, or has others."""
import pathlib
import subprocess
import sys

program, page = sys.argv[1:]
wanted = subprocess.run([program, 'rows'], capture_output=True, text=True, check=True).stdout
wanted = wanted.splitlines()
there = [line for line in pathlib.Path(page).read_text().splitlines()
         if line.startswith('| `sekisho_')]
for line in wanted:
    if line not in there:
        print(f'{page} lacks: {line}')
for line in there:
    if line not in wanted:
        print(f'{page} has, the program has not: {line}')
if wanted != there:
    print(f'The rows are what {program} rows writes, in its order.')
sys.exit(wanted != there)
