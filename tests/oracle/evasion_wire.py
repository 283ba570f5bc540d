"""Both sides of a TCP connection, written segment by segment: for test_evasion.py."""
import json
import subprocess

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from observe_ours import SEKISHO

CLIENT, SERVER, PORT = '192.0.2.1', '198.51.100.2', 50000


class Wire:
    """Sequence numbers are counted from the first byte of each side."""

    def __init__(self, port=80, client_isn=1000, server_isn=9000):
        self.packets = []
        self.port = port
        self.isn = {CLIENT: client_isn, SERVER: server_isn}
        self.time = 1700000000.0

    def send(self, src, flags, at=0, data=b'', ack=0, **fields):
        dst = SERVER if src == CLIENT else CLIENT
        sport, dport = (PORT, self.port) if src == CLIENT else (self.port, PORT)
        fields.setdefault('ack', (self.isn[dst] + 1 + ack) % 2**32 if 'A' in flags else 0)
        fields.setdefault('seq', (self.isn[src] + ('S' not in flags) + at) % 2**32)
        packet = Ether() / IP(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags,
                                                      **fields) / data
        self.time += 0.001
        packet.time = self.time
        self.packets.append(packet)

    def client(self, at, data, flags='PA', **fields):
        self.send(CLIENT, flags, at, data, **fields)

    def server(self, at, data, flags='PA', **fields):
        self.send(SERVER, flags, at, data, **fields)

    def open(self):
        self.send(CLIENT, 'S')
        self.send(SERVER, 'SA')
        self.send(CLIENT, 'A')
        return self

    def close(self, sent, received=0):
        self.client(sent, b'', 'FA', ack=received)
        self.server(received, b'', 'FA', ack=sent + 1)
        self.client(sent + 1, b'', 'A', ack=received + 1)

    def write(self, path):
        wrpcap(str(path), self.packets)
        return path


def observe(path, *wheres):
    """What is observed there, as a list of values in the order of packets."""
    run = subprocess.run([SEKISHO, 'observe', str(path)], capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    events = [json.loads(line) for line in run.stdout.splitlines()]
    return [event['observable']['value'] for event in events
            if 'observable' in event and event['observable']['where'] in wheres]
