"""Whatever Suricata alerts on, sekisho hits: the same indicators, the same capture, the same flow.

Skipped where Suricata is not on PATH: it is a peer of the bench, and not needed to test.
"""
import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'bench'))
from peer_suricata import Suricata, find_suricata, flow_of  # noqa: E402

SEKISHO = os.environ['SEKISHO']
GENERATE_TRAFFIC = os.environ['GENERATE_TRAFFIC']
KINDS = {'ipv4-addr': 'address', 'ipv6-addr': 'address', 'domain-name': 'name', 'url': 'url',
         'file': 'file'}
pytestmark = pytest.mark.skipif(find_suricata() is None,
                                reason='Suricata is not on PATH (bench-only peer)')


def lines(*arguments):
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True)
    assert done.returncode in (0, 1, 2), done.stderr.decode(errors='replace')
    return [json.loads(line) for line in done.stdout.splitlines()]


def draw_values(capture, share, seed):
    """Some of all that there is to be found in it."""
    values = set()
    for event in lines(SEKISHO, 'observe', '-q', capture):
        if event['event_type'] == 'fileinfo':
            values |= {event['fileinfo'].get('sha256')} - {None}
        elif event['observable']['type'] in ('ipv4-addr', 'ipv6-addr', 'domain-name', 'url'):
            values.add(event['observable']['value'])
    draw = random.Random(seed)
    return sorted(value for value in values if draw.random() < share)


def compare(capture, values, folder):
    """(what only Suricata found, how much both did)"""
    feed = folder / 'feed.txt'
    feed.write_text(''.join(f'{value}\n' for value in values))
    hits = {(KINDS[hit['observable']['type']], flow_of(hit))
            for hit in lines(SEKISHO, 'match', '-q', '--json', '-f', feed, capture)
            if hit['observable']['type'] in KINDS}
    peer = Suricata(find_suricata(), folder / 'suricata', values,
                    any(re.fullmatch('[0-9a-f]{64}', value) for value in values))
    subprocess.run([str(item) for item in peer.command(capture)], check=True, capture_output=True)
    alerts = {(event['alert']['signature'], flow_of(event)) for event in peer.alerts()}
    return alerts - hits, collections.Counter(kind for kind, _ in alerts & hits)


@pytest.mark.parametrize('seed', range(3))
def test_suricata_finds_nothing_more_in_generated_traffic(seed, tmp_path):
    capture = tmp_path / 'c.pcap'
    subprocess.run([GENERATE_TRAFFIC, '-o', capture, '--seed', str(seed), '--packets', '20000',
                    '--quic', '500', '--gzip', '500', '--certificates', '500'], check=True)
    missed, both = compare(capture, draw_values(capture, 0.02, seed), tmp_path)
    assert missed == set()
    assert all(both[kind] > 0 for kind in ('address', 'name', 'url', 'file'))
