#!/usr/bin/env python3
"""Shows what the sensor of the example wrote: show.py hits FILE, or show.py sightings FOLDER FILE,
whose hits say how the indicators are called.
"""
import json
import pathlib
import re
import sys


def defanged(value):
    """So that nobody follows it by a click."""
    value = re.sub('^http', 'hxxp', value)
    return value.replace('.', '[.]') if '.' in value else value.replace(':', '[:]')


def hits_of(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def indicator_name(hit):
    indicator = hit['indicator']
    return f'{indicator.get("name", indicator["value"])} ({indicator["source"]})'


def show_hits(path):
    counts = {}
    for hit in hits_of(path):
        row = (defanged(hit['observable']['value']), hit['observable']['where'],
               hit['match']['action'], hit['match'].get('outcome', '-'), indicator_name(hit))
        counts[row] = counts.get(row, 0) + 1
    layout = '{:>4}  {:36} {:10} {:6} {:8} {}'
    print(layout.format('HITS', 'OBSERVABLE', 'WHERE', 'ACTION', 'OUTCOME', 'INDICATOR'))
    for row, count in sorted(counts.items()):
        print(layout.format(count, *row))


def show_sightings(folder, path):
    names = {hit['indicator']['id']: indicator_name(hit) for hit in hits_of(path)}
    for bundle in sorted(pathlib.Path(folder).glob('sightings-*.json')):
        objects = json.loads(bundle.read_text())['objects']
        sightings = [one for one in objects if one['type'] == 'sighting']
        print(f'{len(objects)} objects, {len(sightings)} of them sightings:')
        for one in sightings:
            print(f'{one["count"]:>3} x {one["sighting_of_ref"]}  {names[one["sighting_of_ref"]]}')
        print('the first of them, as it is written:')
        print(json.dumps(sightings[0], indent=2))


if __name__ == '__main__':
    {'hits': show_hits, 'sightings': show_sightings}[sys.argv[1]](*sys.argv[2:])
