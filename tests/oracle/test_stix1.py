"""STIX 1.x packages against python-stix and python-cybox's reading of the same files.

The judge runs in an environment of its own (STIX1_PYTHON). Files: our samples in stix1/, and what
is in SEKISHO_MATERIAL.
"""
import collections
import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SEKISHO = os.environ.get('SEKISHO', HERE.parents[1] / 'build/app/sekisho')
PYTHON = os.environ.get('STIX1_PYTHON')
MATERIAL = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
KINDS = {'address': 'addresses', 'name': 'names', 'url': 'urls', 'hash': 'hashes'}

if not PYTHON:
    pytest.skip('no python-stix: set STIX1_PYTHON', allow_module_level=True)


def files():
    found = sorted((HERE / 'stix1').glob('*.xml'))
    return found + sorted((MATERIAL / 'feeds/stix1').rglob('*.xml'))


def judgements():
    done = subprocess.run([PYTHON, HERE / 'stix1_judge.py', *files()], capture_output=True,
                          text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(path, folder):
    """Our reading: the feed's figures, the lines told, and which ids a value meets."""
    database = folder / 'feed.skdb'
    done = subprocess.run([SEKISHO, 'compile', '--json', '--explain', path, '-o', database],
                          capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: no indicator in it, no database
    return json.loads(done.stdout)['feeds'][0], done.stderr.splitlines(), database


def ids_of(database, values):
    """Value -> ids of the indicators that name it."""
    done = subprocess.run([SEKISHO, 'lookup', '--json', '-d', database, '-'],
                          input=''.join(value + '\n' for value in values), text=True,
                          capture_output=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {value: json.dumps(answer) for value, answer in zip(values, found)}


@pytest.mark.parametrize('judged', judgements(), ids=lambda judged: pathlib.Path(judged['path']).stem)
def test_the_same_values_and_every_other_accounted_for(judged, tmp_path):
    if 'error' in judged:
        pytest.skip('the judge of SEKISHO_MATERIAL cannot read it: ' + judged['error'][:80])
    feed, told, database = read(judged['path'], tmp_path)
    assert feed['format'] == 'stix1'
    newest = {indicator['id']: indicator for indicator in judged['indicators']}
    wanted = [(indicator['id'], kind, text) for indicator in newest.values()
              if not indicator['negate'] for kind, text in indicator['values']]
    answers = ids_of(database, [text for _, _, text in wanted]) if database.exists() else {}

    taken = collections.Counter()
    for identifier, kind, text in wanted:
        is_taken = f'"{identifier}"' in answers.get(text, '')
        refused = [line for line in told if identifier in line and text in line]
        assert is_taken or refused, (identifier, kind, text)
        taken[kind] += is_taken
    for kind, member in KINDS.items():
        assert feed[member] <= taken[kind], (kind, feed[member], taken[kind])

    for indicator in newest.values():
        is_told = any(indicator['id'] in line for line in told)
        if indicator['others'] or indicator['negate'] or not indicator['values']:
            assert is_told, indicator['id']
