#!/usr/bin/env python3
"""Fail when a folder includes what it must not: the architecture, as a test."""
import pathlib
import re
import sys

MAY_USE = {  # a folder may include itself, and only these
    'base': set(),
    'engine': {'base'},
    'ebpf': {'base', 'engine'},
    'dataplane': {'base', 'engine', 'ebpf'},
    'loader': {'base', 'engine'},
    'sightings': {'base', 'engine', 'loader'},
    'app': {'base', 'engine', 'ebpf', 'dataplane', 'loader', 'sightings'},
}
PUBLIC = {  # from outside, only these headers of a folder
    'engine': {'indicator.h', 'address.h', 'address_range.h', 'normalize.h', 'hit.h', 'build.h',
               'publish.h', 'drops.h', 'drops_mark.h', 'match.h', 'overlay.h', 'search.h'},
    'ebpf': {'ebpf.h', 'netdev.h', 'tunnel_port.h'},
    'dataplane': {'dataplane.h', 'ports.h', 'sensor.h', 'dpdk.h'},
    'loader': {'loader.h', 'config.h', 'config_sensor.h', 'config_insert.h', 'http_url.h', 'judge.h', 'policy.h', 'store.h',
               'store_history.h', 'store_review.h', 'store_figures.h', 'store_compile.h', 'sync.h',
               'sync_consider.h', 'sync_purge.h',
               'taxii_client.h'},  # for sightings only
    'sightings': {'sightings.h'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"/]+)/([^"]+)"', re.M)


def violations(root):
    for folder, allowed in MAY_USE.items():
        for path in sorted((root / folder).rglob('*')):
            if path.suffix not in {'.c', '.h', '.cc'}:
                continue
            for used, header in INCLUDE.findall(path.read_text()):
                if used == folder:
                    continue
                if used not in allowed:
                    yield f'{path}: {folder}/ must not use {used}/'
                elif header not in PUBLIC.get(used, {header}):
                    yield f'{path}: {used}/{header} is private to {used}/'


found = list(violations(pathlib.Path(sys.argv[1])))
print('\n'.join(found))
sys.exit(bool(found))
