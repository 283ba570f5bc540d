"""Community IDs in `match --json` against tshark's, packet by packet."""
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


def packets():
    """Both directions of flows of every protocol that has a rule of its own, and one that has none."""
    def both(low, high, make):
        yield make(low, high, False)
        yield make(high, low, True)

    for index, (low, high) in enumerate((('192.0.2.1', '198.51.100.1'),
                                         ('198.51.100.9', '192.0.2.9'))):
        port = 1000 + index
        yield from both(low, high, lambda a, b, back, p=port: IP(src=a, dst=b) / TCP(
            sport=443 if back else p, dport=p if back else 443))
        yield from both(low, high, lambda a, b, back, p=port: IP(src=a, dst=b) / UDP(
            sport=9 if back else p, dport=p if back else 9))
        yield from both(low, high, lambda a, b, back, p=port: IP(src=a, dst=b) / SCTP(
            sport=9 if back else p, dport=p if back else 9))
        yield from both(low, high, lambda a, b, back: IP(src=a, dst=b, proto=253) / Raw(b'x' * 32))
        for there, back_type in ((8, 0), (13, 14), (17, 18), (10, 9), (5, 5)):
            yield IP(src=low, dst=high) / ICMP(type=there)
            yield IP(src=high, dst=low) / ICMP(type=back_type)
    for low, high in (('2001:db8::1', '2001:db8::2'), ('2001:db8::9', '2001:db8::8')):
        yield IPv6(src=low, dst=high) / TCP(sport=5, dport=6)
        yield IPv6(src=high, dst=low) / UDP(sport=5, dport=5)
        for there, back in ((ICMPv6EchoRequest, ICMPv6EchoReply), (ICMPv6ND_RS, ICMPv6ND_RA),
                            (ICMPv6ND_NS, ICMPv6ND_NA), (ICMPv6MLQuery, ICMPv6MLReport)):
            yield IPv6(src=low, dst=high) / there()
            yield IPv6(src=high, dst=low) / back()
        yield IPv6(src=low, dst=high) / ICMPv6DestUnreach() / Raw(b'x' * 8)


@pytest.mark.skipif(shutil.which('tshark') is None, reason='tshark is not installed')
def test_ids_are_those_of_tshark(tmp_path):
    wrong = []
    for number, packet in enumerate(packets()):
        # A capture a packet: an address hit tells of the flow's first packet.
        capture = tmp_path / f'{number}.pcap'
        wrpcap(str(capture), [Ether() / packet])
        theirs = subprocess.run(
            ['tshark', '-r', capture, '-T', 'fields', '-e', 'communityid', '--enable-protocol',
             'communityid'], capture_output=True, text=True, check=True).stdout.strip()
        feed = tmp_path / 'feed.txt'
        feed.write_text(f'{packet.src}\n')
        run = subprocess.run([SEKISHO, 'match', '-q', '--json', '-', '-f', feed, capture],
                             capture_output=True, text=True)
        ours = {json.loads(line)['community_id'] for line in run.stdout.splitlines()}
        if ours != {theirs}:
            wrong.append((packet.summary(), ours, theirs, run.stderr))
    assert not wrong
