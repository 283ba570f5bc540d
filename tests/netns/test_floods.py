"""Floods of what makes a sensor remember: its memory stays bounded, and it guards as before."""
import os
import random
import re
import socket
import struct

import pytest

from network import wait_for
from test_daemon import IS_SANITIZED
from test_daemon_inline import LISTED, MODES, UNLISTED, gateway  # noqa: F401 (a fixture)

LONG = os.environ.get('SEKISHO_LONG') == '1'
FRAMES = 400_000 if LONG else 40_000  # of each kind
PACKETS_PER_S = 50_000
GROWTH_KB_MAX = (64 if IS_SANITIZED else 8) * 1024
# Another station's: nobody answers.
ETHERNET = bytes.fromhex('0200000000990200000000980800')


def packet(protocol, source, payload, number, offset_field=0):
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), number & 0xffff, offset_field,
                       64, protocol, 0, struct.pack('>I', source), socket.inet_aton(UNLISTED))
    total = sum(struct.unpack('>10H', head))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return ETHERNET + head[:10] + struct.pack('>H', total) + head[12:] + payload


def syn(source, number):
    return packet(6, source, struct.pack('>HHIIBBHHH', 1024 + number % 60_000, 443, number, 0,
                                         0x50, 0x02, 1024, 0, 0), 0) + bytes(6)


def fragment(source, number):
    """The first of a datagram whose others never come."""
    udp = struct.pack('>HHHH', 1024 + number % 60_000, 53, 1400, 0)
    return packet(17, source, udp + bytes(40), number, 0x2000)


def question(source, number):
    label = f'{random.getrandbits(200):050x}'.encode()
    dns = (struct.pack('>HHHHHH', number & 0xffff, 0x0100, 1, 0, 0, 0) + bytes([len(label)]) +
           label + b'\x07example\x00' + struct.pack('>HH', 1, 1))
    udp = struct.pack('>HHHH', 1024 + number % 60_000, 53, 8 + len(dns), 0)
    return packet(17, source, udp + dns, number)


def flood(gate, make):
    random.seed(1)
    gate.client.send_frames(
        'eth0', (make(0x0b000000 + random.getrandbits(24), number) for number in range(FRAMES)),
        PACKETS_PER_S)


def resident_kb(gate):
    with open(f'/proc/{gate.sensor.process.pid}/status') as status:
        return int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1))


def metric(gate, name):
    rows = re.findall(rf'^{name}(?:{{.*}})? (\S+)$', gate.sensor.ctl('metrics').stdout, re.M)
    return sum(map(float, rows))


@pytest.mark.parametrize('mode', MODES)
def test_memory_is_bounded_in_a_flood_and_it_guards_afterwards(gateway, mode):  # noqa: F811
    gate = gateway(mode, flow_memory='1M', stream_memory='1M')
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    before_kb = resident_kb(gate)
    received = metric(gate, 'sekisho_received_packets_total')
    for make in (syn, fragment, question):
        flood(gate, make)
        assert resident_kb(gate) - before_kb < GROWTH_KB_MAX
        assert metric(gate, 'sekisho_flows') <= metric(gate, 'sekisho_flows_max')
    # Enough came for the table to be full.
    assert metric(gate, 'sekisho_received_packets_total') - received > FRAMES / 4
    assert metric(gate, 'sekisho_flows_evicted_total') > 0
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    wait_for(lambda: not gate.passes(LISTED), what='a drop')
    assert gate.sensor.stop() == 0, gate.sensor.process.error
