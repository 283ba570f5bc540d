"""JA4 against the values that its authors publish with their captures.

The captures and the values are not ours: $SEKISHO_JA4 is a working copy of github.com/FoxIO-LLC/ja4.
Run by itself it prints a table.
"""
import collections
import os
import pathlib
import re
import sys

import pytest

from observe_ours import SEKISHO, run_observe

FOLDER = pathlib.Path(os.environ.get('SEKISHO_JA4', '/nowhere'))
SNAPSHOTS = FOLDER / 'rust/ja4/src/snapshots'

# (capture, published value): what it is today. The published values are older than the rule for
# protocols that are not alphanumeric (technical_details/JA4.md, "ALPN Extension Value").
OUTDATED = {
    ('tls-non-ascii-alpn.pcapng', 't13d151699_8daaf6152771_e5627efa2ab1'):
        't13d1516bd_8daaf6152771_e5627efa2ab1',
}
# Captures with another protocol around TLS, which is not read.
OUT_OF_SCOPE = {'socks-https-example.pcap': 'SOCKS'}


def capture_of(snapshot):
    return FOLDER / 'pcap' / snapshot.name.partition('@')[2].removesuffix('.snap')


def snapshots():
    return [path for path in sorted(SNAPSHOTS.glob('ja4__insta@*.snap'))
            if capture_of(path).exists()]


def published(snapshot):
    """Counter of (transport, source port, destination port, JA4)."""
    seen = collections.Counter()
    for stream in re.split(r'^- ', snapshot.read_text(), flags=re.M)[1:]:
        said = dict(re.findall(r'^ *(transport|src_port|dst_port|ja4): (\S+)$', stream, re.M))
        if 'ja4' in said:
            value = OUTDATED.get((capture_of(snapshot).name, said['ja4']), said['ja4'])
            seen[said['transport'], int(said['src_port']), int(said['dst_port']), value] += 1
    return seen


def ours(capture):
    seen = collections.Counter()
    for event in run_observe(SEKISHO, capture):
        if event['event_type'] == 'observable' and event['observable']['where'] == 'tls.ja4':
            seen[event['proto'].lower(), event['src_port'], event['dest_port'],
                 event['observable']['value']] += 1
    return seen


def differences(snapshot):
    theirs, told = published(snapshot), ours(capture_of(snapshot))
    return theirs, theirs - told, told - theirs


@pytest.mark.skipif(not SNAPSHOTS.is_dir(), reason='SEKISHO_JA4 is no copy of FoxIO-LLC/ja4')
def test_ja4_is_as_published():
    found = [(path.name, missed, extra) for path in snapshots()
             if capture_of(path).name not in OUT_OF_SCOPE
             for _, missed, extra in [differences(path)] if missed or extra]
    assert snapshots()
    assert found == []


def main():
    total = agreed = 0
    for path in snapshots():
        theirs, missed, extra = differences(path)
        total += theirs.total()
        agreed += theirs.total() - missed.total()
        if theirs or extra:
            print(f'{capture_of(path).name:50} published {theirs.total():4} '
                  f'missed {missed.total():3} extra {extra.total():3}')
        for side, values in (('missed', missed), ('extra', extra)):
            for value in values:
                print(f'    {side} {value}')
    print(f'{agreed} of {total} published values')


if __name__ == '__main__':
    sys.exit(main())
