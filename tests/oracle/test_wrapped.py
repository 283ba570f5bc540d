"""What is in tunnels and fragments is seen as without them: the same names, URLs, certificates and
files, and the same hits."""
import collections
import json
import os
import subprocess

import pytest

from wrap_capture import wrap

SEKISHO = os.environ['SEKISHO']
GENERATE_TRAFFIC = os.environ['GENERATE_TRAFFIC']
CONTENTS = ('--quic', '500', '--gzip', '500', '--certificates', '500')


def lines(*arguments):
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True)
    assert done.returncode in (0, 1), done.stderr.decode(errors='replace')
    return [json.loads(line) for line in done.stdout.splitlines()]


def what_is_seen(events):
    """Addresses once each; everything else as often as it was told."""
    seen = collections.Counter()
    for event in events:
        if event['event_type'] == 'fileinfo':
            told = event['fileinfo']
            seen[told['where'], told['state'], told['size'], told.get('sha256')] += 1
        elif event['observable']['where'].startswith('ip.'):
            seen['ip', event['observable']['value']] = 1
        elif not event['observable']['where'].startswith('tunnel.'):
            seen[event['observable']['where'], event['observable']['value']] += 1
    return seen


def hits(feed, capture):
    """Fragments are a flow of their own until they are together: addresses count once."""
    found = collections.Counter()
    for hit in lines(SEKISHO, 'match', '-q', '--json', '-f', feed, capture):
        value, observable = hit['indicator']['value'], hit['observable']
        if observable['where'].startswith('ip.'):
            found[value, observable['value']] = 1
        else:
            found[value, observable['where'], observable['value']] += 1
    return found


@pytest.mark.parametrize('seed', range(6))
def test_tunnels_and_fragments_hide_nothing(seed, tmp_path):
    plain, wrapped, feed = (tmp_path / name for name in ('p.pcap', 'w.pcap', 'f.txt'))
    subprocess.run([GENERATE_TRAFFIC, '-o', plain, '--seed', str(seed), '--packets', '3000',
                    '--hits-per-thousand', '50', '--feed', feed, *CONTENTS], check=True)
    wrap(plain, wrapped, seed, 300)
    without, within = (what_is_seen(lines(SEKISHO, 'observe', '-q', path))
                       for path in (plain, wrapped))
    outer = {('ip', '10.255.0.1'), ('ip', '10.255.0.2')}  # of fragments, before they are together
    within = collections.Counter({key: count for key, count in within.items() if key not in outer})
    assert within - without == collections.Counter(), 'seen only in the wrapping'
    assert without - within == collections.Counter(), 'hidden by the wrapping'

    assert hits(feed, wrapped) == hits(feed, plain)
