"""What somebody may send to mislead whoever listens, through the whole engine: docs/evasion.md is the
table of these cases, each with what sekisho does.

Where tshark reads the same way, it is asked as well.
"""
import pathlib
import random
import re
import shutil
import subprocess

import pytest
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from evasion_wire import CLIENT, SERVER, SEKISHO, Wire, observe

REQUEST = b'GET /evil?q=1 HTTP/1.1\r\nHost: bad.example\r\n\r\n'
DECOY = b'GET /good?q=1 HTTP/1.1\r\nHost: fine.exampl\r\n\r\n'
URL = 'http://bad.example/evil?q=1'
DECOY_URL = 'http://fine.exampl/good?q=1'
SIZE = len(REQUEST)
assert len(DECOY) == SIZE


def hello(name):
    """A ClientHello with a server name, without the record around it."""
    host = name.encode()
    sni = (len(host) + 3).to_bytes(2, 'big') + b'\0' + len(host).to_bytes(2, 'big') + host
    extension = b'\0\0' + len(sni).to_bytes(2, 'big') + sni
    body = (b'\x03\x03' + bytes(32) + b'\0' + b'\0\x02\x13\x01' + b'\x01\0' +
            len(extension).to_bytes(2, 'big') + extension)
    return b'\x01' + len(body).to_bytes(3, 'big') + body


def record(content):
    return b'\x16\x03\x01' + len(content).to_bytes(2, 'big') + content


HELLO = record(hello('bad.example'))

# A case writes a connection. Each has a line in docs/evasion.md.
CASES = {}


def case(expected, where='http.url', theirs=None):
    """`theirs`: what tshark makes of it, when it is asked."""
    def add(function):
        CASES[function.__name__] = (function, expected, where, theirs)
        return function
    return add


@case([URL], theirs=[URL])
def in_order(wire):
    wire.open().client(0, REQUEST)


@case([URL], theirs=[URL])
def single_bytes(wire):
    wire.open()
    for at in range(SIZE):
        wire.client(at, REQUEST[at:at + 1])


@case([URL], theirs=[URL])
def single_bytes_backwards(wire):
    wire.open()
    for at in reversed(range(SIZE)):
        wire.client(at, REQUEST[at:at + 1])
    wire.close(SIZE)


@case([URL], theirs=[URL])
def single_bytes_in_any_order(wire):
    order = list(range(SIZE))
    random.Random(1).shuffle(order)
    wire.open()
    for at in order:
        wire.client(at, REQUEST[at:at + 1])
    wire.close(SIZE)


@case(['http://bad.example/good?q=1'])
def overlap_before_what_is_held(wire):
    wire.open()
    wire.client(10, REQUEST[10:])
    wire.client(5, DECOY[5:20])
    wire.client(0, REQUEST[:5] + b'/' * 20)


@case(['http://bad.example/evil?q=1'])
def overlap_behind_what_was_read(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.client(4, DECOY[4:20] + REQUEST[20:])


@case([URL], theirs=[URL])
def sent_again_with_other_bytes(wire):
    wire.open()
    wire.client(0, REQUEST)
    wire.client(0, DECOY)


@case([DECOY_URL])
def first_bytes_that_never_arrive(wire):
    """Their TTL is too low: nobody who listens in the middle can know."""
    wire.open()
    wire.client(0, DECOY)
    wire.packets[-1][IP].ttl = 1
    wire.client(0, REQUEST)


@case([URL])
def without_ack(wire):
    wire.open()
    wire.client(0, DECOY, 'P')
    wire.client(0, REQUEST)


@case([URL])
def far_off_the_window(wire):
    wire.open()
    wire.client(0, DECOY, seq=3000000000)
    wire.client(0, REQUEST)


@case([URL])
def forged_reset(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.client(20, b'', 'R')
    wire.server(0, b'', 'RA', ack=20)
    wire.client(20, REQUEST[20:])


@case([URL])
def forged_reset_with_bytes(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.client(20, DECOY[20:], 'RA')
    wire.client(20, REQUEST[20:])


@case([URL])
def forged_reset_and_syn(wire):
    wire.open()
    wire.client(0, b'', 'R')
    wire.send(CLIENT, 'S', seq=77000)
    wire.client(0, REQUEST)


@case([URL])
def forged_fin(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.client(20, b'', 'FA')
    wire.client(20, REQUEST[20:])


@case([URL])
def forged_fin_in_the_middle(wire):
    wire.open()
    wire.client(10, b'', 'FA')
    wire.client(0, REQUEST)


@case([URL])
def forged_syn_before_the_answer(wire):
    wire.send(CLIENT, 'S')
    wire.send(CLIENT, 'S', seq=4711)
    wire.send(SERVER, 'SA')
    wire.client(0, REQUEST)


@case([URL])
def forged_syn_behind_the_answer(wire):
    wire.open()
    wire.send(CLIENT, 'S', seq=4711)
    wire.client(0, REQUEST)


@case([URL])
def forged_answer(wire):
    wire.open()
    wire.send(SERVER, 'SA', ack=4711)
    wire.client(0, REQUEST)


@case([URL])
def bytes_before_the_syn(wire):
    wire.client(0, b'nothing', seq=77000)
    wire.open().client(0, REQUEST)


@case([URL], theirs=[URL])
def bytes_in_the_syn(wire):
    wire.send(CLIENT, 'S', data=REQUEST[:20])
    wire.send(SERVER, 'SA', ack=20)
    wire.client(20, REQUEST[20:])


@case([URL])
def bytes_in_the_syn_refused(wire):
    wire.send(CLIENT, 'S', data=DECOY[:20])
    wire.send(SERVER, 'SA')
    wire.client(0, REQUEST)


@case([URL], theirs=[URL])
def split_handshake(wire):
    wire.send(CLIENT, 'S')
    wire.send(SERVER, 'S')
    wire.send(CLIENT, 'SA')
    wire.server(0, b'', 'A')
    wire.client(0, REQUEST)


@case([URL], theirs=[URL])
def both_sides_open(wire):
    wire.send(CLIENT, 'S')
    wire.send(SERVER, 'S')
    wire.send(CLIENT, 'SA')
    wire.send(SERVER, 'SA')
    wire.client(0, REQUEST)


@case([URL])
def urgent_byte(wire):
    wire.open()
    wire.client(0, REQUEST[:6])
    wire.client(6, b'X', 'PAU', urgptr=1)
    wire.client(7, REQUEST[6:])


@case([URL])
def urgent_byte_within(wire):
    wire.open()
    wire.client(0, REQUEST[:6] + b'X' + REQUEST[6:], 'PAU', urgptr=7)


@case([URL], theirs=[URL])
def sequence_wraps(wire):
    wire.isn[CLIENT] = 2**32 - 21
    wire.open()
    wire.client(30, REQUEST[30:])
    wire.client(0, REQUEST[:30])


@case([URL, URL], theirs=[URL, URL])
def keep_alive_between(wire):
    wire.open()
    wire.client(0, REQUEST)
    wire.client(SIZE - 1, b'\0', 'A')
    wire.server(0, b'', 'A', ack=SIZE)
    wire.client(SIZE, REQUEST)


@case([URL], theirs=[URL])
def shut_window_probes(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.server(0, b'', 'A', ack=20, window=0)
    for _ in range(3):
        wire.client(20, REQUEST[20:21], 'A')
        wire.server(0, b'', 'A', ack=20, window=0)
    wire.client(20, REQUEST[20:])


@case([URL], theirs=[URL])
def one_side_only(wire):
    wire.send(CLIENT, 'S')
    wire.client(0, REQUEST[20:20])
    wire.client(0, REQUEST[:20])
    wire.client(20, REQUEST[20:])


@case([URL])
def picked_up_in_the_middle(wire):
    wire.client(0, bytes(20))
    wire.client(20, bytes(20))
    wire.client(40, REQUEST)


@case([URL])
def a_hole_before(wire):
    wire.open()
    wire.client(0, REQUEST[:20])
    wire.client(500, REQUEST)


@case([URL] * 2)
def a_hole_in_a_body(wire):
    head = REQUEST[:-2] + b'Content-Length: 5000\r\n\r\n'
    wire.open()
    wire.client(0, head)
    wire.client(len(head) + 3000, b'x' * 1000)
    wire.client(len(head) + 5000, REQUEST)


# HTTP

@case([URL])
def folded_header(wire):
    wire.open().client(0, b'GET /evil?q=1 HTTP/1.1\r\nHost:\r\n bad.example\r\n\r\n')


@case([URL])
def other_case_and_spaces(wire):
    wire.open().client(0, b'GET /evil?q=1 HTTP/1.1\r\nhOsT: \t BAD.Example. \r\n\r\n')


@case([URL])
def bare_line_feeds(wire):
    wire.open().client(0, REQUEST.replace(b'\r\n', b'\n'))


@case([URL])
def empty_lines_first(wire):
    wire.open().client(0, b'\r\n\r\n' + REQUEST)


@case([URL])
def target_names_another_host(wire):
    wire.open().client(0, b'GET http://bad.example/evil?q=1 HTTP/1.1\r\nHost: fine.example\r\n\r\n')


@case([URL])
def second_host_header(wire):
    wire.open().client(0, REQUEST[:-2] + b'Host: fine.example\r\n\r\n')


@case([URL])
def escaped_letters_and_dots(wire):
    wire.open().client(0, b'GET /x/%2e%2E/./%65vil?q=1 HTTP/1.1\r\nHost: bad.example\r\n\r\n')


@case(['http://bad.example/%2565vil?q=1'])
def escaped_twice(wire):
    """No server takes it for /evil at once: it is what it is."""
    wire.open().client(0, b'GET /%2565vil?q=1 HTTP/1.1\r\nHost: bad.example\r\n\r\n')


@case(['http://fine.example/', URL])
def chunk_extensions(wire):
    wire.open().client(0, b'POST / HTTP/1.1\r\nHost: fine.example\r\nTransfer-Encoding: chunked\r\n'
                       b'\r\n4;a=b;c="d\\"e"\r\nGET \r\n00003 ; x\r\n /x\r\n0;last\r\nT: v\r\n\r\n' +
                       REQUEST)


@case(['http://fine.example/', URL])
def chunks_and_a_length(wire):
    """Chunks go before a length (RFC 9112, section 6.3)."""
    wire.open().client(0, b'POST / HTTP/1.1\r\nHost: fine.example\r\nContent-Length: 400\r\n'
                       b'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n' + REQUEST)


@case([URL] * 3)
def many_requests_in_one_segment(wire):
    wire.open().client(0, REQUEST * 3)


# TLS, DNS

@case(['bad.example'], 'tls.sni', theirs=['bad.example'])
def server_name_over_segments(wire):
    wire.port = 443
    wire.open()
    for at in range(0, len(HELLO), 5):
        wire.client(at, HELLO[at:at + 5])


@case(['bad.example'], 'tls.sni', theirs=['bad.example'])
def server_name_over_segments_backwards(wire):
    wire.port = 443
    wire.open()
    for at in reversed(range(len(HELLO))):
        wire.client(at, HELLO[at:at + 1])
    wire.close(len(HELLO))


@case(['bad.example'], 'tls.sni', theirs=['bad.example'])
def server_name_over_records(wire):
    wire.port = 443
    message = hello('bad.example')
    wire.open().client(0, b''.join(record(message[at:at + 4]) for at in range(0, len(message), 4)))


@case(['bad.example'], 'tls.sni', theirs=['bad.example'])
def hello_on_any_port(wire):
    wire.port = 4711
    wire.open().client(0, HELLO)


@case(['bad.example'], 'dns.query', theirs=['bad.example'])
def dns_message_in_single_bytes(wire):
    query = bytes.fromhex('123401000001000000000000') + b'\3bad\7example\0\0\1\0\1'
    query = len(query).to_bytes(2, 'big') + query
    wire.port = 53
    wire.open()
    for at in range(len(query)):
        wire.client(at, query[at:at + 1])


@pytest.mark.parametrize('name', CASES)
def test_case(name, tmp_path):
    write, expected, where, _ = CASES[name]
    wire = Wire()
    write(wire)
    assert observe(wire.write(tmp_path / 'case.pcap'), where) == expected


FIELDS = {'http.url': 'http.request.full_uri', 'tls.sni': 'tls.handshake.extensions_server_name',
          'dns.query': 'dns.qry.name'}


@pytest.mark.parametrize('name', [name for name, (_, _, _, theirs) in CASES.items() if theirs])
@pytest.mark.skipif(shutil.which('tshark') is None, reason='there is no tshark')
def test_tshark_reads_it_the_same_way(name, tmp_path):
    write, _, where, theirs = CASES[name]
    wire = Wire()
    write(wire)
    path = wire.write(tmp_path / 'case.pcap')
    run = subprocess.run(
        ['tshark', '-r', str(path), '-o', 'tcp.reassemble_out_of_order:TRUE', '-d',
         'tcp.port==4711,tls', '-T', 'fields', '-e', FIELDS[where]],
        capture_output=True, text=True, check=True)
    assert [line for line in run.stdout.splitlines() if line] == theirs


def test_a_case_matches_as_it_is_observed(tmp_path):
    feed = tmp_path / 'feed.txt'
    feed.write_text(URL + '\n')
    for name in ('single_bytes_backwards', 'forged_fin', 'urgent_byte', 'forged_syn_before_the_answer'):
        wire = Wire()
        CASES[name][0](wire)
        path = wire.write(tmp_path / f'{name}.pcap')
        run = subprocess.run([SEKISHO, 'match', '--feed', str(feed), '--json', str(path)],
                             capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout.count('"http.url"') == 1, (name, run)


def test_a_wrong_checksum_misleads_unless_checksums_are_verified(tmp_path):
    feed = tmp_path / 'feed.txt'
    feed.write_text(URL + '\n')
    wire = Wire().open()
    wire.client(0, DECOY, chksum=0x1234)
    wire.client(0, REQUEST)
    path = wire.write(tmp_path / 'case.pcap')
    for options, url, status in (([], DECOY_URL, 1), (['--checksums'], URL, 0)):
        seen = subprocess.run([SEKISHO, 'observe', *options, path], capture_output=True, text=True)
        assert re.findall(r'"value":"(http:[^"]*)"', seen.stdout) == [url]
        run = subprocess.run([SEKISHO, 'match', *options, '-f', feed, path], capture_output=True)
        assert run.returncode == status


def in_fragments(packets, size):
    return [part for packet in packets for part in fragment(packet[IP], fragsize=size)]


def write_frames(path, packets):
    wrpcap(str(path), [Ether() / packet for packet in packets])
    return path


@pytest.mark.parametrize('order', ['in order', 'backwards'])
def test_fragments_of_eight_bytes(order, tmp_path):
    query = bytes.fromhex('123401000001000000000000') + b'\3bad\7example\0\0\1\0\1'
    packet = IP(src=CLIENT, dst=SERVER, id=7) / UDP(sport=50000, dport=53) / query
    parts = in_fragments([packet], 8)
    parts = parts if order == 'in order' else parts[::-1]
    assert observe(write_frames(tmp_path / 'case.pcap', parts), 'dns.query') == ['bad.example']


def test_segments_in_fragments(tmp_path):
    wire = Wire().open()
    wire.client(0, REQUEST[:24])
    wire.client(24, REQUEST[24:])
    for number, packet in enumerate(wire.packets):
        packet[IP].id = number + 1
    path = write_frames(tmp_path / 'case.pcap', in_fragments(wire.packets, 8))
    assert observe(path, 'http.url') == [URL]


def test_the_page_has_each_case():
    page = (pathlib.Path(__file__).parents[2] / 'docs' / 'evasion.md').read_text()
    told = set(re.findall(r'`([a-z_]+)`', page))
    assert set(CASES) <= told, set(CASES) - told
