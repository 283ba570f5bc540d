"""Indicators met by the certificate of a TLS 1.2 server, from the pattern to the sighting."""
import hashlib
import json
import subprocess

import pytest
from scapy.all import IP, TCP, Ether, wrpcap

from observe_ours import SEKISHO

HELLO = b'\x03\x03' + bytes(33) + b'\xc0\x2f\x00'


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, 'big') + body


def record(handshake):
    return b'\x16\x03\x03' + len(handshake).to_bytes(2, 'big') + handshake


@pytest.fixture
def certificate(tmp_path):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-keyout', tmp_path / 'key',
                    '-subj', '/O=Nobody/CN=plain.example', '-addext',
                    'subjectAltName=DNS:*.wild.example,DNS:named.example,IP:192.0.2.99',
                    '-outform', 'DER', '-out', tmp_path / 'der'], check=True, capture_output=True)
    return (tmp_path / 'der').read_bytes()


@pytest.fixture
def capture(tmp_path, certificate):
    """The server's side alone, in small segments."""
    entry = len(certificate).to_bytes(3, 'big') + certificate
    stream = record(message(2, HELLO) + message(11, len(entry).to_bytes(3, 'big') + entry)
                    + message(14, b''))
    packets = [Ether() / IP(src='198.51.100.1', dst='203.0.113.1')
               / TCP(sport=443, dport=50000, flags='A', seq=1 + at) / stream[at:at + 100]
               for at in range(0, len(stream), 100)]
    for index, packet in enumerate(packets):
        packet.time = 1700000000 + index
    wrpcap(str(tmp_path / 'capture.pcap'), packets)
    return tmp_path / 'capture.pcap'


def bundle(patterns):
    return json.dumps({
        'type': 'bundle', 'id': 'bundle--5d0092c5-5f74-4287-9642-33f4c354e56d',
        'objects': [{
            'type': 'indicator', 'spec_version': '2.1', 'pattern_type': 'stix', 'pattern': pattern,
            'id': f'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{index:02}',
            'created': '2020-01-01T00:00:00Z', 'modified': '2020-01-01T00:00:00Z',
            'valid_from': '2020-01-01T00:00:00Z'} for index, pattern in enumerate(patterns)]})


def run_match(tmp_path, capture, patterns):
    feed = tmp_path / 'feed.json'
    feed.write_text(bundle(patterns))
    run = subprocess.run([SEKISHO, 'match', '-q', '--json', f'--stix={tmp_path}/sightings.json',
                          '-f', feed, capture], capture_output=True, text=True)
    hits = [json.loads(line) for line in run.stdout.splitlines()]
    return ([(hit['observable']['type'], hit['observable']['where'], hit['observable']['value'],
              hit['match']['kind']) for hit in hits],
            json.loads((tmp_path / 'sightings.json').read_text()).get('objects', []))


def test_names_and_addresses_are_met(tmp_path, capture):
    hits, _ = run_match(tmp_path, capture, [
        "[domain-name:value = 'named.example']", "[domain-name:value = 'plain.example']",
        "[ipv4-addr:value = '192.0.2.99']"])
    assert sorted(hits) == [
        ('domain-name', 'certificate.name', 'named.example', 'exact'),
        ('domain-name', 'certificate.name', 'plain.example', 'exact'),
        ('ipv4-addr', 'certificate.name', '192.0.2.99', 'exact')]


def test_a_wildcard_is_a_name_below_the_one_behind_it(tmp_path, capture):
    hits, _ = run_match(tmp_path, capture, [
        "[domain-name:value = 'wild.example']", "[domain-name:value = 'www.wild.example']"])
    assert hits == [('domain-name', 'certificate.name', '*.wild.example', 'parent')]


@pytest.mark.parametrize('name, algorithm', [
    ('MD5', 'md5'), ('SHA-1', 'sha1'), ('SHA-256', 'sha256'), ('SHA-512', 'sha512')])
def test_a_digest_is_met_and_told_as_a_certificates(tmp_path, capture, certificate, name,
                                                    algorithm):
    digest = hashlib.new(algorithm, certificate).hexdigest()
    hits, objects = run_match(tmp_path, capture,
                              [f"[x509-certificate:hashes.'{name}' = '{digest}']"])
    assert hits == [('x509-certificate', 'certificate', digest, 'exact')]
    seen = [one for one in objects if one['type'] == 'x509-certificate']
    assert [one['hashes'] for one in seen] == [{name: digest}]
    traffic = next(one for one in objects if one['type'] == 'network-traffic')
    assert traffic['protocols'] == ['ipv4', 'tcp', 'tls']
