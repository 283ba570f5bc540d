"""However many workers read a capture, the hits and the counters are the same. Captures come by
standard input, so that small ones are split, too. Skipped without SEKISHO_MATERIAL."""
import json
import os
import pathlib
import subprocess

import pytest

from observe_ours import SEKISHO

MATERIAL = os.environ.get('SEKISHO_MATERIAL')
pytestmark = pytest.mark.skipif(not MATERIAL, reason='SEKISHO_MATERIAL is not set')


def captures():
    folder = pathlib.Path(MATERIAL or '/nonexistent') / 'pcaps'
    return sorted(path for path in folder.glob('*') if path.suffix in ('.pcap', '.pcapng', '.snoop'))


@pytest.fixture(scope='module')
def database(tmp_path_factory):
    """Everything that stands in the captures is listed."""
    folder = tmp_path_factory.mktemp('split')
    seen = subprocess.run([SEKISHO, 'observe', '-q', *captures()], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout
    values = set()
    for line in seen.splitlines():
        event = json.loads(line)
        if event['event_type'] == 'observable' and \
                event['observable']['type'] in ('ipv4-addr', 'ipv6-addr', 'domain-name', 'url'):
            values.add(event['observable']['value'])
    (folder / 'feed.txt').write_text('\n'.join(sorted(values)) + '\n')
    subprocess.run([SEKISHO, 'compile', '-q', folder / 'feed.txt', '-o', folder / 'all.skdb'],
                   check=True, stderr=subprocess.DEVNULL)
    return folder / 'all.skdb'


def match(database, capture, workers):
    with open(capture, 'rb') as content:
        done = subprocess.run([SEKISHO, 'match', f'-j{workers}', '--json', '-d', database, '-'],
                              stdin=content, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    summary = [line for line in done.stderr.splitlines() if not line.startswith(b'time: ')]
    return done.returncode, done.stdout, summary


@pytest.mark.parametrize('workers', [2, 3, 8])
def test_any_number_of_workers_gives_the_same(database, workers):
    hits = 0
    for capture in captures():
        alone = match(database, capture, 1)
        assert match(database, capture, workers) == alone, capture.name
        hits += len(alone[1].splitlines())
    assert hits > 1000
