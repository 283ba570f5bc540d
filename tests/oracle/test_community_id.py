"""Community IDs in `match --json` against tshark's, packet by packet."""
import collections
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from scapy.all import ICMP, IP, SCTP, TCP, UDP, Ether, IPv6, Raw, wrpcap
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6DestUnreach, ICMPv6MLReport,
                                ICMPv6MLQuery)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')


def messages():
    """Message and answer, each above IP; None where there is no answer."""
    for make in (TCP, UDP, SCTP):
        for port in (1, 2, 3):
            yield make(sport=port, dport=2), make(sport=2, dport=port)
    yield Raw(b'x' * 32), Raw(b'y' * 32)
    for there, back in ((8, 0), (13, 14), (17, 18), (10, 9)):
        yield ICMP(type=there), ICMP(type=back)
    yield ICMP(type=5) / IP() / UDP(), None


def messages6():
    yield TCP(sport=5, dport=6), TCP(sport=6, dport=5)
    for there, back in ((ICMPv6EchoRequest, ICMPv6EchoReply), (ICMPv6ND_RS, ICMPv6ND_RA),
                        (ICMPv6ND_NS, ICMPv6ND_NA), (ICMPv6MLQuery, ICMPv6MLReport)):
        yield there(), back()
    yield ICMPv6DestUnreach() / IPv6() / UDP(), None


def packets():
    """Flows between hosts of their own, started by the lower and by the higher address."""
    for layer, pairs, hosts in ((IP, messages, '192.0.2.{}'), (IPv6, messages6, '2001:db8::{:x}')):
        extra = {'proto': 253} if layer is IP else {}
        host = 1
        for message, answer in [pair for pair in pairs() for _ in range(2)]:
            low, high = hosts.format(host), hosts.format(host + 1)
            src, dst = (low, high) if host % 4 == 1 else (high, low)
            more = extra if isinstance(message, Raw) else {}
            yield layer(src=src, dst=dst, **more) / message
            if answer is not None:
                yield layer(src=dst, dst=src, **more) / answer
            host += 2
        # Two hosts that say all of it to each other: still a flow each.
        for message, answer in pairs():
            if not isinstance(message, Raw):
                yield layer(src=hosts.format(250), dst=hosts.format(251)) / message
                yield layer(src=hosts.format(251), dst=hosts.format(250)) / (answer or message)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


@pytest.mark.skipif(shutil.which('tshark') is None, reason='tshark is not installed')
def test_ids_are_those_of_tshark(tmp_path):
    """As sets: a hit of an address is one of its flow, which both directions share."""
    capture, feed = tmp_path / 'capture.pcap', tmp_path / 'feed.txt'
    sent = list(packets())
    wrpcap(str(capture), [Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / packet
                          for packet in sent])
    feed.write_text('\n'.join(sorted({packet.src for packet in sent})) + '\n')
    theirs = collections.defaultdict(list)
    for packet, line in zip(sent, run('tshark', '-r', capture, '-T', 'fields', '-e', 'communityid',
                                      '--enable-protocol', 'communityid')):
        theirs[line].append(packet.summary())
    hits = [json.loads(line) for line in run(SEKISHO, 'match', '-q', '--json', '-', '-f', feed,
                                             capture)]
    ours = {hit['community_id'] for hit in hits}
    assert len(theirs) > 20
    assert {key: theirs[key] for key in theirs if key not in ours} == {}
    assert [hit for hit in hits if hit['community_id'] not in theirs] == []
