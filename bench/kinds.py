"""What a packet costs the pipeline, by kind, from memory: with a thousand, a million and, if asked
for, ten million indicators of each type but hashes of files."""
import json
import pathlib
import subprocess
import tempfile

from timing import write_feed

KINDS = ['ipv4', 'ipv6', 'network', 'name', 'url']
ROUNDS = 15


def make_database(build, folder, planted, count):
    feeds = []
    for kind in KINDS:
        feeds.append(folder / f'{kind}.txt')
        write_feed(build, feeds[-1], count, kind)
    database = folder / f'{count}.skdb'
    subprocess.run([build / 'app/sekisho', 'compile', '-q', planted, *feeds, '-o', database],
                   check=True)
    for feed in feeds:
        feed.unlink()
    return database


def measure_kinds(build, is_long):
    results = []
    with tempfile.TemporaryDirectory(dir=build) as name:
        folder = pathlib.Path(name)
        subprocess.run([build / 'bench/generate_traffic', '-o', folder / 'mix.pcap', '--feed',
                        folder / 'planted.txt'], check=True, capture_output=True)
        for count in [1000, 1000000] + ([10000000] if is_long else []):
            database = make_database(build, folder, folder / 'planted.txt', count)
            output = subprocess.run([build / 'bench/bench_kinds', database, folder / 'mix.pcap',
                                     str(ROUNDS)], check=True, capture_output=True,
                                    text=True).stdout
            results += [{'indicators_of_each_type': count, **json.loads(line)}
                        for line in output.splitlines()]
            database.unlink()
    return results


def print_kinds(result):
    print('A packet, by kind (one worker, frames from memory)')
    for row in result:
        print(f"  {row['indicators_of_each_type']:>10,} of each type: {row['kind']:13} "
              f"{row['ns_per_packet']:7.1f} ns, median {row['median']:7.1f}, hits "
              f"{row['hits']:,}")
