"""Ports that only listen, over a veth pair: what a packet costs the process that listens, and whether
any is missed when they come as fast as this machine sends.

The cost is that of taking packets which lie in the port's buffer already: the listener is stopped
while they are sent, so that the sender does not matter. The ports take turns."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'tests/netns'))
import network as networks  # noqa: E402

BACKENDS = ('af-packet', 'pcap')
FRAME_BYTES = 512
ROUNDS = 15
ROUND_PACKETS = 30_000  # fit into the smaller of the ports' buffers
FAST_PACKETS = 400_000
SENDER_CORE, LISTENER_CORE = 0, 1


class Listener:
    """port_dump on a core of its own, writing nothing."""

    def __init__(self, host, build, backend, packets=0):
        self.process = subprocess.Popen(
            ['ip', 'netns', 'exec', host.namespace, 'taskset', '-c', str(LISTENER_CORE),
             str(build / 'tests/helpers/port_dump'), f'backend={backend}', 'device=eth0',
             'seconds=120', f'packets={packets}'], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'ready\n'

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return json.loads(out)

    def end(self):
        self.process.terminate()
        return self.wait()


def send(hosts, build, packets):
    """Packets a second."""
    sender, listener = hosts
    begin = time.monotonic()
    sender.run('taskset', '-c', SENDER_CORE, build / 'tests/helpers/traffic_send', 'eth0', packets,
               0, FRAME_BYTES, listener.mac('eth0'))
    return packets / (time.monotonic() - begin)


def measure_cost(hosts, build):
    """Nanoseconds of processor a packet by backend, one a round."""
    costs = {backend: [] for backend in BACKENDS}
    for _ in range(ROUNDS):
        for backend in BACKENDS:
            listener = Listener(hosts[1], build, backend, ROUND_PACKETS)
            time.sleep(0.05)
            listener.signal(signal.SIGSTOP)
            send(hosts, build, ROUND_PACKETS)
            listener.signal(signal.SIGCONT)
            counters = listener.wait()
            assert counters['missed'] == 0 and counters['received'] == ROUND_PACKETS, counters
            costs[backend].append(counters['cpu_ns'] / ROUND_PACKETS)
    return costs


def measure_fast(hosts, build):
    """What is missed when packets come as fast as they are sent."""
    result = {}
    for backend in BACKENDS:
        listener = Listener(hosts[1], build, backend)
        rate = send(hosts, build, FAST_PACKETS)
        time.sleep(0.2)
        counters = listener.end()
        result[backend] = {'sent_per_s': rate, 'received': counters['received'],
                           'missed': counters['missed']}
    return result


def median(values):
    return sorted(values)[len(values) // 2]


def measure_ports(build):
    """None where there are no network namespaces (that takes root)."""
    if networks.missing() is not None or os.cpu_count() < 2:
        return None
    with networks.Network() as network:
        hosts = network.host('sender'), network.host('listener')
        for host in hosts:
            for where in ('all', 'default'):
                host.sysctl(f'net.ipv6.conf.{where}.disable_ipv6', 1)
        network.join(hosts[0], 'eth0', hosts[1], 'eth0')
        costs = measure_cost(hosts, build)
        fast = measure_fast(hosts, build)
    return {
        'frame_bytes': FRAME_BYTES, 'fast': fast, 'all_ns_per_packet': costs,
        'ns_per_packet': {backend: median(values) for backend, values in costs.items()},
        'ratio': median([a / b for a, b in zip(*(costs[backend] for backend in BACKENDS))]),
    }


def print_ports(result):
    if result is None:
        return
    print(f'\nPorts that listen (one core, veth, {result["frame_bytes"]} bytes)')
    for backend, ns in result['ns_per_packet'].items():
        fast = result['fast'][backend]
        print(f'  {backend:10} {ns:5.0f} ns of processor a packet ({1e3 / ns:.1f} M/s); at '
              f'{fast["sent_per_s"]:,.0f} packets/s {fast["missed"]:,} missed of '
              f'{fast["received"] + fast["missed"]:,}')
    print(f'  {" : ".join(BACKENDS)} {result["ratio"]:.2f}')


if __name__ == '__main__':
    print_ports(measure_ports(pathlib.Path(sys.argv[1]).resolve()))
