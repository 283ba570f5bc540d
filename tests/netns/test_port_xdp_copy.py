"""The port of what the XDP program copies while the kernel has the packets."""
import os
import pathlib
import time

import pytest
from scapy.all import DNS, DNSQR, IP, UDP, Ether, IPv6, Raw

import captures
from network import wait_for

ROOT = pathlib.Path(__file__).parents[2]
PORT_DUMP = pathlib.Path(os.environ.get('SEKISHO_HELPERS', ROOT / 'build/tests/helpers')) / 'port_dump'
SOURCE = '02:00:00:00:00:01'


def start(host, path, **settings):
    given = {'backend': 'xdp-copy', 'program': 'copies', 'device': 'eth0', 'output': path,
             'seconds': 60, **settings}
    program = host.start(PORT_DUMP, *(f'{name}={value}' for name, value in given.items()))
    wait_for(lambda: 'ready' in program.out or not program.is_running(), what='start')
    if 'not in this build' in program.error:
        pytest.skip('built without the XDP program')
    return program


def query(number, ip):
    dns = DNS(id=number, rd=1, qd=DNSQR(qname=f'name-{number}.example'))
    return bytes(Ether(src=SOURCE, dst='ff:ff:ff:ff:ff:ff') / ip /
                 UDP(sport=1024 + number, dport=53) / dns)


def test_dns_messages_come_as_they_were_and_reach_the_kernel_too(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    path = network.folder / 'copies.pcap'
    program = start(b, path)
    frames = [query(i, IP(src='192.0.2.1', dst='192.0.2.2') if i % 2 else
                    IPv6(src='2001:db8::1', dst='2001:db8::2')) for i in range(300)]
    with b.packet_socket('eth0') as kernel:
        kernel.settimeout(5)
        begin = time.time_ns()
        a.send_frames('eth0', frames, packets_per_s=5000)
        passed = []
        while len(passed) < len(frames):
            frame = kernel.recv(2048)
            if frame in frames[len(passed):len(passed) + 1]:
                passed.append(frame)
    assert program.stop() == 0, program.error
    copied = [(when, data, wire) for when, data, wire in captures.read(path)[1]
              if data[6:12] == bytes.fromhex(SOURCE.replace(':', ''))]
    assert [data for _, data, _ in copied] == frames
    assert all(wire == len(data) for _, data, wire in copied)
    assert all(begin - 10**8 < when < time.time_ns() for when, _, _ in copied)


def test_the_bulk_of_a_flow_is_not_copied(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    path = network.folder / 'copies.pcap'
    program = start(b, path)
    frame = bytes(Ether(src=SOURCE, dst='ff:ff:ff:ff:ff:ff') /
                  IP(src='192.0.2.1', dst='192.0.2.2') / UDP(sport=1000, dport=2000) /
                  Raw(bytes(1000)))
    a.send_frames('eth0', [frame] * 1000, packets_per_s=5000)
    assert program.stop() == 0, program.error
    assert len([data for _, data, _ in captures.read(path)[1] if data == frame]) < 100


def test_what_it_cannot_do_it_says(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    program = start(b, network.folder / 'copies.pcap', queues=2)
    assert program.wait() == 1
    assert 'its copies come by one queue: set workers to 1' in program.error
