"""Protocols are found by what they say, on any port: `sekisho observe` over frames made here."""
import json
import os
import subprocess

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from observe_ours import SEKISHO

REQUEST = b'GET /x HTTP/1.1\r\nHost: web.example\r\n\r\n'
PROXY_V1 = b'PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n'
PROXY_V2 = (b'\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c' + bytes((192, 0, 2, 7, 192, 0, 2, 8)) +
            b'\xdc\x04\x01\xbb')
TOLD_DNS = {('dns.query', 'name.example')}


def hello(name):
    """A ClientHello with a server name and nothing else."""
    host = b'\x00' + len(name).to_bytes(2, 'big') + name
    sni = b'\x00\x00' + (len(host) + 2).to_bytes(2, 'big') + len(host).to_bytes(2, 'big') + host
    body = (b'\x03\x03' + bytes(32) + b'\x00' + b'\x00\x02\x13\x01' + b'\x01\x00' +
            len(sni).to_bytes(2, 'big') + sni)
    message = b'\x01' + len(body).to_bytes(3, 'big') + body
    return b'\x16\x03\x01' + len(message).to_bytes(2, 'big') + message


def dns_query(name='name.example'):
    return bytes(DNS(id=1, qd=DNSQR(qname=name)))


def dns_answer(question='name.example', address='198.51.100.9'):
    return bytes(DNS(id=1, qr=1, qd=DNSQR(qname=question), an=DNSRR(rrname=question, rdata=address)))


def with_size(message):
    return len(message).to_bytes(2, 'big') + message


def frame(layers, time):
    packet = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / layers
    packet.time = 1700000000 + time
    return packet


def stream(port, data, piece=None, client=50000):
    """What a client says to the port, in pieces."""
    ip = IP(src='192.0.2.1', dst='192.0.2.2')
    piece = piece or len(data)
    frames = [frame(ip / TCP(sport=client, dport=port, flags='S', seq=0), 0)]
    for at in range(0, len(data), piece):
        frames.append(frame(ip / TCP(sport=client, dport=port, flags='PA', seq=1 + at) /
                            data[at:at + piece], 0.001))
    return frames


def datagrams(port, *payloads, client=50000):
    ip = IP(src='192.0.2.1', dst='192.0.2.2')
    return [frame(ip / UDP(sport=client, dport=port) / payload, index / 1000)
            for index, payload in enumerate(payloads)]


def observe(frames, path, *options):
    """The (where, value) of names, addresses in messages, and the server names."""
    wrpcap(str(path), frames)
    run = subprocess.run([SEKISHO, 'observe', '-q', *options, str(path)], capture_output=True,
                         text=True, check=False)
    events = [json.loads(line)['observable'] for line in run.stdout.splitlines()
              if json.loads(line)['event_type'] == 'observable']
    return {(event['where'], event['value']) for event in events
            if event['where'].startswith('dns.') or event['where'] in ('tls.sni', 'http.host')}


@pytest.mark.parametrize('port', [21, 53, 80, 443, 853, 5353, 49999])
def test_a_stream_is_what_it_says_on_any_port(port, tmp_path):
    frames, told, client = [], set(), 50000
    for piece in (None, 7):
        for before in (b'', PROXY_V1, PROXY_V2):
            client += 1
            name = f'tls{client}.example'
            frames += stream(port, before + hello(name.encode()), piece, client)
            told.add(('tls.sni', name))
            client += 1
            name = f'web{client}.example'
            frames += stream(port, before + REQUEST.replace(b'web.example', name.encode()), piece,
                             client)
            told.add(('http.host', name))
    assert observe(frames, tmp_path / 'x.pcap') == told


@pytest.mark.parametrize('port', [53, 80, 443, 853, 8053])
def test_dns_streams_are_told_on_any_port(port, tmp_path):
    frames, told = [], set()
    for piece in (None, 1, 5):
        names = [f'{letter}{piece}.example' for letter in 'ab']
        data = b''.join(with_size(dns_query(name)) for name in names)
        frames += stream(port, data, piece, 50000 + (piece or 0))
        told |= {('dns.query', name.lower()) for name in names}
    assert observe(frames, tmp_path / 'x.pcap') == told


def test_a_hello_on_port_53_is_not_mistaken_for_dns(tmp_path):
    frames, told = [], set()
    for size in range(1, 240, 3):
        name = ('x.' * 120)[:size].rstrip('.') + '.tls.example'
        frames += stream(53, hello(name.encode()), 60, 50000 + size)
        told.add(('tls.sni', name))
    assert observe(frames, tmp_path / 'x.pcap') == told


BANNERS = (
    b'SSH-2.0-OpenSSH_9.2p1\r\n',
    b'220 mail.example ESMTP\r\n',
    b'RTSP/1.0 200 OK\r\nHost: a.example\r\n\r\n',
    b'GET\r\nHost: a.example\r\n\r\n',
    b'HTTP\r\nHost: a.example\r\n\r\n',
    b'get me a name\r\nHost: a.example\r\n\r\n',
    b'\x00\x00\x00\x2dHost: a.example\r\n\r\n' + bytes(60),
    b'*1\r\n$4\r\nPING\r\n',
    bytes(range(256)),
)


def test_banners_of_other_protocols_tell_nothing(tmp_path):
    frames = []
    for port in (22, 53, 80, 443):
        for index, banner in enumerate(BANNERS):
            frames += stream(port, banner, None, 50000 + index)
    assert observe(frames, tmp_path / 'x.pcap') == set()


@pytest.mark.parametrize('port', [53, 443, 1194, 5300, 51820])
def test_dns_datagrams_are_told_on_any_port(port, tmp_path):
    told = observe(datagrams(port, dns_query(), dns_answer(), b'and something else',
                             dns_query('b.example')), tmp_path / 'x.pcap')
    assert told == TOLD_DNS | {('dns.query', 'b.example'), ('dns.answer.address', '198.51.100.9')}


@pytest.mark.parametrize('port', [137, 5353, 5355])
def test_other_name_services_are_none_of_dns(port, tmp_path):
    frames = datagrams(port, dns_query(), dns_answer()) + stream(port, with_size(dns_query()))
    assert observe(frames, tmp_path / 'x.pcap') == set()


def test_local_dns_is_told_by_option(tmp_path):
    question = bytearray(dns_query('printer.local'))
    question[-2] |= 0x80  # QU: an answer by unicast, please
    answer = bytearray(dns_answer('host.local', '192.0.2.99'))
    answer[-14 + 2] |= 0x80  # cache-flush: class 0x8001
    assert answer[-14:-10] == b'\x00\x01\x80\x01'
    known = bytes(DNS(id=0, rd=0, qd=DNSQR(qname='_ipp._tcp.local', qtype='PTR'),
                      an=DNSRR(rrname='_ipp._tcp.local', type='PTR', rdata='known._ipp._tcp.local')))
    frames = (datagrams(5353, bytes(question), bytes(answer), known) +
              datagrams(5355, dns_query('windows'), client=50001) +
              datagrams(137, dns_query('netbios'), client=50002))
    told = {('dns.query', 'printer.local'), ('dns.query', 'host.local'),
            ('dns.answer.address', '192.0.2.99'), ('dns.query', '_ipp._tcp.local'),
            ('dns.answer.name', 'known._ipp._tcp.local'), ('dns.query', 'windows')}
    assert observe(frames, tmp_path / 'x.pcap') == set()
    assert observe(frames, tmp_path / 'x.pcap', '--local-dns') == told
    feed = tmp_path / 'feed.txt'
    feed.write_text('192.0.2.99\n')
    for options, status in (([], 1), (['--local-dns'], 0)):
        run = subprocess.run([SEKISHO, 'match', *options, '-f', feed, tmp_path / 'x.pcap'],
                             capture_output=True)
        assert run.returncode == status


def test_random_datagrams_and_streams_are_no_dns(tmp_path):
    frames = []
    count = 200000 if os.environ.get('SEKISHO_LONG') else 500
    for index in range(count):
        data = os.urandom(20 + index % 200)
        frames += datagrams(5300, data, client=1024 + index % 60000)
        frames += stream(5300, data, client=1024 + index % 60000)[1:]
    assert observe(frames, tmp_path / 'x.pcap') == set()
