"""`sekisho ports`: what is said of interfaces and rights."""
import json
import os
import pathlib

ROOT = pathlib.Path(__file__).parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')


def offers(host, *before, status=0):
    done = host.run(*before, SEKISHO, 'ports', '--json', check=False)
    assert done.returncode == status, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {(row['about'], row['name']): row for row in rows}


def test_interfaces_as_they_are(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'first', b, 'first', mtu=9000, queues=4)
    network.join(a, 'second', b, 'second')
    a.link('second', 'down')
    found = offers(a)
    first, second = found['interface', 'first'], found['interface', 'second']
    assert first['usable'] and first['inline'] and not first['help']
    assert first['words'].startswith('up, 10000 Mb/s, MTU 9000, 4 queues, veth, native XDP')
    assert not second['usable'] and second['words'].startswith('down')
    assert second['help'] == 'ip link set dev second up'
    a.run(*second['help'].split())
    assert offers(a)['interface', 'second']['usable']
    b.link('first', 'down')
    assert offers(a)['interface', 'first']['words'].startswith('up, no carrier')


def test_without_rights_nothing_can_be_listened_on(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    assert offers(a)['right', 'CAP_NET_RAW']['usable']
    assert offers(a)['backend', 'af-packet']['usable']
    found = offers(a, 'setpriv', '--reuid', '65534', '--clear-groups', status=1)
    assert 'CAP_NET_RAW' in found['backend', 'af-packet']['help']
    assert not found['right', 'CAP_NET_RAW']['usable']
    assert found['kernel', 'dispatcher']['help'] == 'not known: ask as root'
    # One right is enough for a tap.
    found = offers(a, 'setpriv', '--inh-caps', '-all,+net_raw', '--ambient-caps',
                   '-all,+net_raw', '--bounding-set', '-all,+net_raw', '--reuid', '65534',
                   '--clear-groups')
    assert found['backend', 'af-packet']['usable'] and not found['backend', 'afxdp']['usable']


def test_the_table_says_the_same(network):
    host = network.host('a')
    out = host.run(SEKISHO, 'ports').stdout
    for row in offers(host).values():
        assert row['name'] in out and row['words'] in out and row['help'] in out
    headings = [line for line in out.splitlines() if line and line[0] != ' ']
    assert headings[0] == 'Interfaces' and headings[-1] == 'Kernel and memory'
