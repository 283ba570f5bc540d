"""A bump in the wire keeps the order within a flow: also while a flow leaves user space for the
kernel, whose way is shorter.
"""
import signal
import struct
import threading
import time

from gateway import Gateway

UDP, TCP = 17, 6
SYN, ACK, PUSH = 0x02, 0x10, 0x08
FLOWS, PACKETS = 24, 150
MAGIC = b'order'


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Two ends, and between them a sensor that looks at content, and lists something else."""

    def __init__(self, network):
        self.client, self.gate, self.server = map(network.host, ('client', 'gate', 'server'))
        network.join(self.client, 'eth0', self.gate, 'g0')
        network.join(self.gate, 'g1', self.server, 'eth0')
        for host in (self.client, self.server):
            host.run('ethtool', '-K', 'eth0', 'gro', 'on')  # else nothing is redirected to it
        self.sensor = Gateway(self.gate, 'mode: inline-afxdp\nmetrics: none\n'
                              f'xdp-pins: /sys/fs/bpf/{self.gate.namespace}\n'
                              'links: [{device: g0, peer: g1}]\n',
                              drops=['203.0.113.9', 'bad.example'])
        self.sensor.start()
        self.macs = [bytes.fromhex(host.mac('eth0').replace(':', ''))
                     for host in (self.client, self.server)]
        self.at_client = self.client.packet_socket('eth0')
        self.at_server = self.server.packet_socket('eth0')
        for receiver in (self.at_client, self.at_server):
            receiver.settimeout(0.5)

    def close(self):
        self.at_client.close()
        self.at_server.close()

    def frame(self, port, protocol, transport, is_answer=False):
        ends = [b'\x0a\x00\x00\x01', b'\x0a\x00\x00\x02']
        source, destination = reversed(ends) if is_answer else ends
        head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(transport), port, 0, 64, protocol, 0)
        head = head[:10] + struct.pack('>H', checksum(head + source + destination)) + source + \
            destination
        macs = self.macs if is_answer else self.macs[::-1]
        return b''.join(macs) + b'\x08\x00' + head + transport

    def udp(self, port, number):
        payload = MAGIC + struct.pack('>HI', port, number)
        return self.frame(port, UDP, struct.pack('>HHHH', port, 4242, 8 + len(payload), 0) +
                          payload)

    def tcp(self, port, flags, sequence, acknowledged, payload=b'', is_answer=False):
        ends = (80, port) if is_answer else (port, 80)
        return self.frame(port, TCP, struct.pack('>HHIIBBHHH', *ends, sequence, acknowledged, 0x50,
                                                 flags, 65535, 0, 0) + payload, is_answer)


def numbers_of(receiver, count):
    """The numbers of each flow, in the order in which they came, until nothing comes any more."""
    flows, total, end = {}, 0, time.monotonic() + 20
    while time.monotonic() < end:
        try:
            frame = receiver.recv(2048)
        except TimeoutError:
            break
        at = frame.find(MAGIC)
        if at < 0:
            continue
        port, number = struct.unpack_from('>HI', frame, at + len(MAGIC))
        flows.setdefault(port, []).append(number)
        total += 1
        if total == count:
            break
    return flows, total


def disorder(flows):
    """How many packets of all flows came behind a later one of their flow."""
    late = 0
    for numbers in flows.values():
        latest = -1
        for number in numbers:
            late += number < latest
            latest = max(latest, number)
    return late


def lost_and_counted(wire):
    """What the sensor says that it lost, and what the kernel says of the devices it sends by."""
    lost = sum(wire.sensor.metric(f'sekisho_{name}_packets_total')
               for name in ('missed', 'unsent', 'refused'))
    return lost + sum(wire.gate.count(device, 'tx_dropped') for device in ('g0', 'g1'))


def send_in_bursts(wire, rounds):
    """While the sensor sleeps for a moment its ring fills; while it empties it, more comes."""
    for frames in rounds:
        half = len(frames) // 2
        wire.sensor.process.send(signal.SIGSTOP)
        for frame in frames[:half]:
            wire.at_client.send(frame)
        wire.sensor.process.send(signal.SIGCONT)
        for frame in frames[half:]:
            wire.at_client.send(frame)
        time.sleep(0.02)


def forwarded(wire):
    time.sleep(1.5)  # figures are a second old
    return wire.sensor.metric('sekisho_xdp_packets_total', reason='forwarded')


def check(wire, rounds):
    """All their packets are numbered, from the first on: none is late, none lost uncounted. Returns
    how many the kernel forwarded by itself."""
    count = sum(map(len, rounds))
    before = forwarded(wire)
    lost_before = lost_and_counted(wire)
    thread = threading.Thread(target=send_in_bursts, args=(wire, rounds))
    thread.start()
    flows, total = numbers_of(wire.at_server, count)
    thread.join()
    assert disorder(flows) == 0
    assert len(flows) == FLOWS
    after = forwarded(wire)
    assert total == count - (lost_and_counted(wire) - lost_before)
    return after - before


def datagrams(wire):
    return [[wire.udp(1024 + 8 * turn + i % 8, i // 8) for i in range(8 * PACKETS)]
            for turn in range(FLOWS // 8)]


def segments(wire, port):
    """A connection that only the client says something in, and nothing that is known."""
    for number in range(PACKETS):
        payload = MAGIC + struct.pack('>HI', port, number) + bytes(989)
        yield wire.tcp(port, PUSH | ACK, 1000 + 1000 * number, 5000, payload)


def connections(wire):
    rounds = []
    for turn in range(FLOWS // 8):
        ports = [1024 + 8 * turn + i for i in range(8)]
        for port in ports:
            wire.at_client.send(wire.tcp(port, SYN, 999, 0))
        rounds.append([frame for frames in zip(*(segments(wire, port) for port in ports))
                       for frame in frames])
    return rounds


def test_a_flow_keeps_its_order_while_it_is_left_to_the_kernel(network):
    wire = Wire(network)
    by_kernel = check(wire, datagrams(wire)) + check(wire, connections(wire))
    for _ in range(4):  # a flow goes over only when none of it is on its way: not always, when busy
        if by_kernel == 0:
            by_kernel = check(wire, datagrams(wire))
    assert by_kernel > 0
    wire.close()
