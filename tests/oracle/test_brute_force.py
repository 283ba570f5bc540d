"""The hits of `sekisho match` equal those of plain loops over the observables, on generated
captures and databases."""
import collections
import ipaddress
import json
import os
import random
import subprocess
import uuid

import pytest

import brute_force
from wrap_capture import wrap

SEKISHO = os.environ['SEKISHO']
GENERATE_TRAFFIC = os.environ['GENERATE_TRAFFIC']
HASH_NAMES = {32: 'MD5', 40: 'SHA-1', 64: 'SHA-256', 128: 'SHA-512'}
TOLD_ONLY = ('certificate.subject', 'certificate.issuer')
DIGESTS = ('md5', 'sha1', 'sha256', 'sha512')
CONTENTS = ('--quic', 500, '--gzip', 500, '--certificates', 500)
CASES = int(os.environ.get('SEKISHO_ORACLE_CASES', '100'))


def run(*arguments, statuses=(0,)):
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True)
    assert done.returncode in statuses, done.stderr.decode(errors='replace')
    return done.stdout


def json_lines(output):
    return [json.loads(line) for line in output.splitlines()]


def observables(events):
    """What is looked up, a file's hashes one by one."""
    for event in events:
        if event['event_type'] == 'fileinfo':
            for algorithm in DIGESTS:
                if algorithm in event['fileinfo']:
                    yield {**event, 'observable': {
                        'type': 'file', 'where': event['fileinfo']['where'],
                        'value': event['fileinfo'][algorithm]}}
        elif event['observable']['where'] not in TOLD_ONLY and \
                event['observable']['type'] != 'network-traffic':
            yield event


def near_misses(draw, value):
    """Values that look like `value` and are not."""
    yield 'not' + value
    yield value + 'x'
    yield value.replace('.', '-', 1)
    if value.count('.') > 1:
        yield 'other.' + value.split('.', 1)[1]


def draw_address_entry(draw, value):
    address = ipaddress.ip_address(value)
    form = draw.randrange(6)
    if form == 0:
        return str(address), {'net': ipaddress.ip_network(value)}
    if form == 1:
        other = address + 1
        return str(other), {'net': ipaddress.ip_network(str(other))}
    if form == 2:
        port = draw.choice([53, 80, 443, 5004, 8080])
        text = f'[{address}]:{port}' if address.version == 6 else f'{address}:{port}'
        return text, {'net': ipaddress.ip_network(value), 'port': port}
    longest = address.max_prefixlen
    length = draw.randint(longest - 20, longest - 1)
    network = ipaddress.ip_network(f'{value}/{length}', strict=False)
    return str(network), {'net': network}


def draw_hash_entry(draw, value):
    """The digest, or one that differs in a digit."""
    if draw.randrange(3) == 0:
        value = value[:-1] + ('0' if value[-1] != '0' else '1')
    return value, {'hash': value}


def draw_name_entry(draw, value):
    form = draw.randrange(4)
    if form == 0:
        return value, {'name': value}
    if form == 1:
        miss = draw.choice(list(near_misses(draw, value)))
        return miss, {'name': miss}
    labels = value.split('.')
    parent = '.'.join(labels[draw.randint(1, max(1, len(labels) - 2)):])
    return parent, {'name': parent}


def draw_url_entry(draw, value):
    form = draw.randrange(6)
    if form == 0:
        return value, {'url': value}
    if form == 1:
        bare = value.split('://', 1)[1]
        return bare, {'url': bare}
    if form == 2:
        prefix = value[:value.rindex('/') + 1] + '*'
        return prefix, {'url': prefix}
    if form == 3:
        prefix = value[:value.index('?') + 1] + '*' if '?' in value else value + '/*'
        return prefix, {'url': prefix}
    if form == 4:
        other = value.replace('/assets', '/Assets').replace('/gate', '/Gate')
        return other, {'url': other}
    secure = 'https://' + value.split('://', 1)[1]
    return secure, {'url': secure}


def draw_entry(draw, event):
    kind, value = event['observable']['type'], event['observable']['value']
    if kind in ('ipv4-addr', 'ipv6-addr'):
        return draw_address_entry(draw, value)
    if kind == 'url':
        return draw_url_entry(draw, value)
    if kind in ('file', 'x509-certificate'):
        return draw_hash_entry(draw, value)
    if event['observable']['where'] == 'tls.sni' and draw.randrange(4) == 0:
        url = f'https://{value}/landing'
        return url, {'url': url}
    return draw_name_entry(draw, value)


def write_list(draw, events, path):
    """A text list of what was drawn. Gives {(source, line): [entry]}."""
    entries = {}
    for _ in range(draw.randint(5, 60)):
        text, entry = draw_entry(draw, draw.choice(events))
        entries.setdefault(text, entry)
    lines = list(entries)
    path.write_text(''.join(f'{line}\n' for line in lines))
    return {(path.name, number): [entries[line]] for number, line in enumerate(lines, 1)}


def stix_comparison(draw, event, has_patterns):
    kind, value = event['observable']['type'], event['observable']['value']
    if kind in ('ipv4-addr', 'ipv6-addr'):
        network = draw_address_entry(draw, value)[1]['net']
        host = network.prefixlen == network.max_prefixlen
        if host:
            return f"{kind}:value = '{network.network_address}'", {'net': network}
        return f"{kind}:value ISSUBSET '{network}'", {'net': network}
    if kind == 'url':
        return f"url:value = '{value}'", {'url': value}
    if kind in ('file', 'x509-certificate'):
        text, entry = draw_hash_entry(draw, value)
        return f"file:hashes.'{HASH_NAMES[len(text)]}' = '{text}'", entry
    if has_patterns and draw.randrange(3) == 0:
        tail = value[draw.randint(1, len(value) // 2):]
        # What ends in a single label only is refused: it would name a whole top level domain.
        like = '%' + (tail if '.' in tail[1:] else value[1:])
        return f"domain-name:value LIKE '{like}'", {'name_like': like}
    if has_patterns and draw.randrange(3) == 0:
        expression = '^' + value.split('.')[0] + '[.].*e$'
        return f"domain-name:value MATCHES '{expression}'", {'name_matches': expression}
    text, entry = draw_name_entry(draw, value)
    return f"domain-name:value = '{text}'", entry


def write_bundle(draw, events, path, has_patterns):
    """A STIX bundle of ORs of what was drawn. Gives {id: [entry …]}."""
    indicators, objects = {}, []
    for _ in range(draw.randint(1, 20)):
        identifier = f'indicator--{uuid.UUID(int=draw.getrandbits(128), version=4)}'
        chosen = [stix_comparison(draw, draw.choice(events), has_patterns)
                  for _ in range(draw.randint(1, 3))]
        joined = ' OR '.join(comparison for comparison, _ in chosen)
        if len({comparison.split(':')[0] for comparison, _ in chosen}) > 1:
            joined = '] OR ['.join(comparison for comparison, _ in chosen)
        indicators[identifier] = [entry for _, entry in chosen]
        objects.append({
            'type': 'indicator', 'spec_version': '2.1', 'id': identifier,
            'created': '2025-01-01T00:00:00.000Z', 'modified': '2025-01-01T00:00:00.000Z',
            'pattern': f'[{joined}]', 'pattern_type': 'stix',
            'valid_from': '2025-01-01T00:00:00Z'})
    path.write_text(json.dumps({
        'type': 'bundle', 'id': f'bundle--{uuid.UUID(int=draw.getrandbits(128), version=4)}',
        'objects': objects}))
    return indicators


def place(event):
    """What a hit has in common with the observable that it came from."""
    return tuple(event.get(key) for key in
                 ('timestamp', 'src_ip', 'src_port', 'dest_ip', 'dest_port', 'proto')) + (
        event['capture']['packet'], event['observable']['where'], event['observable']['value'])


def hit_key(hit, list_name):
    indicator = hit['indicator']
    if indicator.get('source') == list_name:
        return (list_name, indicator['line'])
    return indicator['id']


@pytest.fixture(scope='session')
def has_patterns(tmp_path_factory):
    """Is sekisho built with Hyperscan?"""
    folder = tmp_path_factory.mktemp('probe')
    identifier = 'indicator--3f0d1b9e-94ab-4a0c-9f0a-5d1d0e7b3c11'
    (folder / 'probe.json').write_text(json.dumps({
        'type': 'bundle', 'id': 'bundle--3f0d1b9e-94ab-4a0c-9f0a-5d1d0e7b3c12', 'objects': [{
            'type': 'indicator', 'spec_version': '2.1', 'id': identifier,
            'created': '2025-01-01T00:00:00.000Z', 'modified': '2025-01-01T00:00:00.000Z',
            'pattern': "[domain-name:value LIKE '%bad_name%.example']", 'pattern_type': 'stix',
            'valid_from': '2025-01-01T00:00:00Z'}]}))
    summary = json.loads(run(SEKISHO, 'compile', '--json', folder / 'probe.json', '-o',
                             folder / 'probe.skdb', statuses=(0, 1)))
    return summary['feeds'][0]['patterns'] > 0


@pytest.mark.parametrize('seed', range(CASES))
def test_hits_equal_those_of_plain_loops(seed, tmp_path, has_patterns):
    draw = random.Random(seed)
    capture, listed, bundle = (tmp_path / name for name in ('c.pcap', 'l.txt', 'b.json'))
    run(GENERATE_TRAFFIC, '-o', capture, '--seed', seed, '--packets', draw.randint(200, 3000),
        '--hits-per-thousand', 50, *(CONTENTS if seed % 2 else ()))
    if seed % 4 == 3:
        wrap(capture, capture, seed, 200)
    events = list(observables(json_lines(run(SEKISHO, 'observe', '-q', capture))))
    indicators = write_list(draw, events, listed)
    indicators.update(write_bundle(draw, events, bundle, has_patterns))

    found = json_lines(run(SEKISHO, 'match', '-q', '--json', '-f', listed, '-f', bundle, capture,
                           statuses=(0, 1)))
    hits = collections.Counter(
        (hit_key(hit, listed.name), hit['match']['kind'], place(hit)) for hit in found)
    expected = collections.Counter(
        (key, kind, place(event)) for key, kind, event in brute_force.match(indicators, events))
    assert hits - expected == collections.Counter(), 'hits that should not be'
    assert expected - hits == collections.Counter(), 'hits that are missing'


@pytest.mark.parametrize('seed', range(3))
def test_hits_equal_the_ground_truth_of_the_generator(seed, tmp_path):
    capture, feed, truth = (tmp_path / name for name in ('c.pcap', 'f.txt', 't.jsonl'))
    run(GENERATE_TRAFFIC, '-o', capture, '--seed', seed, '--packets', 30000,
        '--hits-per-thousand', 30, '--feed', feed, '--truth', truth)
    expected = {(item['indicator'], frozenset(((item['client'], item['client_port']),
                                               (item['server'], item['server_port']))))
                for item in json_lines(truth.read_bytes())}
    found = {(hit['indicator']['value'], frozenset(((hit['src_ip'], hit['src_port']),
                                                    (hit['dest_ip'], hit['dest_port']))))
             for hit in json_lines(run(SEKISHO, 'match', '-q', '--json', '-f', feed, capture))}
    assert found == expected
