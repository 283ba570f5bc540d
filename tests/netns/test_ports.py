"""Ports that only listen: what each gives of what crosses a veth pair."""
import fcntl
import json
import os
import pathlib
import random
import struct
import threading
import time

import pytest
from scapy.all import ARP, TCP, UDP, Dot1AD, Dot1Q, Ether, IP, IPv6, Raw, fragment

import captures
from network import CLONE_NEWNET, counter, libc, wait_for

ROOT = pathlib.Path(__file__).parents[2]
HELPERS = pathlib.Path(os.environ.get('SEKISHO_HELPERS', ROOT / 'build/tests/helpers'))
PORT_DUMP = HELPERS / 'port_dump'
LISTENERS = ('af-packet', 'pcap')
OURS = bytes.fromhex('020000000001')  # the source of all frames that the tests send
MTU = 9000


class Dump:
    """tests/helpers/port_dump on a host: what a port gave, and its counters."""

    def __init__(self, host, backend, device, queues=1, seconds=60, **settings):
        self.queues = queues
        self.output = host.network.folder / f'dump-{next(counter)}.pcap'
        settings = [f'{name}={value}' for name, value in settings.items()]
        self.process = host.start(PORT_DUMP, f'backend={backend}', f'device={device}',
                                  f'queues={queues}', f'seconds={seconds}',
                                  f'output={self.output}', *settings)
        wait_for(lambda: 'ready' in self.process.out or not self.process.is_running(),
                 what='port_dump is ready')
        assert self.process.is_running(), self.process.error

    def stop(self):
        """Lets it end; gives the counters of each queue."""
        assert self.process.stop() == 0, self.process.error
        return self.counters()

    def counters(self):
        return [json.loads(line) for line in self.process.out.splitlines() if line[0] == '{']

    def packets(self, queue=0):
        path = f'{self.output}.{queue}' if self.queues > 1 else str(self.output)
        return captures.read(pathlib.Path(path))[1]

    def frames(self, queue=0):
        """Of what the tests sent, in order."""
        return [frame for _, frame, _ in self.packets(queue) if frame[6:12] == OURS]


@pytest.fixture
def pair(network):
    """Two hosts that say nothing of their own accord."""
    a, b = network.host('a'), network.host('b')
    for host in (a, b):
        for where in ('all', 'default'):
            host.sysctl(f'net.ipv6.conf.{where}.disable_ipv6', 1)
    network.join(a, 'eth0', b, 'eth0', mtu=MTU)
    return a, b


def ethernet(upper, **fields):
    return Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02', **fields) / upper


def udp(number, size=64, src='192.0.2.1', dst='192.0.2.2', sport=1000, dport=2000):
    payload = struct.pack('>I', number) + b'x' * size
    return IP(src=src, dst=dst) / UDP(sport=sport, dport=dport) / Raw(payload)


def all_kinds():
    """Of each kind of frame one or more, also such as the kernel would not send."""
    ip6 = IPv6(src='2001:db8::1', dst='2001:db8::2')
    frames = [
        ethernet(ARP(psrc='192.0.2.1', pdst='192.0.2.2')),
        ethernet(udp(1)),
        ethernet(udp(2, size=MTU - 32)),
        ethernet(IP(dst='192.0.2.2') / TCP(dport=443, flags='S')),
        ethernet(ip6 / UDP() / Raw(b'six')),
        ethernet(ip6 / TCP(flags='PA') / Raw(b'y' * (MTU - 60))),
        ethernet(Dot1Q(vlan=7, prio=5) / udp(3)),
        ethernet(Dot1Q(vlan=4094) / udp(4, size=MTU - 36)),
        ethernet(Dot1AD(vlan=100) / Dot1Q(vlan=200) / udp(5)),
        ethernet(Dot1Q(vlan=1) / ip6 / UDP() / Raw(b'tagged six')),
        ethernet(Dot1Q(vlan=0, prio=3) / ARP(psrc='192.0.2.1')),
        ethernet(Raw(bytes(46)), type=0x88b5),
        ethernet(Raw(b'short'), type=0x88b5),
        ethernet(udp(6)) / Raw(b'a trailer'),
    ]
    frames += [ethernet(part) for part in fragment(udp(7, size=4000), 1400)]
    return [bytes(frame) for frame in frames]


@pytest.mark.parametrize('backend', LISTENERS)
def test_every_frame_is_seen_as_on_the_wire(pair, backend):
    a, b = pair
    dump = Dump(b, backend, 'eth0')
    begin_ns = time.time_ns()
    a.send_frames('eth0', all_kinds())
    wait_for(lambda: len(all_kinds()) <= b.count('eth0', 'rx_packets'))
    counters = dump.stop()
    assert dump.frames() == all_kinds()
    assert counters[0]['received'] == len(all_kinds()) and counters[0]['missed'] == 0
    assert counters[0]['mtu'] == MTU and counters[0]['up']
    times = [time_ns for time_ns, _, _ in dump.packets()]
    assert all(begin_ns - 10**9 < time_ns < time.time_ns() + 10**9 for time_ns in times)
    assert times == sorted(times)
    assert any(time_ns % 1000 for time_ns in times)  # nanoseconds
    assert all(len(frame) == wire for _, frame, wire in dump.packets())


@pytest.mark.parametrize('backend', LISTENERS)
def test_what_the_machine_itself_sends_is_seen(pair, backend):
    a, b = pair
    dump = Dump(a, backend, 'eth0')
    a.send_frames('eth0', all_kinds())
    b.send_frames('eth0', all_kinds())
    dump.stop()
    assert sorted(dump.frames()) == sorted(2 * all_kinds())


@pytest.mark.parametrize('backend', LISTENERS)
def test_loopback_traffic_is_seen_once(network, backend):
    host = network.host('a')
    dump = Dump(host, backend, 'lo')
    host.run('ping', '-c', '1', '127.0.0.1')
    dump.stop()
    assert len([frame for _, frame, _ in dump.packets() if frame[12:14] == b'\x08\0']) == 2


def test_any_interface(pair):
    a, b = pair
    dump = Dump(b, 'pcap', 'any')
    a.send_frames('eth0', [bytes(ethernet(udp(1)))])
    dump.stop()
    link, packets = captures.read(dump.output)
    assert link == 276  # LINKTYPE_LINUX_SLL2
    assert [frame[20:] for _, frame, _ in packets] == [bytes(udp(1))]


def flow_frames(flows, packets):
    """In random order, each with a number of its own: (flow, frame). Flows 9, 19 ... are tagged."""
    made = random.Random(1)
    result = []
    for number in range(packets):
        flow = made.randrange(flows)
        ends = [(f'192.0.2.{flow % 250 + 1}', 1000 + flow), (f'198.51.100.{flow % 7}', 53)]
        (src, sport), (dst, dport) = made.sample(ends, 2)
        upper = udp(number, src=src, dst=dst, sport=sport, dport=dport)
        if flow % 10 == 9:
            upper = Dot1Q(vlan=flow) / upper
        result.append((flow, bytes(ethernet(upper))))
    return result


@pytest.mark.parametrize('queues', (2, 3))
def test_queues_share_packets_and_flows_stay_whole(pair, queues):
    a, b = pair
    sent = flow_frames(flows=120, packets=4000)
    others = Dump(b, 'af-packet', 'eth0', queues=4)  # another process takes nothing from us
    dump = Dump(b, 'af-packet', 'eth0', queues=queues)
    # Half of them come in, half go out; those with a tag all come in (docs/decisions/0016).
    outgoing = {frame for flow, frame in sent[::2] if flow % 10 != 9}
    b.send_frames('eth0', outgoing)
    a.send_frames('eth0', [frame for _, frame in sent if frame not in outgoing])
    counters, others = dump.stop(), others.stop()
    seen = [dump.frames(queue) for queue in range(queues)]
    assert sorted(sum(seen, [])) == sorted(frame for _, frame in sent)
    assert all(len(frames) > len(sent) / queues / 3 for frames in seen)
    assert sum(each['received'] for each in counters) == len(sent)
    assert sum(each['received'] for each in others) == len(sent)
    flow_of = {frame: flow for flow, frame in sent}
    flows = [{flow_of[frame] for frame in frames} for frames in seen]
    assert sum(len(each) for each in flows) == len(set().union(*flows)) == 120


def test_fragments_of_a_datagram_stay_together(pair):
    a, b = pair
    datagrams = [[bytes(ethernet(part)) for part in fragment(
        udp(number, size=3000, src=f'192.0.2.{number}'), 1000)] for number in range(1, 60)]
    dump = Dump(b, 'af-packet', 'eth0', queues=2)
    a.send_frames('eth0', [frame for parts in datagrams for frame in parts])
    dump.stop()
    seen = [set(dump.frames(queue)) for queue in range(2)]
    assert all(seen)
    for parts in datagrams:
        assert set(parts) <= seen[0] or set(parts) <= seen[1]


@pytest.mark.parametrize('backend', LISTENERS)
@pytest.mark.parametrize('settings', ({}, {'buffer': 1 << 20, 'pause': 1}), ids=('fast', 'slow'))
def test_what_is_received_and_what_is_missed_is_what_was_sent(pair, backend, settings):
    a, b = pair
    count = 100_000
    dump = Dump(b, backend, 'eth0', **settings)
    a.send_frames('eth0', [bytes(ethernet(udp(number, size=400))) for number in range(100)] *
                  (count // 100))
    assert b.count('eth0', 'rx_packets') == count
    [counters] = dump.stop()
    assert counters['received'] == len(dump.packets()) > 0
    if settings:
        assert counters['missed'] > 0
        # What lies in the buffer when it is stopped is neither.
        assert count - 8000 < counters['received'] + counters['missed'] <= count
    else:
        assert counters['received'] + counters['missed'] == count


@pytest.mark.parametrize('backend, queues', (('af-packet', 1), ('af-packet', 2), ('pcap', 1)))
def test_an_interface_that_goes_down_and_comes_up(pair, backend, queues):
    a, b = pair
    frames = [bytes(ethernet(udp(number, sport=number))) for number in range(100)]
    dump = Dump(b, backend, 'eth0', queues=queues)
    a.send_frames('eth0', frames[:50])
    time.sleep(0.2)
    b.link('eth0', 'down')
    time.sleep(0.3)
    b.link('eth0', 'up')
    wait_for(lambda: b.run('cat', '/sys/class/net/eth0/operstate').stdout.strip() == 'up')
    time.sleep(0.1)
    a.send_frames('eth0', frames[50:])
    counters = dump.stop()
    assert sorted(sum((dump.frames(queue) for queue in range(queues)), [])) == sorted(frames)
    assert not any(each['ended'] for each in counters)


@pytest.mark.parametrize('backend', LISTENERS)
def test_a_link_that_is_down_is_told(pair, backend):
    a, b = pair
    dump = Dump(b, backend, 'eth0')
    a.link('eth0', 'down')
    [counters] = dump.stop()
    assert not counters['up'] and not counters['ended']


@pytest.mark.parametrize('backend', LISTENERS)
def test_waiting_on_a_dead_interface_costs_nothing(pair, backend):
    _, b = pair
    dump = Dump(b, backend, 'eth0')
    b.link('eth0', 'down')
    time.sleep(0.2)

    def cpu_ticks():
        stat = pathlib.Path(f'/proc/{dump.process.pid}/stat').read_text()
        fields = stat.rsplit(')', 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = cpu_ticks()
    time.sleep(1)
    assert cpu_ticks() - before < 30  # of 100
    dump.stop()


@pytest.mark.parametrize('backend', LISTENERS)
def test_an_interface_that_is_gone_ends_the_port(pair, backend):
    a, b = pair
    dump = Dump(b, backend, 'eth0', seconds=30)
    a.send_frames('eth0', [bytes(ethernet(udp(1)))])
    time.sleep(0.2)
    a.run('ip', 'link', 'del', 'eth0')
    assert dump.process.wait(10) == 0
    [counters] = dump.counters()
    assert counters['ended'] and not counters['up']
    assert dump.frames() == [bytes(ethernet(udp(1)))]


@pytest.mark.parametrize('backend', LISTENERS)
def test_errors_say_what_helps(pair, backend):
    _, b = pair
    nobody = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')

    def error(device, *before):
        done = b.run(*before, PORT_DUMP, f'backend={backend}', f'device={device}', check=False)
        assert done.returncode == 1
        return done.stderr

    assert 'there are: ' in error('eth7') and 'eth0' in error('eth7')
    assert 'CAP_NET_RAW' in error('eth0', *nobody)
    b.link('eth0', 'down')
    assert 'ip link set dev eth0 up' in error('eth0')


def test_a_replay_gives_the_capture(network, tmp_path):
    host = network.host('a')
    captures.write(tmp_path / 'all.pcap', all_kinds())
    dump = Dump(host, 'replay', tmp_path / 'all.pcap')
    assert dump.process.wait(10) == 0
    assert dump.packets() == captures.read(tmp_path / 'all.pcap')[1]


def tun(host, name):
    """A device of plain IP packets, and the end that sees and gives them."""
    result = []

    def create():
        with open(f'/var/run/netns/{host.namespace}') as handle:
            assert libc.setns(handle.fileno(), CLONE_NEWNET) == 0
        result.append(open('/dev/net/tun', 'r+b', buffering=0))
        flags = struct.pack('16sH22x', name.encode(), 0x1001)  # IFF_TUN, IFF_NO_PI
        fcntl.ioctl(result[0], 0x400454ca, flags)  # TUNSETIFF

    thread = threading.Thread(target=create)  # the namespace is a thread's
    thread.start()
    thread.join()
    host.link(name, 'up')
    return result[0]


@pytest.mark.parametrize('backend', LISTENERS)
def test_an_interface_of_plain_ip_packets(network, backend):
    host = network.host('a')
    host.sysctl('net.ipv6.conf.all.disable_ipv6', 1)
    host.sysctl('net.ipv6.conf.default.disable_ipv6', 1)
    with tun(host, 'tun0') as device:
        dump = Dump(host, backend, 'tun0')
        sent = [bytes(udp(number, dst='198.51.100.1')) for number in range(5)]
        for packet in sent:
            device.write(packet)
        dump.stop()
    link, packets = captures.read(dump.output)
    assert link == 101  # LINKTYPE_RAW
    assert [packet for _, packet, _ in packets] == sent
