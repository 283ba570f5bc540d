"""Matching one capture from the page cache: on one core, with a helper that reads ahead, and by two
workers, beside what two processes that share nothing but the machine reach on its two cores.

The ways take turns, so that other work on the machine hits them alike; the shortest of each counts."""
import os
import subprocess

from timing import pinned, read_back, timed, timed_together, write_feed

ROUNDS = 5
KINDS = ['ipv4', 'ipv6', 'network', 'name', 'url']
PACKETS = 2_100_000


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
    read_back(mix)
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
            runs.setdefault(way, []).append(timed_together(commands, (0, 1)))
    mix.unlink()
    walls = {way: min(row['wall_s'] for row in rows) for way, rows in runs.items()}
    return {
        'packets': PACKETS, 'indicators_of_each_type': count, 'load': os.getloadavg()[0],
        'ns_per_packet': {way: wall / PACKETS * 1e9 for way, wall in walls.items()},
        'processor_ns_per_packet': {way: min(row['user_s'] + row['system_s'] for row in rows) / PACKETS * 1e9
                                    for way, rows in runs.items()},
        'all_ns_per_packet': {way: [round(row['wall_s'] / PACKETS * 1e9) for row in rows]
                              for way, rows in runs.items()},
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
