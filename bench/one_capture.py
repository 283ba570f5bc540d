"""Matching one capture from the page cache: on one core, with a helper that reads ahead, and by two
workers, beside what two processes that share nothing but the machine reach on its two cores.

The ways take turns, so that other work on the machine hits them alike; the shortest of each counts."""
import os
import subprocess
import time

from timing import timed, write_feed

ROUNDS = 5
KINDS = ['ipv4', 'ipv6', 'network', 'name', 'url']
PACKETS = 2_100_000


def run_together(commands):
    """Seconds until all have ended, and the processor's time of all."""
    begin = time.monotonic()
    processes = [subprocess.Popen([str(item) for item in command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) for command in commands]
    processor = 0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, commands
        processor += usage.ru_utime + usage.ru_stime
    return time.monotonic() - begin, processor


def pinned(core, command):
    return ['taskset', '-c', str(core), *command]


def ways_of(match):
    return {
        'one core': [pinned(0, [*match, '-j1'])],
        'one worker and a helper': [[*match, '-j1']],
        'two workers': [[*match, '-j2']],
        'two processes': [pinned(core, [*match, '-j1']) for core in (0, 1)],
    }


def peaks(build, folder, match):
    """Peak memory by size of the capture, two workers."""
    found = []
    for packets in (PACKETS // 10, PACKETS):
        path = folder / f'peak-{packets}.pcap'
        subprocess.run([build / 'bench/generate_traffic', '-o', path, '--packets', str(packets),
                        '--open', '20000'], check=True, capture_output=True)
        found.append({'file_bytes': path.stat().st_size,
                      'peak_bytes': timed([*match, '-j2', path], (0, 1))['peak_bytes']})
        path.unlink()
    return found


def measure_captures(build, folder, count):
    """`count` indicators of each type, no hashes: bodies are not hashed."""
    mix = folder / 'captures.pcap'
    subprocess.run([build / 'bench/generate_traffic', '-o', mix, '--packets', str(PACKETS),
                    '--feed', folder / 'captures.txt'], check=True, capture_output=True)
    feeds = [folder / 'captures.txt']
    for kind in KINDS:
        feeds.append(folder / f'captures-{kind}.txt')
        write_feed(build, feeds[-1], count, kind)
    database = folder / 'captures.skdb'
    subprocess.run([build / 'app/sekisho', 'compile', '-q', *feeds, '-o', database], check=True)
    match = [build / 'app/sekisho', 'match', '-q', '--json=/dev/null', '-d', database]

    runs = {}
    for _ in range(ROUNDS):
        for way, commands in ways_of([*match, mix]).items():
            runs.setdefault(way, []).append(run_together(commands))
    mix.unlink()
    walls = {way: min(wall for wall, _ in times) for way, times in runs.items()}
    return {
        'packets': PACKETS, 'indicators_of_each_type': count, 'load': os.getloadavg()[0],
        'ns_per_packet': {way: wall / PACKETS * 1e9 for way, wall in walls.items()},
        'processor_ns_per_packet': {way: min(cpu for _, cpu in times) / PACKETS * 1e9
                                    for way, times in runs.items()},
        'all_ns_per_packet': {way: [round(wall / PACKETS * 1e9) for wall, _ in times]
                              for way, times in runs.items()},
        'two_workers_ratio': walls['one core'] / walls['two workers'],
        'two_processes_ratio': 2 * walls['one core'] / walls['two processes'],
        'memory': peaks(build, folder, match),
    }


def print_captures(result):
    print(f"\nOne capture, {result['packets']:,} packets, "
          f"{result['indicators_of_each_type']:,} indicators of each type (load "
          f"{result['load']:.1f})")
    for way, nanoseconds in result['ns_per_packet'].items():
        print(f"  {way:24} {nanoseconds:6.0f} ns a packet, processor "
              f"{result['processor_ns_per_packet'][way]:6.0f}")
    print(f"  two workers are {result['two_workers_ratio']:.2f} times as fast as one core; two "
          f"processes {result['two_processes_ratio']:.2f} times")
    for peak in result['memory']:
        print(f"  peak memory, capture of {peak['file_bytes'] / 1e6:6.0f} MB: "
              f"{peak['peak_bytes'] / 1e6:.0f} MB")
