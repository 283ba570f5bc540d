"""Measures the loader end to end with the real program: sync into an empty store, again, after a
difference; search and look-ups on what it made.

Process start, reading, store, database and closing are inside every figure; the page cache is warm.
`compile FEED` of the same file in the same run, which keeps nothing, is what to compare with.
"""
import json
import os
import subprocess

from timing import RUNS, best, write_feed

DIFFERENCE = 1000
FEEDS = [('ipv4', 'text'), ('name', 'text'), ('url', 'text'), ('hash', 'text'), ('mixed', 'text'),
         ('mixed', 'stix')]
SEARCHED_S = 0.05


class Bench:
    """A configuration of one large source and one of differences, in a folder of its own."""

    def __init__(self, build, folder, kind, form, count):
        self.build, self.kind, self.form, self.count = build, kind, form, count
        self.program = build / 'app/sekisho'
        self.folder = folder
        self.feed = folder / ('feed.json' if form == 'stix' else 'feed.txt')
        self.delta = folder / 'delta.csv'
        self.config = folder / 'sekisho.yaml'
        self.database = folder / 'indicators.skdb'
        self.store = folder / 'store.db'
        self.rows = []
        folder.mkdir()
        self.config.write_text(
            'store: store.db\ndatabase: indicators.skdb\nsources:\n'
            f'  - {{name: large, kind: file, address: {self.feed.name}, group: C2, '
            'reliability: A}\n'
            '  - {name: delta, kind: file, address: delta.csv, format: csv, group: BLOCKLIST, '
            'reliability: B, enabled: no}\n')

    def add(self, task, wanted_s, result):
        self.rows.append({'task': task, 'kind': self.kind, 'format': self.form,
                          'indicators': self.count, 'wanted_s': wanted_s,
                          'load': round(os.getloadavg()[0], 1), **result})

    def clear(self, _run=0):
        for path in [*self.folder.glob('store.db*'), *self.folder.glob('indicators.skdb*')]:
            path.unlink()

    def sync(self, *options):
        return [self.program, 'sync', '-q', '-c', self.config, *options]

    def write_delta(self, run):
        """Names that no run before had."""
        self.delta.write_text('operation,value,created\n' + ''.join(
            f'add,w{i}-{run}.delta-source.invalid,2026-01-01T00:00:00Z\n'
            for i in range(DIFFERENCE)))

    def write_bundle(self, run):
        write_feed(self.build, self.feed, DIFFERENCE, 'mixed', 'stix', 1000 + run)

    def rewrite(self, run):
        """The same content in other bytes."""
        with open(self.feed, 'ab') as stream:
            stream.write(b' ' * (run + 1) if self.form == 'stix' else b'# again\n')

    def replace_line(self, run):
        """The first line of a list becomes another one."""
        with open(self.feed, 'r+b') as stream:
            size = len(stream.readline()) - 1
            stream.seek(0)
            stream.write(f'c{run}.invalid'.encode().ljust(size)[:size])


def measure_load(bench, wanted_s, runs=RUNS):
    bench.add('compile FEED, to compare with', None,
              best([bench.program, 'compile', '-q', bench.feed, '-o', bench.folder / 'c.skdb'],
                   runs=runs))
    (bench.folder / 'c.skdb').unlink()
    bench.add('sync into an empty store', wanted_s,
              best(bench.sync(), prepare=bench.clear, runs=runs))
    bench.rows[-1]['store_bytes'] = bench.store.stat().st_size
    bench.rows[-1]['database_bytes'] = bench.database.stat().st_size


def measure_changes(bench):
    bench.add('sync, the same bytes', 2, best(bench.sync()))
    bench.add('sync, the same in other bytes', 2, best(bench.sync(), prepare=bench.rewrite))
    if bench.form == 'text':
        bench.add('sync, one line changed', 2, best(bench.sync(), prepare=bench.replace_line))
    # A source that is new makes a new database, once: that is not what is measured.
    bench.write_delta('first')
    subprocess.run(bench.sync('--source', 'delta'), check=True)
    bench.add(f'difference of {DIFFERENCE}: CSV', 0.2,
              best(bench.sync('--source', 'delta'), prepare=bench.write_delta))
    if bench.form == 'stix':
        bench.add(f'difference of {DIFFERENCE}: STIX', 0.2,
                  best(bench.sync('--source', 'large'), prepare=bench.write_bundle))


def measure_search(bench):
    search = [bench.program, 'search', '-c', bench.config, '--json']
    first = json.loads(subprocess.run([*search, '--limit', '1', 'gate'], check=True,
                                      capture_output=True).stdout)
    for task, options in [('search PART, many have it', ['gate']),
                          ('search PART, few have it', ['x7b3f']),
                          ('search PART, none has it', ['nowhere-to-be-found']),
                          ('search --id', ['--id', first.get('id', 'indicator--none')]),
                          ('search --source', ['--source', 'large']),
                          ('search --group, all are of it', ['--group', 'C2']),
                          ('search --group, none is of it', ['--group', 'NONE'])]:
        bench.add(task, SEARCHED_S, best([*search, *options], (0, 1)))
    lookup = [bench.program, 'lookup', '-d', bench.database]
    bench.add('lookup, listed', SEARCHED_S,
              best([*lookup, first['value'].split("'")[1]], (0, 1)))
    bench.add('lookup, not listed', SEARCHED_S, best([*lookup, 'not-listed.example.org'], (0, 1)))


def write_half_and_half(bench):
    """Addresses, then names."""
    parts = [bench.folder / 'ipv4.txt', bench.folder / 'name.txt']
    with open(bench.feed, 'wb') as stream:
        for path in parts:
            write_feed(bench.build, path, bench.count // len(parts), path.stem)
            stream.write(path.read_bytes())
            path.unlink()


def measure_loader(build, folder, count, is_long):
    rows = []
    for kind, form in FEEDS:
        bench = Bench(build, folder / f'loader-{kind}-{form}', kind, form, count)
        write_feed(build, bench.feed, count, kind, form)
        measure_load(bench, 12 if form == 'stix' else 8)
        if form == 'stix' or kind in ('ipv4', 'mixed'):
            measure_changes(bench)
        if form == 'stix':
            measure_search(bench)
        rows += bench.rows
        bench.clear()
        bench.feed.unlink()
    if is_long:
        bench = Bench(build, folder / 'loader-long', 'ipv4 and name', 'text', 10000000)
        write_half_and_half(bench)
        measure_load(bench, None, 1)  # wanted: 6 GB at most
        rows += bench.rows
        bench.clear()
    return rows


def print_loader(rows):
    print('\nLoader')
    for row in rows:
        wanted = f"of {row['wanted_s']:g} s" if row['wanted_s'] else ''
        print(f"  {row['indicators']:>10,} {row['kind']:13} {row['format']:5}"
              f"{row['task']:30} {row['wall_s']:8.3f} s {wanted:9} "
              f"processor {row['user_s'] + row['system_s']:6.2f} s  "
              f"peak {row['peak_bytes'] / 1e6:5.0f} MB  load {row['load']}")
