"""One capture, sent past every backend that listens: each gives the hits of `sekisho match`. And what
the sensor says when a port ends."""
import json
import os
import subprocess

import captures
import pytest

from daemon import SEKISHO, ROOT, Daemon, compile_database, need_backend
from network import command, wait_for

GENERATOR = os.environ.get('GENERATE_TRAFFIC', ROOT / 'build/bench/generate_traffic')
PACKETS = 3000

# Name of the test to fields of `sensor:`.
TAPS = {
    'af-packet': {'backend': 'af-packet'},
    'af-packet by three': {'backend': 'af-packet', 'workers': 3},
    'pcap': {'backend': 'pcap'},
    'afxdp': {'backend': 'afxdp'},
    'dpdk': {'backend': 'dpdk', 'links': [{'device': 'net_af_packet0'}],
             'dpdk-arguments': ['--no-huge', '-m', '256', '--no-pci',
                                '--vdev=net_af_packet0,iface=eth0,framecnt=4096']},
}


def facts(hits):
    """What of a hit does not depend on when and by whom it was seen."""
    return sorted((hit['observable']['type'], hit['observable']['value'], hit['observable']['where'],
                   hit['src_ip'], hit['dest_ip'], hit.get('src_port'), hit.get('dest_port'))
                  for hit in hits)


@pytest.fixture
def scene(network):
    """A capture, what it holds of a database, and two hosts of which one hears the other."""
    folder = network.folder
    capture, feed = folder / 'mix.pcap', folder / 'planted.txt'
    command(GENERATOR, '-o', capture, '--packets', PACKETS, '--seed', 3, '--feed', feed,
            '--hits-per-thousand', 300)
    database = compile_database(folder / 'i.skdb', *feed.read_text().splitlines(), action='alert')
    done = subprocess.run([SEKISHO, 'match', '-q', '-d', database, capture, '--json=-'],
                          capture_output=True, text=True)
    expected = facts(json.loads(line) for line in done.stdout.splitlines())
    assert len(expected) > 50
    a, b = network.host('a'), network.host('b')
    for host in (a, b):
        for where in ('all', 'default'):
            host.sysctl(f'net.ipv6.conf.{where}.disable_ipv6', 1)
    network.join(a, 'eth0', b, 'eth0', mtu=3000)
    return a, b, [frame for _, frame, _ in captures.read(capture)[1]], database, expected


@pytest.mark.parametrize('tap', TAPS)
def test_each_backend_gives_the_hits_of_match(network, scene, tap):
    a, b, frames, database, expected = scene
    settings = dict(TAPS[tap])
    need_backend(settings['backend'])
    links = settings.pop('links', [{'device': 'eth0'}])
    sensor = Daemon(b, network.folder, database, links, promiscuous=True, **settings)
    sensor.start()
    a.send_frames('eth0', frames, packets_per_s=3000)  # a ring of 2048 holds them for a while
    wait_for(lambda: sensor.status()['packets'].startswith(str(len(frames))), what='all packets')
    assert sensor.stop() == 0
    assert facts(sensor.hits()) == expected


def test_what_ends_a_replay_early_is_told(network, scene):
    _, b, _, database, _ = scene
    whole = (network.folder / 'mix.pcap').read_bytes()
    (network.folder / 'cut.pcap').write_bytes(whole[:-5])
    sensor = Daemon(b, network.folder, database,
                    [{'device': str(network.folder / 'cut.pcap')}], backend='replay', workers=2)
    assert sensor.start(wait=False).wait() == 0
    assert sensor.process.error.count('the file is cut short') == 1


def test_a_sensor_whose_device_is_gone_fails_so_that_it_is_started_again(network, scene):
    a, b, frames, database, expected = scene
    sensor = Daemon(b, network.folder, database, [{'device': 'eth0'}], promiscuous=True)
    sensor.start()
    a.send_frames('eth0', frames, packets_per_s=20000)
    wait_for(lambda: sensor.status()['packets'].startswith(str(len(frames))), what='all packets')
    a.run('ip', 'link', 'del', 'eth0')
    assert sensor.process.wait() == 2
    assert 'no device is left' in sensor.process.error
    assert facts(sensor.hits()) == expected
