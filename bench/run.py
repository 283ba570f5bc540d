#!/usr/bin/env python3
"""Runs the measurements of scripts/bench: a JSON result and a table.

What is timed runs three times; the best is taken, all are kept. Look-ups and matching use one core.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import subprocess
import tempfile

from afxdp import measure_afxdp, print_afxdp
from dpdk import measure_dpdk, print_dpdk
from engine import measure_engine, print_engine
from inline import measure_inline, print_inline
from kinds import measure_kinds, print_kinds
from loader import measure_loader, print_loader
from one_capture import measure_captures, print_captures
from ports import measure_ports, print_ports
from timing import best, write_feed
from xdp import measure_xdp, print_xdp

KINDS = ['ipv4', 'ipv6', 'network', 'name', 'url', 'hash']


def measure_lookups(build, entries):
    output = subprocess.run([build / 'bench/bench_lookup', str(entries)], check=True,
                            capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def measure_compile(build, folder, count):
    results = []
    for kind, form in [(kind, 'text') for kind in KINDS] + [('mixed', 'stix')]:
        feed = folder / f'{kind}.{form}'
        write_feed(build, feed, count, kind, form)
        run = best([build / 'app/sekisho', 'compile', '-q', feed, '-o', folder / 'c.skdb'])
        results.append({'kind': kind, 'format': form, 'indicators': count,
                        'file_bytes': (folder / 'c.skdb').stat().st_size, **run})
        feed.unlink()
    return results


def measure_match(build, folder, counts, capture):
    """The generated mix from the page cache, one worker, with `counts` indicators of each type."""
    mix = folder / 'mix.pcap'
    shares = json.loads(subprocess.run(
        [build / 'bench/generate_traffic', '-o', mix, '--feed', folder / 'planted.txt'],
        check=True, capture_output=True).stdout)
    captures = [('generated mix', mix)] + ([(capture, capture)] if capture else [])
    results = []
    for count in counts:
        feeds = [folder / 'planted.txt']
        for kind in KINDS:
            feeds.append(folder / f'match-{kind}.txt')
            write_feed(build, feeds[-1], count, kind)
        database = folder / 'match.skdb'
        subprocess.run([build / 'app/sekisho', 'compile', '-q', *feeds, '-o', database],
                       check=True)
        for name, path in captures:
            command = [build / 'app/sekisho', 'match', '-j1', '--json=/dev/null', '-d', database,
                       path]
            run = best([*command, '-q'], (0, 1))
            summary = subprocess.run(command, capture_output=True, text=True).stderr
            packets = int(summary.split('packets ')[1].split(', ')[0].replace(',', ''))
            results.append({'capture': name, 'indicators_of_each_type': count,
                            'packets': packets, 'ns_per_packet': run['wall_s'] / packets * 1e9,
                            'hits': summary.split('hits: ')[1].split(' ')[0], **run})
    return shares, results


def print_tables(result):
    print('Look-ups (one core, batches of 64)')
    for row in result['lookups']:
        print('  ' + '  '.join(f'{key} {value}' for key, value in row.items()))
    print('\nCompiling feeds')
    for row in result['compile']:
        print(f"  {row['indicators']:>9,} {row['kind']:8} {row['format']:5} "
              f"{row['wall_s']:7.2f} s  peak {row['peak_bytes'] / row['indicators']:6.0f} "
              f"bytes/indicator  file {row['file_bytes'] / row['indicators']:6.0f}")
    print('\nMatching (one worker)')
    for row in result['match']:
        print(f"  {row['capture']}: {row['indicators_of_each_type']:>9,} of each type, "
              f"{row['packets']:,} packets, {row['ns_per_packet']:.0f} ns/packet, "
              f"peak {row['peak_bytes'] / 1e6:.0f} MB, hits {row['hits']}")
    print('  mix:', json.dumps(result['mix']))


def measure_all(build, folder, options):
    count = min(options.entries, 1000000)
    mix, match = measure_match(build, folder, [1000, count], options.capture)
    return {
        'date': datetime.date.today().isoformat(),
        'machine': platform.machine(), 'cores': os.cpu_count(),
        'processor': next((line.split(': ')[1].strip() for line in open('/proc/cpuinfo')
                           if line.startswith('model name')), 'unknown'),
        'lookups': measure_lookups(build, options.entries),
        'compile': measure_compile(build, folder, count),
        'mix': mix, 'match': match,
    }


# What can be measured alone: build, folder and options to a result, and how it is printed.
PARTS = {
    'captures': (lambda build, folder, options: measure_captures(
        build, folder, min(options.entries, 1000000)), print_captures),
    'loader': (lambda build, folder, options: measure_loader(
        build, folder, min(options.entries, 1000000), options.long), print_loader),
    'engine': (lambda build, folder, options: measure_engine(
        build, folder, options.entries, options.packets), print_engine),
    'afxdp': (lambda build, folder, options: measure_afxdp(build), print_afxdp),
    'dpdk': (lambda build, folder, options: measure_dpdk(build), print_dpdk),
    'inline': (lambda build, folder, options: measure_inline(build), print_inline),
    'kinds': (lambda build, folder, options: measure_kinds(build, options.long), print_kinds),
    'ports': (lambda build, folder, options: measure_ports(build), print_ports),
    'xdp': (lambda build, folder, options: measure_xdp(build, min(options.entries, 1000000)),
            print_xdp),
}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--entries', type=int, default=10000000)
    parser.add_argument('--capture')
    parser.add_argument('--packets', type=int, default=2100000,
                        help='of the mix that the engine is measured with')
    parser.add_argument('--long', action='store_true',
                        help='the loader and kinds with ten million indicators, too')
    for part in PARTS:
        parser.add_argument(f'--{part}', type=pathlib.Path, metavar='RESULT',
                            help=f'measure {part} alone, and put it into RESULT')
    return parser.parse_args()


def main():
    options = parse_options()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    build = options.build.resolve()
    alone = [part for part in PARTS if getattr(options, part)]
    with tempfile.TemporaryDirectory(prefix='sekisho-bench-', dir=build) as name:
        folder = pathlib.Path(name)
        if alone:
            path = getattr(options, alone[0])
            result = json.loads(path.read_text()) if path.exists() else {}
        else:
            result = measure_all(build, folder, options)
            path = pathlib.Path('bench/results') / f'{result["date"]}.json'
        for part in alone or PARTS:
            result[part] = PARTS[part][0](build, folder, options)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + '\n')
    if not alone:
        print_tables(result)
    for part in alone or PARTS:
        PARTS[part][1](result[part])
    print(f'\nresult: {path}')


main()
