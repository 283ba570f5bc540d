"""The database is exchanged again and again under traffic: no packet is lost, and none is judged by
half of one database and half of the other (tests/helpers/traffic_frame.h says which would be).

SEKISHO_LONG=1: a thousand exchanges, at 70 % of the highest rate that ran without loss and without
exchanges; the figures are printed.
"""
import os
import re
import shutil
import signal

import pytest

from daemon import need_backend
from gateway import Gateway, program_path
from network import wait_for
from test_gateway import MODES, sensor_of

IS_LONG = os.environ.get('SEKISHO_LONG') == '1'
EXCHANGES = 1000 if IS_LONG else 20
RATES = (10_000, 20_000, 40_000, 60_000, 80_000, 120_000, 160_000, 240_000, 320_000, 480_000)

# Both list these; then what only one of them does.
BOTH = ['203.0.113.0/24', '2001:db8:d::/48']
ONLY_A = ['192.0.2.0/24', '2001:db8:a::/48']
ONLY_B = ['198.19.0.2', '2001:db8:e::2']


class Lane:
    """A sender, a gateway, a receiver, and two databases."""

    def __init__(self, network, mode):
        need_backend(mode)
        self.mode = mode
        self.client = network.host('client')
        self.gate = network.host('gateway')
        self.server = network.host('server')
        network.join(self.client, 'eth0', self.gate, 'g0')
        network.join(self.server, 'eth0', self.gate, 'g1')
        if mode == 'inline-xdp':
            self.route()
        self.mac = self.gate.mac('g0') if mode == 'inline-xdp' else self.server.mac('eth0')
        program = os.environ.get('SEKISHO_PLAIN') if IS_LONG else None
        options = {'program': program} if program else {}
        self.sensor = Gateway(self.gate, sensor_of(mode, self.gate), drops=BOTH + ONLY_A, **options)
        self.live = self.sensor.folder / 'indicators.skdb'
        self.databases = [self.keep('a')]
        self.sensor.list(BOTH + ONLY_B)
        self.gate.run(self.sensor.program, 'compile', '-c', self.sensor.config, '--full', '-q')
        self.databases.append(self.keep('b'))

    def keep(self, name):
        shutil.copy(self.live, self.sensor.folder / name)
        return self.sensor.folder / name

    def route(self):
        self.gate.forwards()
        self.gate.address('g0', '198.18.255.1/32')
        self.gate.address('g1', '198.19.0.254/24', '2001:db8:e::254/64')
        self.gate.sysctl('net.ipv4.conf.all.rp_filter', 0)
        self.gate.sysctl('net.ipv4.conf.g0.rp_filter', 0)
        for address in ('198.19.0.1', '198.19.0.2', '2001:db8:e::1', '2001:db8:e::2'):
            self.gate.run('ip', 'neighbour', 'replace', address, 'lladdr',
                          self.server.mac('eth0'), 'dev', 'g1')

    def exchange(self, number):
        """The other database takes the place of the one in force, as a loader does it."""
        fresh = self.sensor.folder / 'fresh'
        shutil.copy(self.databases[number % 2], fresh)
        for suffix in ('.overlay', '.state'):
            self.live.with_name(self.live.name + suffix).unlink(missing_ok=True)
        os.replace(fresh, self.live)
        self.sensor.ask('push', self.live)

    def run(self, packets, packets_per_s, exchanges):
        """Returns what was sent and what came, by class."""
        receiver = self.server.start(program_path('traffic_receive'), 'eth0')
        wait_for(lambda: 'ready' in receiver.out, what='the receiver')
        sender = self.client.start(program_path('traffic_send'), 'eth0', packets, packets_per_s,
                                   128, self.mac)
        for number in range(exchanges):
            self.exchange(number)
            assert sender.is_running(), f'only {number} exchanges under traffic {sender.error}'
        if exchanges:
            sender.send(signal.SIGTERM)
        assert sender.wait(600) == 0
        receiver.stop(seconds=60)
        return counts(sender.out), counts(receiver.out)


def counts(text):
    return {name: int(value) for name, value in re.findall(r'(\w+) (\d+)', text)}


@pytest.fixture(params=MODES)
def lane(network, request):
    made = Lane(network, request.param)
    made.sensor.start()
    yield made
    if made.sensor.process.is_running():
        made.sensor.stop()


def is_lossless(lane, rate, seconds):
    sent, received = lane.run(rate * seconds, rate, 0)
    return received['missed'] == 0 and received['pass'] == sent['pass']


def highest_rate(lane):
    """Of a few, the highest at which nothing was lost for 60 s."""
    best = 0
    while best < len(RATES) and is_lossless(lane, RATES[best], 3):
        best += 1
    while best > 0 and not is_lossless(lane, RATES[best - 1], 60):
        best -= 1
    assert best > 0, 'even the lowest rate loses packets'
    return RATES[best - 1]


def test_exchanges_lose_nothing_and_mix_nothing(lane):
    rate = int(0.7 * highest_rate(lane)) if IS_LONG else 1_000
    seconds = 1000 if IS_LONG else 120  # at most: it ends with the last exchange
    before = lane.sensor.metrics()
    sent, received = lane.run(int(rate * seconds), rate, EXCHANGES)
    print(f'\n{lane.mode}: {rate} packets/s, {EXCHANGES} exchanges: sent {sent} '
          f'received {received}')
    assert received['missed'] == 0
    assert received['pass'] == sent['pass']
    assert received['drop'] == 0
    assert received['half'] == 0
    assert 0 < received['either'] < sent['either']
    assert received['twice'] == 0
    after = lane.sensor.metrics()
    reloads = [key for key in after if 'reload' in key and key.split('{')[0].endswith('_total')
               and 'fail' not in key]
    assert sum(after[key] - before.get(key, 0) for key in reloads) >= EXCHANGES
