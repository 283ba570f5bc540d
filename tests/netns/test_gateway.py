"""A client, a gateway with sekisho on it, a server: what is listed does not get through, all else
does, byte for byte, in each inline mode.

With inline-xdp the gateway routes and the kernel forwards; a verdict on content comes one packet
late. The other modes are a bump in the wire and hold the packet.
"""
import hashlib
import ipaddress

import pytest

import services
from daemon import need_backend
from gateway import Gateway
from network import wait_for

MODES = ['inline-xdp', 'inline-afxdp', 'inline-dpdk']

DROPS = ['10.0.2.66', '10.0.3.0/24', 'fd00:2::66', 'fd00:3::/64', '10.0.2.77', 'bad.example',
         'http://web.example/bad/page', '10.0.1.9']
OWN = ['10.0.2.77/32', 'fd00:1::/64']
NAMES = {
    'good.example': [('A', '10.0.2.10'), ('AAAA', 'fd00:2::10')],
    'bad.example': [('A', '10.0.2.10')],
    'deep.bad.example': [('A', '10.0.2.10')],
    'innocent.example': [('CNAME', 'bad.example')],
    'points-at-listed.example': [('A', '10.0.2.66')],
    'told.example': [('A', '10.0.2.10')],
}
SERVER = ['10.0.2.10', '10.0.2.66', '10.0.2.77', '10.0.3.5', 'fd00:2::10', 'fd00:2::66',
          'fd00:3::5']
CLIENT = ['10.0.1.2', '10.0.1.9', 'fd00:1::2']

SENSOR = {
    'inline-xdp': 'mode: inline-xdp\nlinks: [{device: g0}, {device: g1}]\n'
                  'xdp-pins: /sys/fs/bpf/{pins}',
    'inline-afxdp': 'mode: inline-afxdp\nlinks: [{device: g0, peer: g1}]\n'
                    'xdp-pins: /sys/fs/bpf/{pins}',
    'inline-dpdk': 'mode: inline-dpdk\nlinks: [{device: {vdev0}, peer: {vdev1}}]\n'
                   'dpdk-arguments: [--no-huge, -m, "256", --no-pci, '
                   '"--vdev={dpdk0}", "--vdev={dpdk1}", '
                   '"--file-prefix={pins}"]',
}

VDEV = 'net_af_packet{},iface=g{}'  # of DPDK: what stands for a network card


def sensor_of(mode, gate, vdev=VDEV):
    """The sensor's configuration; its pins and DPDK's files have the name of the host."""
    text = SENSOR[mode].replace('{pins}', gate.namespace)
    for number in range(2):
        device = vdev.format(number, number)
        text = text.replace(f'{{dpdk{number}}}', device)
        text = text.replace(f'{{vdev{number}}}', device.split(',')[0])
    return text + '\nmetrics: none\n'


class Scene:
    """The three hosts; `sensor` is the gateway's."""

    def __init__(self, network, mode, extra='', drops=DROPS, mtu=1500, vdev=VDEV):
        need_backend(mode)
        self.mode = mode
        self.client = network.host('client')
        self.gate = network.host('gateway')
        self.server = network.host('server')
        network.join(self.client, 'eth0', self.gate, 'g0', mtu=mtu)
        network.join(self.server, 'eth0', self.gate, 'g1', mtu=mtu)
        if mode == 'inline-xdp':
            self.route()
        else:
            self.bridge()
        sensor = sensor_of(mode, self.gate, vdev) + extra
        self.sensor = Gateway(self.gate, sensor, drops=drops, alerts=['told.example'],
                              own_networks=OWN)

    def route(self):
        self.gate.forwards()
        self.gate.address('g0', '10.0.1.1/24', 'fd00:1::1/64')
        self.gate.address('g1', '10.0.2.1/23', 'fd00:2::1/64')
        self.gate.run('ip', 'route', 'add', 'fd00:3::/64', 'dev', 'g1')
        for address in CLIENT:
            self.client.address('eth0', f'{address}/{prefix(address)}')
        for address in SERVER:
            self.server.address('eth0', f'{address}/{prefix(address)}')
        self.client.route('default', '10.0.1.1')
        self.client.route('default', 'fd00:1::1')
        self.server.route('default', '10.0.2.1')
        self.server.route('default', 'fd00:2::1')

    def bridge(self):
        # A veth takes frames that XDP redirects to it only when its other end polls (NAPI).
        for host in (self.client, self.server):
            host.run('ethtool', '-K', 'eth0', 'gro', 'on')
        for address in CLIENT:
            self.client.address('eth0', f'{address}/{prefix(address)}')
        for address in SERVER:
            self.server.address('eth0', f'{address}/{prefix(address)}')
        for destination in ('10.0.2.0/23', 'fd00:2::/64', 'fd00:3::/64'):
            self.client.run('ip', 'route', 'replace', destination, 'dev', 'eth0')
        for destination in ('10.0.1.0/24', 'fd00:1::/64'):
            self.server.run('ip', 'route', 'replace', destination, 'dev', 'eth0')

    def curl(self, *arguments):
        return self.client.run('curl', '-sS', '-k', '--connect-timeout', '2', '--max-time', '4',
                               *arguments, check=False)

    def dig(self, *arguments):
        return self.client.run('dig', '+time=1', '+tries=1', '+short', *arguments,
                               check=False).stdout.split()

    def pings(self, address, source=None):
        extra = ['-I', source] if source else []
        return self.client.run('ping', '-c', '1', '-W', '1', *extra, address,
                               check=False).returncode == 0

    def hit_of(self, value, **members):
        """Waits for a hit of that value."""
        def find():
            for hit in self.sensor.hits():
                if hit['observable']['value'] == value and \
                        all(hit['match'].get(key) == wanted for key, wanted in members.items()):
                    return hit
            return None
        return wait_for(find, what=f'a hit of {value} {members} in '
                                              f'{self.sensor.hits()}')


def prefix(address):
    return 64 if ipaddress.ip_address(address).version == 6 else 24


@pytest.fixture(params=MODES)
def scene(network, request):
    made = Scene(network, request.param)
    made.www = services.start_web(made.server)
    services.start_dns(made.server, NAMES, ['10.0.2.10', 'fd00:2::10'])
    made.sensor.start()
    yield made
    if made.sensor.process.is_running():
        made.sensor.stop()


def test_addresses_that_are_listed_do_not_get_through_except_of_the_veto_set(scene):
    for good in ('10.0.2.10', 'fd00:2::10', '10.0.2.77'):  # the last one is listed, and ours
        assert scene.pings(good), scene.sensor.process.error
    assert scene.curl('http://10.0.2.77/').stdout == 'the page\n'
    for bad in ('10.0.2.66', '10.0.3.5', 'fd00:2::66', 'fd00:3::5'):
        assert not scene.pings(bad)
    assert scene.curl('http://10.0.2.66/').returncode == 28
    assert not scene.pings('10.0.2.10', source='10.0.1.9')  # a listed source
    scene.sensor.stop()  # flows end: their hits are written
    scene.hit_of('10.0.2.66', outcome='dropped')


def test_everything_else_passes_byte_for_byte(scene):
    wanted = hashlib.sha256((scene.www / 'large').read_bytes()).hexdigest()
    for url in ('http://10.0.2.10/large', 'https://10.0.2.10/large', 'http://[fd00:2::10]/large',
                'https://[fd00:2::10]/large'):
        got = scene.client.run('sh', '-c', f'curl -sSk --max-time 10 {url} | sha256sum').stdout
        assert got.split()[0] == wanted, url


def test_listed_names_are_judged_in_dns(scene):
    assert scene.dig('@10.0.2.10', 'good.example') == ['10.0.2.10']
    assert scene.dig('@fd00:2::10', 'good.example', 'AAAA') == ['fd00:2::10']
    assert scene.dig('@10.0.2.10', 'points-at-listed.example') == ['10.0.2.66']  # only told
    names = ('bad.example', 'deep.bad.example', 'innocent.example')
    answers = [scene.dig('@10.0.2.10', name) for name in names]
    if scene.mode == 'inline-xdp':  # by the time of the verdict the message has passed
        assert all('10.0.2.10' in answer for answer in answers)
    else:
        assert all('10.0.2.10' not in answer for answer in answers)
    assert scene.dig('@10.0.2.10', 'good.example') == ['10.0.2.10']  # never condemned
    assert scene.dig('@10.0.2.10', 'told.example') == ['10.0.2.10']
    scene.hit_of('bad.example')
    scene.hit_of('told.example', action='alert')


def test_listed_server_names_and_urls_do_not_get_through(scene):
    for host, url in (('bad.example', 'https://bad.example/large'),
                      ('web.example', 'http://web.example/bad/page')):
        port = 443 if url.startswith('https') else 80
        done = scene.curl('--resolve', f'{host}:{port}:10.0.2.10', '--limit-rate', '200k',
                          '-o', '/dev/null', url)
        if not (scene.mode == 'inline-xdp' and port == 80):  # a small page: one packet, passed
            assert done.returncode != 0, url
    scene.hit_of('bad.example', outcome='dropped')
    scene.hit_of('http://web.example/bad/page', outcome='dropped')
    assert scene.curl('--resolve', 'web.example:80:10.0.2.10',
                      'http://web.example/good').stdout == 'the page\n'
    shake = ['openssl', 's_client', '-connect', '10.0.2.10:443', '-servername']
    assert 'BEGIN CERTIFICATE' in scene.client.run(*shake, 'good.example', text='').stdout
    if scene.mode != 'inline-xdp':
        done = scene.client.run('timeout', '3', *shake, 'bad.example', text='', check=False)
        assert 'BEGIN CERTIFICATE' not in done.stdout


def test_bulk_traffic_passes(scene):
    scene.server.start('iperf3', '-s', '-1')
    wait_for(lambda: ':5201' in scene.server.run('ss', '-ltn').stdout, what='iperf3')
    done = scene.client.run('iperf3', '-c', '10.0.2.10', '-t', '2', '-J', check=False)
    assert '"bits_per_second"' in done.stdout and '"error"' not in done.stdout, done.stdout
    figures = scene.sensor.metrics()
    assert sum(value for key, value in figures.items() if 'drop' in key and 'total' in key) == 0
