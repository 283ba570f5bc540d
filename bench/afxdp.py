"""Measures AF_XDP as a bump in the wire over veth (copy mode), beside dpdk-testpmd on net_af_xdp in
the same run: what one core forwards when more comes than it can take.

The sender's frames never are socket buffers and are not for the far end, which drops them first thing,
so that the thread that forwards is what counts. Packets are counted at the far end and divided by the processor time of that
thread, so that others on the machine disturb little. The forwarders take turns; of all runs the
median.
"""
import os
import pathlib
import shutil
import signal
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'tests/netns'))
import network as networks  # noqa: E402

RUNS = 5
WARM_S, MEASURE_S = 0.5, 2
SENDER_CORE, FORWARDER_CORE = 0, 1
NICE = 'nice', '-n', '-10'  # others on the machine disturb less


def start_ours(host, build):
    process = host.start(*NICE, 'taskset', '-c', FORWARDER_CORE, build / 'tests/helpers/port_dump',
                         'backend=afxdp', 'program=hand-over', 'device=in', 'peer=out', 'copy=1',
                         'busy=1', 'seconds=60')
    networks.wait_for(lambda: 'ready' in process.out, what='port_dump')
    return process


def start_testpmd(host, mode):
    process = host.start(
        *NICE, 'dpdk-testpmd', '--no-huge', '-m', '512', '--no-pci', '--no-telemetry',
        f'--file-prefix=sekisho{os.getpid()}', f'--lcores=0@{SENDER_CORE},1@{FORWARDER_CORE}',
        '--vdev=net_af_xdp0,iface=in,force_copy=1', '--vdev=net_af_xdp1,iface=out,force_copy=1',
        '--', f'--forward-mode={mode}', '--burst=64', '--total-num-mbufs=16384', '--no-mlockall',
        '--auto-start', '--stats-period=60')
    networks.wait_for(lambda: 'Port statistics' in process.out or not process.is_running(),
                      seconds=20, what='testpmd')
    return process


def forwarder_ns(process):
    """Processor time of the thread that forwards: the one that had most."""
    tasks = pathlib.Path(f'/proc/{process.pid}/task').iterdir()
    return max(int((task / 'schedstat').read_text().split()[0]) for task in tasks)


def measure_once(build, start):
    """Nanoseconds of processor a forwarded packet, and packets forwarded a second."""
    with networks.Network() as network:
        sender, wire, end = (network.host(name) for name in ('s', 'w', 'e'))
        network.join(sender, 'eth0', wire, 'in')
        network.join(wire, 'out', end, 'eth0')
        forwarder = start(wire)
        assert forwarder.is_running(), forwarder.error
        source = sender.start(*NICE, 'taskset', '-c', SENDER_CORE, build / 'bench/wire_send',
                              'eth0')
        time.sleep(WARM_S)
        def read():
            return (time.monotonic(), forwarder_ns(forwarder), end.count('eth0', 'rx_packets'),
                    wire.count('in', 'rx_packets'))

        begin = read()
        time.sleep(MEASURE_S)
        done = read()
        assert source.is_running(), source.error
        source.stop(signal.SIGTERM)
        seconds, taken_ns, packets, offered = (b - a for a, b in zip(begin, done))
        return {'ns_per_packet': taken_ns / packets, 'packets_per_s': packets / seconds,
                'offered': offered / packets}


def measure_afxdp(build):
    """None where there are no network namespaces (that takes root), or no AF_XDP."""
    if networks.missing() is not None or not (build / 'bench/wire_send').exists() or \
            os.cpu_count() < 2:
        return None
    forwarders = {'sekisho': lambda host: start_ours(host, build)}
    if shutil.which('dpdk-testpmd'):
        for mode in ('io', 'macswap'):
            forwarders[f'testpmd {mode}'] = lambda host, mode=mode: start_testpmd(host, mode)
    runs = {name: [] for name in forwarders}
    for _ in range(RUNS):
        for name, start in forwarders.items():
            runs[name].append(measure_once(build, start))
    return {'load': round(os.getloadavg()[0], 1), 'rows': [
        {'forwarder': name,
         **{key: round(statistics.median(run[key] for run in results), 2)
            for key in results[0]},
         'all_ns': [round(run['ns_per_packet'], 1) for run in results]}
        for name, results in runs.items()]}


def print_afxdp(result):
    if result is None:
        return
    print(f"\nAF_XDP, a bump over veth in copy mode, one core (load {result['load']})")
    ours = result['rows'][0]['ns_per_packet']
    for row in result['rows']:
        ns = row['ns_per_packet']
        print(f"  {row['forwarder']:16} {ns:7.0f} ns a packet  {1e3 / ns:5.2f} Mpps a core  "
              f"sekisho forwards {ns / ours:.2f} x as many  "
              f"(offered {row['offered']:.1f} x what it forwards)")


if __name__ == '__main__':
    print_afxdp(measure_afxdp(pathlib.Path(sys.argv[1]).resolve()))
