"""Measures packets over DPDK's net_null, beside dpdk-testpmd in the same run: one core, frames of 60
bytes from one device to another.

net_null gives buffers as they lie in the pool. testpmd uses a few of them again and again, out of the
cache; ours go round half a million of them with two addresses each, and once, to compare, as testpmd's.
Processor time of the one thread that forwards is what counts, so that others on the machine disturb
little; of all runs the median.
"""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import time

RUNS = 5
FRAMES = 1 << 19
ENTRIES = [1000, 1000000]
TESTPMD_S = 3
HUGE_PAGES = pathlib.Path('/proc/sys/vm/nr_hugepages')
HUGE_PAGES_NEEDED = 900  # of 2 MB
WANTED_MPPS = 10  # address matching at a million


class HugePages:
    """As many as are needed, for as long as needed; without the right to reserve them: none."""

    def __enter__(self):
        self.before = int(HUGE_PAGES.read_text())
        if self.before < HUGE_PAGES_NEEDED and os.geteuid() == 0:
            HUGE_PAGES.write_text(str(HUGE_PAGES_NEEDED))
        self.has_them = int(HUGE_PAGES.read_text()) >= HUGE_PAGES_NEEDED
        return self

    def __exit__(self, *error):
        if int(HUGE_PAGES.read_text()) != self.before:
            HUGE_PAGES.write_text(str(self.before))

    def arguments(self, megabytes):
        return [] if self.has_them else ['--no-huge', '--no-shconf', '-m', str(megabytes)]


def run_ours(build, stage, entries, frames, arguments):
    done = subprocess.run([build / 'bench/bench_dpdk', stage, str(entries), str(frames),
                           *arguments], check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert result['found'] == result['expected'] or (stage, frames) == ('full', 0), result
    return result['ns_per_packet']


def worker_seconds(pid):
    """Processor time of testpmd's thread that forwards."""
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        name, fields = re.match(r'\d+ \((.*)\) (.*)', (task / 'stat').read_text()).groups()
        if 'worker' in name:
            return sum(map(int, fields.split()[11:13])) / os.sysconf('SC_CLK_TCK')
    raise AssertionError('testpmd has no worker')


def run_testpmd(mode, arguments):
    process = subprocess.Popen(
        ['dpdk-testpmd', '-l', '0,1', '--no-pci', '--vdev=net_null0,size=60',
         '--vdev=net_null1,size=60', *(arguments or ['--in-memory']), '--',
         f'--forward-mode={mode}', '--burst=64', '--total-num-mbufs=16384', '--auto-start'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(TESTPMD_S)
    seconds = worker_seconds(process.pid)
    out, _ = process.communicate('\n', timeout=30)  # ends it
    packets = re.search(r'Accumulated forward statistics.*?RX-packets: (\d+)', out, re.S)
    return seconds / int(packets.group(1)) * 1e9


def measure_dpdk(build):
    """Rows of nanoseconds a packet, the peers' among them."""
    tasks = {}
    with HugePages() as pages:
        for mode in ['io', 'macswap'] if shutil.which('dpdk-testpmd') else []:
            tasks[f'testpmd {mode}', 0, 'few'] = (
                lambda mode=mode: run_testpmd(mode, pages.arguments(512)))
        for stage in ['forward', 'address', 'full']:
            for frames in [0, FRAMES]:
                for entries in ENTRIES[-1:] if stage == 'forward' else ENTRIES:
                    tasks[stage, entries, 'many' if frames else 'few'] = (
                        lambda stage=stage, entries=entries, frames=frames: run_ours(
                            build, stage, entries, frames, pages.arguments(3072)))
        runs = {key: [] for key in tasks}
        for _ in range(RUNS):
            for key, run in tasks.items():
                runs[key].append(run())
        return {'has_hugepages': pages.has_them, 'load': round(os.getloadavg()[0], 1), 'rows': [
            {'stage': stage, 'indicators': entries, 'frames': frames,
             'ns_per_packet': round(statistics.median(values), 2),
             'all_ns': [round(value, 2) for value in values]}
            for (stage, entries, frames), values in runs.items()]}


def print_dpdk(result):
    print(f"\nDPDK on net_null, one core, {'huge' if result['has_hugepages'] else '4 KB'} pages"
          f" (load {result['load']})")
    peers = {row['stage']: row['ns_per_packet'] for row in result['rows'] if
             row['stage'].startswith('testpmd')}
    for row in result['rows']:
        ns = row['ns_per_packet']
        ratios = ''.join(f'  {ns / peer:5.2f} x {name}' for name, peer in peers.items())
        print(f"  {row['stage']:15} {row['indicators']:>9,} indicators  {row['frames']:4} frames"
              f"  {ns:7.2f} ns  {1e3 / ns:6.2f} Mpps{ratios}")
    for row in result['rows']:
        if (row['stage'], row['indicators'], row['frames']) == ('address', ENTRIES[-1], 'many'):
            print(f"  wanted: address matching at {WANTED_MPPS} Mpps; "
                  f"{1e3 / row['ns_per_packet']:.2f}")
