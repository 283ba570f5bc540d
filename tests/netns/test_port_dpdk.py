"""DPDK as a bump in the wire between two hosts, over its virtual devices of kernel interfaces."""
import json
import pathlib
import signal
import subprocess

import pytest

from daemon import SEKISHO, Daemon, compile_database
from network import command, need, wait_for
from test_daemon import GENERATOR, IS_SANITIZED
from test_ports import PORT_DUMP, Dump, all_kinds, ethernet, udp

JUMBO = 9000
# Of how frames are kept on their way; those of the drivers' own are too small for jumbo frames.
AF_PACKET_FRAMES = 'blocksz=65536,framesz=16384,framecnt=256'


def has_dpdk():
    done = subprocess.run([PORT_DUMP, 'backend=dpdk', 'device=none', 'eal=--no-huge',
                           'eal=--no-pci'], capture_output=True, text=True)
    return 'not in this build' not in done.stderr


pytestmark = pytest.mark.skipif(not has_dpdk(), reason='DPDK is not in this build')


def leaks_of_others(folder):
    """DPDK's AF_XDP driver does not give back 80 bytes a socket."""
    path = folder / 'leaks'
    path.write_text('leak:xsk_umem__create\n')
    return {'LSAN_OPTIONS': f'suppressions={path}:print_suppressions=0'}


class Bump:
    """port_dump between two interfaces of a host."""

    def __init__(self, host, driver, options='', **settings):
        devices = [f'net_{driver}{i}' for i in range(2)]
        vdevs = [f'eal=--vdev={name},iface=eth{i}{options}' for i, name in enumerate(devices)]
        settings = [f'{name}={value}' for name, value in settings.items()]
        self.process = host.start(
            PORT_DUMP, 'backend=dpdk', f'device={devices[0]}', f'peer={devices[1]}', 'seconds=60',
            'eal=--no-huge', 'eal=-m', 'eal=256', 'eal=--no-pci', *vdevs, *settings,
            environment=leaks_of_others(host.network.folder))
        wait_for(lambda: 'ready' in self.process.out or not self.process.is_running(),
                 what='DPDK is ready')
        assert self.process.is_running(), self.process.error

    def stop(self):
        assert self.process.stop() == 0, self.process.error
        return [json.loads(line) for line in self.process.out.splitlines() if line[0] == '{']


@pytest.fixture
def wire(network):
    """Client, gateway, server; only client and server have addresses."""
    def make(mtu=1500, is_silent=True):
        client, gateway, server = (network.host(name) for name in ('client', 'gateway', 'server'))
        for host in (client, gateway, server):
            for where in ('all', 'default'):
                host.sysctl(f'net.ipv6.conf.{where}.disable_ipv6',
                            1 if is_silent or host is gateway else 0)
        network.join(client, 'eth0', gateway, 'eth0', mtu=mtu)
        network.join(gateway, 'eth1', server, 'eth0', mtu=mtu)
        return client, gateway, server
    return make


def is_left_alone_by_af_packet(frame):
    """DPDK's driver lets the kernel join fragments, and puts every tag back as 802.1Q."""
    is_fragment = frame[12:14] == b'\x08\x00' and int.from_bytes(frame[20:22]) & 0x3fff != 0
    return not is_fragment and frame[12:14] != b'\x88\xa8'


@pytest.mark.parametrize('driver, options, mtu', [
    ('af_packet', ',' + AF_PACKET_FRAMES, JUMBO),
    ('af_packet', '', 1500),
    ('af_xdp', '', 1500),
])
def test_every_frame_leaves_as_it_came(wire, driver, options, mtu):
    client, gateway, server = wire(mtu)
    bump = Bump(gateway, driver, options)
    frames = [frame for frame in all_kinds() if len(frame) <= mtu + 14 and
              (driver != 'af_packet' or is_left_alone_by_af_packet(frame))]
    for source, destination in ((client, server), (server, client)):
        dump = Dump(destination, 'af-packet', 'eth0')
        source.send_frames('eth0', frames)
        wait_for(lambda: destination.count('eth0', 'rx_packets') >= len(frames))
        dump.stop()
        assert dump.frames() == frames
    counters = bump.stop()
    for side in counters:
        assert side['received'] == side['sent'] == len(frames)
        assert side['unsent'] == side['missed'] == side['refused'] == 0


@pytest.mark.parametrize('driver', ['af_packet', 'af_xdp'])
def test_hosts_talk_through_the_bump(wire, driver):
    client, gateway, server = wire(is_silent=False)
    client.address('eth0', '192.0.2.1/24', '2001:db8::1/64')
    server.address('eth0', '192.0.2.2/24', '2001:db8::2/64')
    bump = Bump(gateway, driver)
    for address in ('192.0.2.2', '2001:db8::2'):
        client.run('ping', '-c', '20', '-i', '0.01', '-W', '5', '-s', '1400', address)
    server.start('iperf3', '-s', '-1')
    wait_for(lambda: ':5201' in server.run('ss', '-ltn').stdout, what='iperf3 listens')
    done = client.run('iperf3', '-c', '192.0.2.2', '-n', '20M', '-J')
    assert json.loads(done.stdout)['end']['sum_received']['bytes'] >= 10 << 20
    counters = bump.stop()
    assert counters[0]['received'] == counters[1]['sent'] + counters[1]['unsent']
    assert counters[1]['received'] == counters[0]['sent'] + counters[0]['unsent']


def test_what_is_dropped_does_not_pass(wire):
    client, gateway, server = wire()
    bump = Bump(gateway, 'af_packet', drop=1)
    dump = Dump(server, 'af-packet', 'eth0')
    client.send_frames('eth0', all_kinds()[:2])
    dump.stop()
    assert dump.frames() == []
    assert [side['received'] for side in bump.stop()] == [2, 0]


def test_a_killed_process_leaves_nothing_that_stops_the_next(wire):
    client, gateway, server = wire()
    frames = [bytes(ethernet(udp(number))) for number in range(10)]
    for _ in range(2):
        bump = Bump(gateway, 'af_packet')
        dump = Dump(server, 'af-packet', 'eth0')
        client.send_frames('eth0', frames)
        dump.stop()
        assert dump.frames() == frames
        bump.process.stop(signal.SIGKILL)
    dump = Dump(server, 'af-packet', 'eth0')
    client.send_frames('eth0', frames)  # a dead wire
    dump.stop()
    assert dump.frames() == []


# ---- the daemon

def make_sensor(host, database, devices, vdevs, **sensor):
    """`sekisho run` by DPDK; `devices`: one, or two of a bump."""
    arguments = ['--no-huge', '-m', '256', '--no-pci', *(f'--vdev={vdev}' for vdev in vdevs)]
    return Daemon(host, host.network.folder, database, [dict(zip(('device', 'peer'), devices))],
                  **{'dpdk-arguments': arguments, **sensor})


@pytest.mark.parametrize('driver', ['af_xdp'])  # af_packet: test_daemon_inline.py
def test_the_sensor_drops_inline_and_ends_when_it_is_told_to(wire, driver):
    client, gateway, server = wire()
    client.address('eth0', '192.0.2.1/24')
    server.address('eth0', '192.0.2.2/24', '192.0.2.66/24')
    database = compile_database(gateway.network.folder / 'i.skdb', '192.0.2.66')
    devices = [f'net_{driver}{i}' for i in range(2)]
    sensor = make_sensor(gateway, database, devices,
                         [f'{name},iface=eth{i}' for i, name in enumerate(devices)],
                         mode='inline-dpdk')
    sensor.start(environment=leaks_of_others(gateway.network.folder))
    client.run('ping', '-c', '3', '-i', '0.1', '-W', '5', '192.0.2.2')
    listed = client.run('ping', '-c', '3', '-i', '0.1', '-W', '1', '192.0.2.66', check=False)
    assert '0 received' in listed.stdout
    for status in pathlib.Path(f'/proc/{sensor.process.pid}/task').glob('*/status'):
        fields = dict(line.split(':\t', 1) for line in status.read_text().splitlines()
                      if ':\t' in line)
        assert int(fields['CapEff'], 16) == int(fields['CapPrm'], 16) == 0, fields['Name']
        if not IS_SANITIZED:
            assert fields['Seccomp'] == '2' and fields['NoNewPrivs'] == '1', fields['Name']
    assert sensor.stop() == 0, sensor.process.error
    hit, = sensor.hits()
    assert hit['observable']['value'] == '192.0.2.66' and hit['flow']['pkts'] == 3
    assert hit['in_iface'] == devices[0] and hit['match']['outcome'] == 'dropped'


def test_a_capture_by_net_pcap_gives_the_hits_of_match(network):
    host, folder = network.host('a'), network.folder
    capture, database = folder / 'c.pcap', folder / 'i.skdb'
    command(GENERATOR, '-o', capture, '--feed', folder / 'feed.txt', '--packets', 2100,
            '--hits-per-thousand', 60)
    need('editcap')  # net_pcap tells times to the microsecond
    subprocess.run(['editcap', '-F', 'pcap', capture, folder / 'us.pcap'], check=True)
    command(SEKISHO, 'compile', '-q', folder / 'feed.txt', '-o', database)
    done = subprocess.run([SEKISHO, 'match', '-q', '-d', database, folder / 'us.pcap', '--json=-'],
                          capture_output=True, text=True)
    expected = [json.loads(line) for line in done.stdout.splitlines()]
    sensor = make_sensor(host, database, ['net_pcap0'],
                         [f'net_pcap0,rx_pcap={folder}/us.pcap'], backend='dpdk')
    sensor.start()
    wait_for(lambda: sensor.status()['packets'].startswith('2,100') or
             sensor.status()['packets'].startswith('2100'), what='the capture was read')
    assert sensor.stop() == 0, sensor.process.error
    found = sensor.hits()
    for hit in expected:
        del hit['capture']
    for hit in found:
        del hit['host'], hit['in_iface']

    def order(hit):
        return json.dumps(hit, sort_keys=True)
    assert len(found) > 10
    assert sorted(found, key=order) == sorted(expected, key=order)
