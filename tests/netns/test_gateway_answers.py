"""What a gateway says itself about what it drops: TCP resets to both ends, NXDOMAIN to whoever asks.

A client gives up at once instead of waiting; every frame that arrives is one that tshark, with all
checksums looked at, has nothing against.
"""
import subprocess
import time

import pytest

import services
from network import need, wait_for
from test_gateway import NAMES, Scene


@pytest.fixture(params=['inline-afxdp', 'inline-dpdk'])
def scene(network, request):
    drops = ['10.0.2.66', 'bad.example']
    made = Scene(network, request.param, extra='resets: yes\nnxdomain: yes', drops=drops)
    services.start_web(made.server)
    services.start_dns(made.server, NAMES, ['10.0.2.10', 'fd00:2::10'])
    made.sensor.start()
    yield made
    if made.sensor.process.is_running():
        made.sensor.stop()


class Watched:
    """What arrives at a host's eth0, as tshark reads it."""

    def __init__(self, host):
        self.path = host.network.folder / f'{host.name}.pcap'
        self.process = host.start('tcpdump', '-Z', 'root', '-i', 'eth0', '-U', '--immediate-mode',
                                  '-Q', 'in', '-w', self.path, 'ip or ip6')
        wait_for(lambda: 'listening on' in self.process.error, what='tcpdump')

    def fields(self, wanted, *fields):
        sizes = []
        while len(set(sizes[-10:])) != 1 or len(sizes) < 10:  # until nothing more comes
            time.sleep(0.05)
            sizes.append(self.path.stat().st_size)
        self.process.stop()
        need('tshark')
        command = ['tshark', '-r', self.path, '-o', 'ip.check_checksum:TRUE',
                   '-o', 'tcp.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-Y', wanted,
                   '-T', 'fields', '-e', '_ws.malformed', '-e', 'ip.checksum.status',
                   '-e', 'tcp.checksum.status', '-e', 'udp.checksum.status']
        for field in fields:
            command += ['-e', field]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows = [line.split('\t') for line in done.stdout.splitlines()]
        for row in rows:
            assert row[0] == '' and set(row[1:4]) <= {'', '1'}, row  # 1: good
        return [row[4:] for row in rows]


def test_a_listed_name_does_not_exist_for_whoever_asks(scene):
    watched = Watched(scene.client)
    for server in ('10.0.2.10', 'fd00:2::10'):
        for extra in ('+edns', '+noedns'):
            done = scene.client.run('dig', '+time=2', '+tries=1', extra, f'@{server}',
                                    'www.bad.example', check=False)
            assert 'status: NXDOMAIN' in done.stdout, done.stdout
            assert 'WARNING' not in done.stdout, done.stdout
    assert scene.dig('@10.0.2.10', 'good.example') == ['10.0.2.10']
    answers = watched.fields('dns.flags.rcode == 3', 'dns.qry.name')
    assert answers == [['www.bad.example']] * 4


def test_a_listed_server_name_is_reset_at_both_ends(scene):
    watched = Watched(scene.server)
    begin = time.monotonic()
    done = scene.curl('--resolve', 'bad.example:443:10.0.2.10', 'https://bad.example/')
    assert done.returncode == 35 and 'reset' in done.stderr.lower(), done.stderr
    assert time.monotonic() - begin < 2
    resets = watched.fields('tcp.flags.reset == 1', 'tcp.seq', 'tcp.dstport')
    assert [row[1] for row in resets] == ['443']
    wait_for(lambda: ':443' not in scene.server.run('ss', '-tnH', 'state', 'established').stdout,
             what='the end of the connection at the server')


# With inline-afxdp the XDP program drops them, and sends nothing.
@pytest.mark.parametrize('scene', ['inline-dpdk'], indirect=True)
def test_a_listed_address_refuses_at_once(scene):
    watched = Watched(scene.client)
    begin = time.monotonic()
    for url in ('http://10.0.2.66/', 'http://10.0.2.66:8080/'):
        assert scene.curl(url).returncode == 7
    assert time.monotonic() - begin < 2
    assert scene.curl('-o', '/dev/null', 'http://10.0.2.10/').returncode == 0
    assert watched.fields('tcp.flags.reset == 1', 'tcp.flags.ack') == [['1']] * 2
