"""Measures the engine on the generated mix: from memory by kind of packet, from the file with more
and more indicators, two workers, file hashes, real captures; and peers on the same in the same run.

All times are medians of runs that took turns. What a program takes on a capture of a few packets
(start, reading the indicators, end) is measured too, and a packet's cost is what goes beyond it.
`whole` is the whole run's, start and end included.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from peer_maltrail import Maltrail, find_maltrail
from peer_suricata import Suricata, find_suricata, version
from timing import medians, pinned, read_back, timed, timed_together, write_feed

RUNS = 5
KINDS = ('ipv4', 'ipv6', 'network', 'name', 'url')  # file hashes are measured apart
FEW_PACKETS = 100
COPIES = 100  # of the real captures
HASH_BLOCK_BYTES = 8 * 1024 * 1024
HASH_UPDATE_BYTES = 64 * 1024
FOUND = (0, 1)


class Bench:
    """The mix, databases and peers, in a folder."""

    def __init__(self, build, folder, packets):
        self.build, self.folder = build, folder
        self.program = build / 'app/sekisho'
        self.mix, self.planted = folder / 'engine.pcap', folder / 'engine-planted.txt'
        self.shares = json.loads(subprocess.run(
            [build / 'bench/generate_traffic', '-o', self.mix, '--feed', self.planted,
             '--packets', str(packets)], check=True, capture_output=True).stdout)
        read_back(self.mix)
        self.few = folder / 'few.pcap'  # some peers wait long for a capture without any
        subprocess.run([build / 'bench/generate_traffic', '-o', self.few, '--packets',
                        str(FEW_PACKETS)], check=True, stdout=subprocess.DEVNULL)

    @property
    def packets(self):
        return self.shares['packets']

    def feeds(self, count, kinds=KINDS):
        feeds = [self.planted]
        for kind in kinds:
            feeds.append(self.folder / f'engine-{kind}.txt')
            write_feed(self.build, feeds[-1], count, kind)
        return feeds

    def database(self, count, kinds=KINDS):
        path = self.folder / f'engine-{count}-{len(kinds)}.skdb'
        if not path.exists():
            subprocess.run([self.program, 'compile', '-q', *self.feeds(count, kinds), '-o', path],
                           check=True)
        return path

    def match(self, database, *captures, jobs=1):
        return [self.program, 'match', '-q', f'-j{jobs}', '--json=/dev/null', '-d', database,
                *captures]


def beyond(results, name, packets):
    """A packet's cost: what the run over `name` took beyond the one over a few."""
    whole, start = results[name]['wall_s'], results[f'{name}, few']['wall_s']
    return {'ns_per_packet': (whole - start) / packets * 1e9,
            'whole_ns_per_packet': whole / packets * 1e9, 'start_s': start,
            'peak_bytes': results[name]['peak_bytes'], 'runs': results[name]['all_wall_s']}


def measure_memory(bench, count):
    """A row a kind of packet and one of the whole mix, of bench_kinds."""
    output = subprocess.run([bench.build / 'bench/bench_kinds', bench.database(count), bench.mix,
                             str(RUNS)], check=True, capture_output=True, text=True).stdout
    return [{'indicators_of_each_type': count, **json.loads(line)}
            for line in output.splitlines()]


def measure_file(bench, counts):
    """The mix from the page cache by one worker; the sizes take turns."""
    jobs = {}
    for count in counts:
        for name, capture in ((str(count), bench.mix), (f'{count}, few', bench.few)):
            jobs[name] = lambda command=bench.match(bench.database(count), capture): timed(
                command, FOUND)
    results = medians(jobs, RUNS)
    return [{'indicators_of_each_type': count, **beyond(results, str(count), bench.packets)}
            for count in counts]


def measure_workers(bench, count):
    """Two workers on one file beside one on one core, and what the machine gives to two programs."""
    database = bench.database(count)
    one, two = (bench.match(database, bench.mix, jobs=jobs) for jobs in (1, 2))
    results = medians({
        'one': lambda: timed(pinned(0, one), FOUND),
        'two': lambda: timed(two, FOUND),
        'apart': lambda: timed_together([pinned(core, one) for core in (0, 1)], FOUND),
    }, RUNS)
    took = {name: row['wall_s'] for name, row in results.items()}
    return {'indicators_of_each_type': count, 'one_s': took['one'], 'two_s': took['two'],
            'speed_up': took['one'] / took['two'], 'ceiling': 2 * took['one'] / took['apart'],
            'two_ns_per_packet': took['two'] / bench.packets * 1e9,
            'runs': {name: row['all_wall_s'] for name, row in results.items()}}


def hash_alone(block, size, algorithm):
    """OpenSSL's own time for so many bytes, in memory. The block is short because a child's peak
    memory begins with its parent's."""
    digest = hashlib.new(algorithm)
    begin = time.monotonic()
    for done in range(0, size, HASH_UPDATE_BYTES):
        at = done % len(block)
        digest.update(block[at:at + min(HASH_UPDATE_BYTES, size - done)])
    return {'wall_s': time.monotonic() - begin, 'peak_bytes': 0}


def measure_hashes(bench, count):
    """What a million SHA-256 in the database cost on top, beside OpenSSL on as many bytes."""
    block, size = memoryview(os.urandom(HASH_BLOCK_BYTES)), bench.shares['body_bytes']
    without = bench.match(bench.database(count), bench.mix)
    with_hashes = bench.match(bench.database(count, (*KINDS, 'hash')), bench.mix)
    results = medians({
        'without': lambda: timed(without, FOUND),
        'with': lambda: timed(with_hashes, FOUND),
        'openssl': lambda: hash_alone(block, size, 'sha256'),
    }, RUNS)
    took = {name: row['wall_s'] for name, row in results.items()}
    on_top = took['with'] - took['without']
    return {'indicators_of_each_type': count, 'algorithm': 'sha256', 'body_bytes': size,
            'without_s': took['without'], 'with_s': took['with'], 'openssl_s': took['openssl'],
            'on_top_s': on_top, 'ratio': on_top / took['openssl'],
            'runs': {name: row['all_wall_s'] for name, row in results.items()}}


def count_packets(bench, captures):
    told = subprocess.run([bench.program, 'match', '-j1', '--json=/dev/null', '-f', bench.planted,
                           captures], capture_output=True, text=True, check=False).stderr
    return int(re.search(r'\bpackets ([0-9][0-9,]*), ', told)[1].replace(',', ''))


def measure_real(bench, count):
    """The material's captures merged into one, again and again; None without them."""
    material = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere')) / 'pcaps'
    captures = sorted(material.glob('*.pcap*'))
    if not captures or shutil.which('mergecap') is None:
        return None
    folder = bench.folder / 'real'
    folder.mkdir()
    # mergecap refuses nothing but what is damaged: those are left out one by one.
    readable = [path for path in captures if subprocess.run(
        ['mergecap', '-a', '-w', folder / 'one', path], capture_output=True,
        check=False).returncode == 0]
    subprocess.run(['mergecap', '-a', '-F', 'pcapng', '-w', folder / '0.pcapng', *readable],
                   check=True, capture_output=True)
    (folder / 'one').unlink()
    for copy in range(1, COPIES):
        shutil.copy(folder / '0.pcapng', folder / f'{copy}.pcapng')
    packets = count_packets(bench, folder)
    database = bench.database(count)
    results = medians({
        'real': lambda: timed(bench.match(database, folder), FOUND),
        'real, few': lambda: timed(bench.match(database, bench.few), FOUND)}, RUNS)
    shutil.rmtree(folder)
    return {'indicators_of_each_type': count, 'captures': len(readable), 'copies': COPIES,
            'packets': packets, **beyond(results, 'real', packets)}


def read_values(paths):
    for path in paths:
        with open(path, encoding='utf-8') as stream:
            yield from (line.strip() for line in stream if not line.startswith('#'))


def suricata_jobs(bench, feeds):
    """Their commands by name: one thread, two, and one with file hashes."""
    program = find_suricata()
    if program is None:
        return {}
    plain = Suricata(program, bench.folder / 'suricata', read_values(feeds[:-1]))
    hashing = Suricata(program, bench.folder / 'suricata-hashes', read_values(feeds), True)
    name = f'suricata {version(program)}'
    return {
        name: lambda capture: plain.clear() or plain.command(capture),
        f'{name}, two threads': lambda capture: plain.clear() or plain.command(capture, 'autofp'),
        f'{name}, file hashes': lambda capture: hashing.clear() or hashing.command(capture),
    }


def maltrail_jobs(bench, feeds):
    programs = find_maltrail()
    if not programs:
        return {}
    peer = Maltrail(bench.folder / 'maltrail', read_values(feeds[:-1]))
    return {name: lambda capture, program=program: peer.clear() or peer.command(program, capture)
            for name, program in programs.items()}


def measure_peers(bench, count):
    """sekisho and whichever peers there are, on the same indicators and capture, in turns."""
    feeds = bench.feeds(count, (*KINDS, 'hash'))
    plain, hashing = bench.database(count), bench.database(count, (*KINDS, 'hash'))
    commands = {
        'sekisho': lambda capture: bench.match(plain, capture),
        'sekisho, two workers': lambda capture: bench.match(plain, capture, jobs=2),
        'sekisho, file hashes': lambda capture: bench.match(hashing, capture),
        **suricata_jobs(bench, feeds), **maltrail_jobs(bench, feeds),
    }
    jobs = {}
    for name, command in commands.items():
        for of, capture in ((name, bench.mix), (f'{name}, few', bench.few)):
            jobs[of] = lambda command=command, capture=capture: timed(command(capture), FOUND)
    results = medians(jobs, RUNS)
    return [{'program': name, 'indicators_of_each_type': count,
             **beyond(results, name, bench.packets)} for name in commands]


def measure_engine(build, folder, largest, packets):
    bench = Bench(build, folder, packets)
    count = min(largest, 1000000)
    counts = sorted({1000, count, largest})
    return {
        'mix': bench.shares,
        'memory': [row for size in counts for row in measure_memory(bench, size)],
        'file': measure_file(bench, counts),
        'workers': measure_workers(bench, count),
        'hashes': measure_hashes(bench, count),
        'real': measure_real(bench, count),
        'peers': measure_peers(bench, count),
        'load': round(os.getloadavg()[0], 1),
    }


def print_engine(result):
    print('\nEngine, from memory (one worker)')
    for row in result['memory']:
        print(f"  {row['indicators_of_each_type']:>10,} of each type  {row['kind']:14} "
              f"{row['median']:7.1f} ns/packet  (best {row['ns_per_packet']:.1f})")
    print('\nEngine, from the file (one worker; in brackets with start and end)')
    for row in result['file']:
        print(f"  {row['indicators_of_each_type']:>10,} of each type  "
              f"{row['ns_per_packet']:7.1f} ns/packet ({row['whole_ns_per_packet']:.1f})  "
              f"start {row['start_s']:.2f} s  peak {row['peak_bytes'] / 1e6:.0f} MB")
    workers, hashes, real = result['workers'], result['hashes'], result['real']
    print(f"\nTwo workers: {workers['speed_up']:.2f} times one; two programs at once: "
          f"{workers['ceiling']:.2f}")
    print(f"File hashes: {hashes['on_top_s']:.2f} s on top for {hashes['body_bytes']:,} bytes, "
          f"OpenSSL {hashes['openssl_s']:.2f} s: {hashes['ratio']:.2f} times")
    if real:
        print(f"Real captures: {real['ns_per_packet']:.1f} ns/packet ({real['packets']:,} packets)")
    print('\nPeers, same capture and indicators, in turns (in brackets with start and end)')
    ours = result['peers'][0]['ns_per_packet']
    for row in result['peers']:
        print(f"  {row['program']:28} {row['ns_per_packet']:8.1f} ns/packet "
              f"({row['whole_ns_per_packet']:.1f})  {row['ns_per_packet'] / ours:6.1f} times  "
              f"start {row['start_s']:6.2f} s  peak {row['peak_bytes'] / 1e6:,.0f} MB")
