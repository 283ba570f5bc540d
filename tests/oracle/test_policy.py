"""What is protected is never dropped, whoever lists it and however: through sync, compile and match."""
import itertools
import json
import os
import subprocess

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

SEKISHO = os.environ.get('SEKISHO', 'sekisho')
GROUPS = ['AIS', 'C2', 'BKMW_CONF', 'BKMW_MANU', 'BLOCKLIST', 'VULS2']
# How a feed may put the bank's site: itself, its parent, names below, nets, addresses, URLs.
SPELLINGS = ['bank.example.jp', 'example.jp', 'www.bank.example.jp', '*.example.jp',
             '203.0.113.80', '203.0.113.80:80', '203.0.113.0/24', '203.0.113.64-203.0.113.95',
             'http://bank.example.jp/login', 'http://bank.example.jp/*',
             'http://203.0.113.80/login', 'ban*.example.jp']
NAMES = ['bank.example.jp', 'www.bank.example.jp', 'deep.www.bank.example.jp']
ADDRESS = '203.0.113.80'
DROP_ALL = 'policy:\n  - {name: everything, action: drop}\n'


def sekisho(*arguments, statuses=(0,)):
    result = subprocess.run([SEKISHO, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode in statuses, result.stderr
    return result.stdout


def http_request(port, host, path):
    request = f'GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode()
    ends = {'src': '192.0.2.9', 'dst': ADDRESS}
    yield Ether() / IP(**ends) / TCP(sport=port, dport=80, flags='S', seq=1)
    yield Ether() / IP(**ends) / TCP(sport=port, dport=80, flags='PA', seq=2, ack=1) / request


@pytest.fixture(scope='module')
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp('capture') / 'bank.pcap'
    packets = [Ether() / IP(src='192.0.2.9', dst='192.0.2.53') / UDP(sport=4000 + i, dport=53) /
               DNS(id=i, rd=1, qd=DNSQR(qname=name))
               for i, name in enumerate([*NAMES, 'evil.example'])]
    for i, (host, place) in enumerate(itertools.product(['bank.example.jp', ADDRESS],
                                                        ['/login', '/other'])):
        packets.extend(http_request(5000 + i, host, place))
    packets.append(Ether() / IP(src='192.0.2.9', dst='203.0.113.81') / TCP(sport=6000, dport=80))
    for i, packet in enumerate(packets):
        packet.time = 1700000000 + i
    wrpcap(str(path), packets)
    return path


def write_config(folder, sources, own='', policy=DROP_ALL):
    lines = [f'  - {{name: {name}, kind: file, address: {name}.txt, format: text, '
             f'reliability: A, {rest}}}' for name, rest in sources]
    path = folder / 'sekisho.yaml'
    path.write_text('store: store.db\ndatabase: test.skdb\n' + own + policy +
                    'sources:\n' + '\n'.join(lines) + '\n')
    return path


def hits_of(folder, capture):
    out = sekisho('match', '-d', folder / 'test.skdb', '--json', '-q', capture)
    return [json.loads(line) for line in out.splitlines()]


PROTECTIONS = {
    'attacked': ([('attk', 'group: BKMW_ATTK')], ''),
    'known-benign': ([('attk', 'role: known-benign')], ''),
    'own': ([], f'own:\n  names: [bank.example.jp]\n  networks: [{ADDRESS}]\n'),
}


@pytest.mark.parametrize('protection', PROTECTIONS)
@pytest.mark.parametrize('group', GROUPS)
def test_what_is_protected_is_never_dropped(tmp_path, capture, protection, group):
    sources, own = PROTECTIONS[protection]
    (tmp_path / 'attk.txt').write_text(f'bank.example.jp\n{ADDRESS}\n')
    (tmp_path / 'feed.txt').write_text('\n'.join([*SPELLINGS, 'evil.example']) + '\n')
    config = write_config(tmp_path, [('feed', f'group: {group}'), *sources], own)
    sekisho('sync', '-c', config)
    sekisho('compile', '-c', config, '--full')
    hits = hits_of(tmp_path, capture)
    dropped = {hit['observable']['value'] for hit in hits if hit['match']['action'] == 'drop'}
    # What lies beside the bank in the same net, and what is not protected, shows that the
    # table does drop.
    assert dropped == {'evil.example', '203.0.113.81'}
    met = {hit['observable']['value'] for hit in hits}
    if protection == 'attacked':
        assert {*NAMES, ADDRESS} <= met


def test_a_value_of_every_spelling_is_dropped_when_nothing_protects_it(tmp_path, capture):
    """The test above can fail: without protection all of it is dropped."""
    (tmp_path / 'feed.txt').write_text('\n'.join([*SPELLINGS, 'evil.example']) + '\n')
    config = write_config(tmp_path, [('feed', 'group: C2')])
    sekisho('sync', '-c', config)
    sekisho('compile', '-c', config, '--full')
    dropped = {hit['observable']['value'] for hit in hits_of(tmp_path, capture)
               if hit['match']['action'] == 'drop'}
    assert {*NAMES, ADDRESS, 'http://bank.example.jp/login',
            'http://203.0.113.80/login'} <= dropped


def test_evidence_leads_to_a_promotion(tmp_path, capture):
    (tmp_path / 'feed.txt').write_text('evil.example\nquiet.example\n')
    config = write_config(tmp_path, [('feed', 'group: AIS')], policy='')
    days = ['--days', 3650]
    sekisho('sync', '-c', config)
    sekisho('compile', '-c', config)
    assert {hit['match']['action'] for hit in hits_of(tmp_path, capture)} == {'alert'}
    sekisho('match', '-d', tmp_path / 'test.skdb', '-c', config, '-q', capture)

    would = sekisho('policy', 'promote', '-c', config, '--hits', 1, *days, '-n')
    assert 'evil[.]example: alert, 1 hits' in would and 'quiet' not in would
    sekisho('policy', 'promote', '-c', config, '--hits', 2, *days, statuses=(1,))
    sekisho('policy', 'promote', '-c', config, '--hits', 1, *days, '--why', 'seen')
    assert 'promoted' in sekisho('history', '-c', config, 'evil.example')
    sekisho('compile', '-c', config)
    assert {hit['match']['action'] for hit in hits_of(tmp_path, capture)} == {'drop'}

    sekisho('policy', 'promote', '-c', config, '--undo', 'evil.example')
    sekisho('compile', '-c', config)
    assert {hit['match']['action'] for hit in hits_of(tmp_path, capture)} == {'alert'}


def test_a_changed_table_is_compared_and_explained(tmp_path, capture):
    (tmp_path / 'feed.txt').write_text('evil.example\n203.0.113.81\n')
    config = write_config(tmp_path, [('feed', 'group: C2')], policy='')
    sekisho('sync', '-c', config)
    sekisho('compile', '-c', config)
    sekisho('match', '-d', tmp_path / 'test.skdb', '-c', config, '-q', capture)
    other = tmp_path / 'other.yaml'
    other.write_text(config.read_text() +
                     'policy:\n  - {name: names, type: name, action: alert}\n'
                     '  - {name: quorum, sources: ">=2", action: drop}\n')
    changes = json.loads(sekisho('policy', 'diff', '-c', config, '--json', '--days', 3650,
                                 other))['changes']
    assert [(c['from'], c['to'], c['values'], c['hits']) for c in changes] == [
        ('drop', 'log', 1, 1), ('drop', 'alert', 1, 1)]
    assert changes[1]['examples'][0]['row_after'] == 'names'
    sekisho('policy', 'diff', '-c', config, config, statuses=(1,))

    told = json.loads(sekisho('policy', 'explain', '-c', config, '--json', 'evil.example'))
    assert told['action'] == 'drop' and told['row_name'].startswith('analysed')
    needed = sekisho('policy', 'explain', '-c', other, '203.0.113.81')
    assert "for a drop by row 2 'quorum': number of sources must fit" in needed
    below = sekisho('policy', 'explain', '-c', config, 'www.evil.example')
    assert 'evil[.]example: drop' in below


def test_hits_of_another_store_are_refused(tmp_path, capture):
    for name in ('one', 'two'):
        folder = tmp_path / name
        folder.mkdir()
        (folder / 'feed.txt').write_text('evil.example\n')
        config = write_config(folder, [('feed', 'group: C2')])
        sekisho('sync', '-c', config)
        sekisho('compile', '-c', config)
    sekisho('match', '-q', '-d', tmp_path / 'one' / 'test.skdb', '--record',
            tmp_path / 'two' / 'store.db', capture, statuses=(2,))
