"""`sekisho observe` by itself, and held against tshark (observe_tshark.py)."""
import json
import subprocess

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

import observe_tshark
from observe_ours import SEKISHO
from observe_spelling import spell_url

REQUEST = b'GET /a%7eb/../c?d#e HTTP/1.1\r\nHost: WWW.Example.com:8080\r\n\r\n'


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / 'capture.pcap'
    name = Ether() / IP(src='192.0.2.1', dst='192.0.2.53') / UDP(sport=5353, dport=53) / DNS(
        qd=DNSQR(qname='Name.Example'))
    url = Ether() / IP(src='192.0.2.1', dst='192.0.2.80') / TCP(
        sport=50000, dport=8080, flags='PA', seq=1) / REQUEST
    name.time, url.time = 1700000000, 1700000001.5
    wrpcap(str(path), [name, url])
    return path


def observe(*arguments):
    return subprocess.run([SEKISHO, 'observe', *map(str, arguments)], capture_output=True, text=True)


def test_each_observable_is_told_with_its_packet(capture):
    run = observe(capture)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    told = {(event['capture']['packet'], event['observable']['where'], event['observable']['type'],
             event['observable']['value']) for event in events}
    assert run.returncode == 0 and run.stderr == ''
    assert told == {
        (1, 'ip.src', 'ipv4-addr', '192.0.2.1'),
        (1, 'ip.dst', 'ipv4-addr', '192.0.2.53'),
        (1, 'dns.query', 'domain-name', 'name.example'),
        (2, 'ip.src', 'ipv4-addr', '192.0.2.1'),
        (2, 'ip.dst', 'ipv4-addr', '192.0.2.80'),
        (2, 'http.host', 'domain-name', 'www.example.com'),
        (2, 'http.url', 'url', 'http://www.example.com:8080/c?d'),
        (2, 'http.method', 'network-traffic', 'GET'),
        (2, 'http.version', 'network-traffic', 'HTTP/1.1'),
    }
    url = next(event for event in events if event['observable']['where'] == 'http.url')
    assert url['timestamp'] == '2023-11-14T22:13:21.500000Z'
    assert url['event_type'] == 'observable'
    assert (url['src_ip'], url['src_port']) == ('192.0.2.1', 50000)
    assert (url['dest_ip'], url['dest_port'], url['proto']) == ('192.0.2.80', 8080, 'TCP')
    assert url['capture']['file'] == str(capture)


def test_two_runs_give_the_same_bytes(capture, tmp_path):
    first, second = observe(capture), observe(capture, '-o', tmp_path / 'out')
    assert second.stdout == ''
    assert (tmp_path / 'out').read_text() == first.stdout != ''


def test_the_status_says_what_was_found(tmp_path, capture):
    empty = tmp_path / 'empty.pcap'
    wrpcap(str(empty), [])
    empty.write_bytes(capture.read_bytes()[:24])
    assert observe(empty).returncode == 1
    broken = tmp_path / 'broken.pcap'
    broken.write_bytes(b'no capture at all, but longer than a header')
    run = observe(broken, capture)
    assert run.returncode == 2 and 'broken.pcap' in run.stderr
    assert 'http.url' in run.stdout
    assert observe().returncode == 2


def test_a_full_disk_is_an_error(capture):
    run = observe(capture, '-o', '/dev/full')
    assert run.returncode == 2 and '/dev/full' in run.stderr


@pytest.mark.parametrize('url, spelt', [
    ('HTTP://A.Example.:80', 'http://a.example/'),
    ('http://a.example/%7eb/./x/../%2f|?q=%41 b#c', 'http://a.example/~b/%2F%7C?q=A%20b'),
    ('http://u@a.example:81/..?', 'http://a.example:81/?'),
    ('http://[2001:DB8:0::1]/x', 'http://[2001:db8::1]/x'),
])
def test_the_comparison_spells_urls_as_we_do(url, spelt):
    assert spell_url(url) == spelt


def test_observe_sees_what_tshark_sees(capsys):
    captures, reason = observe_tshark.material()
    if reason:
        pytest.skip(reason)
    is_good = observe_tshark.compare(SEKISHO, captures)
    assert is_good, capsys.readouterr().out
