"""The AF_XDP port on veth pairs: copy mode, native XDP."""
import json
import os
import pathlib
import random
import signal
import struct
import time

import pytest

import captures
from network import wait_for

ROOT = pathlib.Path(__file__).parents[2]
HELPERS = pathlib.Path(os.environ.get('SEKISHO_HELPERS', ROOT / 'build/tests/helpers'))
PORT_DUMP = HELPERS / 'port_dump'
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 16  # packet(7)
OURS = b'\x88\xb5'  # IEEE 802's type for local experiments


def frame(size, number=0, kind=OURS, tag=b''):
    """A broadcast frame of that size, its bytes a function of number and size."""
    head = b'\xff' * 6 + bytes.fromhex('020000000001') + tag + kind
    return head + random.Random(f'{number} {size}').randbytes(size - len(head))


def vlan(identifier, outer=0x8100):
    return struct.pack('!HH', outer, identifier)


class Wire:
    """A host on each side of one that forwards."""

    def __init__(self, network, mtu=1500, queues=1, right_mtu=None):
        self.left, self.middle, self.right = (network.host(name) for name in 'lmr')
        network.join(self.left, 'eth0', self.middle, 'in', mtu=mtu, queues=queues)
        network.join(self.middle, 'out', self.right, 'eth0', mtu=right_mtu or mtu, queues=queues)
        for host, number in ((self.left, 1), (self.right, 2)):
            host.address('eth0', f'192.0.2.{number}/24', f'2001:db8::{number}/64')

    def start(self, devices=('in', 'out'), **settings):
        self.program = start(self.middle, devices, **settings)
        return self.program

    def stop(self):
        return counters_of(self.program)


def start(host, devices, **settings):
    """port_dump on one device or two, with the XDP program that hands over."""
    given = {'backend': 'afxdp', 'program': 'hand-over', 'promiscuous': 1, 'seconds': 60,
             'device': devices[0], **dict(zip(['peer'], devices[1:])), **settings}
    program = host.start(PORT_DUMP, *(f'{name}={value}' for name, value in given.items()))
    wait_for(lambda: 'ready' in program.out or not program.is_running(), what='start')
    if 'not in this build' in program.error:
        pytest.skip('built without libxdp')
    return program


def counters_of(program):
    """Ends it; the counters of each side, added up over queues."""
    assert program.stop() == 0, program.error
    lines = [json.loads(line) for line in program.out.splitlines() if line[0] == '{']
    sides = [[line for line in lines if line['side'] == side] for side in (0, 1)]
    return [{name: sum(line[name] for line in side)
             for name in ('received', 'missed', 'sent', 'unsent', 'refused', 'dropped')}
            | {'queues': [line['received'] for line in side]} for side in sides if side]


def nothing_lost(counters):
    left, right = counters
    for a, b in ((left, right), (right, left)):
        assert a['received'] == b['sent'] + a['dropped'] + b['unsent'] + b['refused']


def receive(socket, count, seconds=20):
    """Frames of ours as they arrived."""
    socket.settimeout(0.2)
    socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    frames = []
    end = time.monotonic() + seconds
    while len(frames) < count and time.monotonic() < end:
        try:
            data, auxiliary, _, address = socket.recvmsg(65536, 64)
        except TimeoutError:
            continue
        for _, _, value in auxiliary:  # the kernel takes the outermost VLAN tag out
            status, _, _, _, _, tag, protocol = struct.unpack('IIIHHHH', value)
            if status & TP_STATUS_VLAN_VALID:
                data = data[:12] + struct.pack('!HH', protocol, tag) + data[12:]
        if address[2] != 4 and OURS in data[12:22]:  # not PACKET_OUTGOING
            frames.append(data)
    return frames


def crosses(wire, frames):
    """Sends `frames` in both directions, and expects them byte for byte and in order."""
    for source, target in ((wire.left, wire.right), (wire.right, wire.left)):
        with target.packet_socket('eth0') as receiver:
            source.send_frames('eth0', frames, packets_per_s=20000)
            assert receive(receiver, len(frames)) == frames


def test_a_tap_receives_every_frame_as_it_was_sent(network):
    left, right = network.host('a'), network.host('b')
    network.join(left, 'eth0', right, 'eth0')
    path = network.folder / 'frames.pcap'
    program = start(right, ['eth0'], output=path)
    frames = [frame(60 + i % 1455, i) for i in range(5000)]
    left.send_frames('eth0', frames, packets_per_s=20000)
    wait_for(lambda: right.count('eth0', 'rx_packets') >= len(frames), what='arrival')
    counters, = counters_of(program)
    received = [data for _, data, _ in captures.read(path)[1]]
    assert [data for data in received if OURS in data[12:14]] == frames
    assert counters['missed'] == 0 and counters['received'] == len(received)


@pytest.mark.parametrize('mtu', [1500, 3498, 9000])
def test_a_wire_hands_on_every_frame_bit_for_bit(network, mtu):
    wire = Wire(network, mtu=mtu)
    wire.start()
    sizes = sorted({60, 61, 64, 128, 1514, *range(1500, 1515), mtu + 13, mtu + 14,
                    *(size for size in (1792, 1793, 2048, 3512, 3520, 3521, 3840, 3841, 4095, 4096,
                                        4097, 7680, 7681, 8192) if size <= mtu + 14)})
    crosses(wire, [frame(size, i) for i, size in enumerate(sizes * 8)])
    nothing_lost(wire.stop())


def test_a_wire_hands_on_vlan_tags_and_what_is_not_ip(network):
    wire = Wire(network)
    wire.start()
    crosses(wire, [frame(100, 1, tag=vlan(7)), frame(1518, 2, tag=vlan(4094)),
                   frame(1514, 3, tag=vlan(100, 0x88a8) + vlan(7)), frame(60, 4)])
    nothing_lost(wire.stop())


@pytest.mark.parametrize('mtu', [1500, 9000])
def test_a_wire_carries_real_traffic_without_losing_count(network, mtu):
    wire = Wire(network, mtu=mtu)
    wire.start()
    wire.right.start('iperf3', '-s')
    wait_for(lambda: wire.left.run('iperf3', '-c', '192.0.2.2', '-t', '1', check=False)
             .returncode == 0, what='iperf3')
    for address in ('192.0.2.2', '2001:db8::2'):
        wire.left.run('iperf3', '-c', address, '-t', '1')
        wire.left.run('iperf3', '-R', '-c', address, '-t', '1')
        done = wire.left.run('ping', '-q', '-f', '-c', '2000', address)
        assert ' 2000 received' in done.stdout
        wire.left.run('ping', '-c', '1', '-M', 'do', '-s', mtu - (48 if ':' in address else 28),
                      address)
    counters = wire.stop()
    nothing_lost(counters)
    assert counters[0]['received'] > 4000


def test_what_is_dropped_does_not_cross(network):
    wire = Wire(network)
    wire.start(drop=3)
    frames = [frame(100, i) for i in range(300)]
    with wire.right.packet_socket('eth0') as receiver:
        wire.left.send_frames('eth0', frames, packets_per_s=20000)
        received = receive(receiver, 200, seconds=2)
    counters = wire.stop()
    assert set(received) < set(frames) and 195 <= len(received) <= 205
    nothing_lost(counters)
    assert counters[0]['dropped'] == counters[0]['received'] // 3


def test_what_is_too_much_is_counted(network):
    wire = Wire(network)
    wire.start(buffer=1 << 19, pause=2)
    wire.left.run(HELPERS / 'traffic_send', 'eth0', 20000, 0, 100, '02:00:00:00:00:09')
    wait_for(lambda: wire.left.run('ping', '-c', '1', '192.0.2.2', check=False).returncode == 0)
    arrived = wire.middle.count('in', 'rx_packets')
    counters = wire.stop()
    nothing_lost(counters)
    assert counters[0]['missed'] > 0
    # Before it was open, or after it was read, the hosts may have said something.
    assert abs(counters[0]['received'] + counters[0]['missed'] - arrived) < 20


def test_several_queues_forward_side_by_side(network):
    wire = Wire(network, queues=3)
    wire.start(queues=3)
    wire.right.start('iperf3', '-s')
    wait_for(lambda: wire.left.run('iperf3', '-c', '192.0.2.2', '-t', '1', '-P', '8', check=False)
             .returncode == 0, what='iperf3')
    counters = wire.stop()
    nothing_lost(counters)
    assert sum(count > 0 for count in counters[0]['queues']) > 1


def test_a_wire_goes_on_when_its_link_was_down(network):
    wire = Wire(network)
    wire.start()
    frames = [frame(200, i) for i in range(50)]
    crosses(wire, frames)
    for host, device in ((wire.middle, 'out'), (wire.middle, 'in'), (wire.right, 'eth0')):
        host.link(device, 'down')
        if device != 'in':
            wire.left.send_frames('eth0', frames)
        host.link(device, 'up')
        wait_for(lambda: wire.left.run('ping', '-c', '1', '-W', '1', '192.0.2.2', check=False)
                 .returncode == 0, what='link up')
        crosses(wire, frames)
    nothing_lost(wire.stop())


def test_own_frames_leave_by_the_port_that_sends_them(network):
    wire = Wire(network)
    wire.start()
    with wire.left.packet_socket('eth0') as left, wire.right.packet_socket('eth0') as right:
        wire.program.send(signal.SIGUSR1)
        for socket, side in ((left, 0), (right, 1)):
            socket.settimeout(5)
            data = b''
            while data[12:14] != b'\x88\xb6':
                data = socket.recv(2048)
            assert data == b'\xff' * 6 + bytes([2, 0, 0, 0, 0, 9, 0x88, 0xb6, side]) + bytes(49)
    assert all(side['sent'] >= 1 for side in wire.stop())


def test_what_the_other_side_cannot_take_is_counted(network):
    wire = Wire(network, mtu=9000, right_mtu=1500)
    wire.start()
    with wire.right.packet_socket('eth0') as receiver:
        wire.left.send_frames('eth0', [frame(9000, 1), frame(1514, 2), frame(4000, 3)])
        assert receive(receiver, 1) == [frame(1514, 2)]
    counters = wire.stop()
    assert counters[1]['refused'] == 2
    nothing_lost(counters)


def refused(wire, **settings):
    program = wire.start(**settings)
    assert program.wait() == 1
    return program.error


def test_what_it_cannot_do_it_says(network):
    wire = Wire(network, mtu=9100, queues=2)
    assert 'its MTU of 9100 is more than this port takes: set it to 9000 or less' in \
        refused(wire, queues=2)
    assert "it has 2 receive queues, and 1 would be read: use 2 workers, or 'ethtool -L in'" in \
        refused(wire)
    for device in ('in', 'out'):
        wire.middle.run('ip', 'link', 'set', device, 'mtu', '1500')
    assert 'no such queue' in refused(wire, queues=3)
    process = wire.middle.start(PORT_DUMP, 'backend=afxdp', 'device=in', 'queues=2')
    assert process.wait() == 1
    assert 'no XDP program is loaded that hands packets over' in process.error


def test_killed_and_started_again_it_goes_on(network):
    wire = Wire(network)
    for _ in range(3):
        wire.start()
        assert 'ready' in wire.program.out, wire.program.error
        crosses(wire, [frame(200, i) for i in range(20)])
        wire.program.stop(signal.SIGKILL)
        for device in ('in', 'out'):  # its pins went with the mounts of 'ip netns exec'
            wire.middle.run('ip', 'link', 'set', device, 'xdp', 'off')


def test_generic_xdp_works_too(network):
    wire = Wire(network)
    wire.start(generic=1)
    crosses(wire, [frame(60 + i, i) for i in range(200)])
    nothing_lost(wire.stop())


def test_a_removed_interface_ends_the_port(network):
    wire = Wire(network)
    program = wire.start(devices=('in',))
    wire.middle.run('ip', 'link', 'del', 'in')
    assert program.wait() == 0
