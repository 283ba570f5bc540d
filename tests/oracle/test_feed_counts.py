"""Every object of outside STIX 2 feeds accounted for: taken, a duplicate, or reported by its id.

What a feed holds is counted here, by Python's json; which patterns are valid is asked of the
OASIS pattern validator. Skipped where the material (SEKISHO_MATERIAL) is not there.
"""
import json
import os
import pathlib
import re
import subprocess

import pytest

validator = pytest.importorskip('stix2patterns.validator')

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')
MATERIAL = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
FOLDERS = ('stix20', 'stix21', 'stix-validator', 'taxii')
STIX_ID = re.compile(r'indicator--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.I)

if not MATERIAL.is_dir():
    pytest.skip('no outside material: set SEKISHO_MATERIAL', allow_module_level=True)


def objects_of(path):
    """The STIX objects of a bundle, an envelope, a list or a single one; None for what is none."""
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
    except ValueError:
        return None
    if isinstance(content, dict) and isinstance(content.get('objects'), list):
        content = content['objects']
    elif isinstance(content, dict) and 'type' in content and 'id' in content:
        content = [content]
    if not isinstance(content, list):
        return None
    objects = [o for o in content if isinstance(o, dict)]
    # A TAXII manifest lists ids and versions, not objects.
    return objects if not objects or any('type' in o for o in objects) else None


def feeds():
    for folder in FOLDERS:
        for path in sorted((MATERIAL / 'feeds' / folder).rglob('*.json')):
            objects = objects_of(path)
            if objects:
                yield pytest.param(path, objects, id=f'{folder}-{path.stem}')


def pattern_is_valid(indicator):
    version = '2.1' if 'pattern_type' in indicator or 'spec_version' in indicator else '2.0'
    try:
        return not validator.run_validator(indicator['pattern'], stix_version=version)
    except Exception:  # the validator gives up on some inputs: no judgement
        return None


@pytest.mark.parametrize('path, objects', list(feeds()))
def test_every_object_is_accounted_for(path, objects, tmp_path):
    database = tmp_path / 'feed.skdb'
    run = subprocess.run([SEKISHO, 'compile', '--json', '--explain', path, '-o', database],
                         capture_output=True, text=True)
    feed = json.loads(run.stdout)['feeds'][0]
    assert feed['format'] == 'stix'
    assert feed['objects'] == len(objects)

    listing = subprocess.run([SEKISHO, 'inspect', '--json', '--indicators', database],
                             capture_output=True, text=True).stdout.splitlines()
    taken = {json.loads(line)['id'] for line in listing[1:]}
    told = {}
    for line in run.stderr.splitlines():
        for identifier in STIX_ID.finditer(line):
            told.setdefault(identifier.group(), []).append(line)

    indicators = [o for o in objects if o.get('type') == 'indicator']
    with_id = [o for o in indicators if STIX_ID.fullmatch(str(o.get('id')))]
    versions = len(with_id) - len({(o['id'], o.get('created_by_ref')) for o in with_id})
    assert feed['duplicates'] >= versions
    assert feed['indicators'] == len(taken)
    assert taken <= {o['id'] for o in with_id}

    for indicator in with_id:
        lines = told.get(indicator['id'], [])
        is_stix = indicator.get('pattern_type', 'stix') == 'stix'
        assert indicator['id'] in taken or any('skipped' in line for line in lines)
        if indicator.get('revoked') is True:
            assert indicator['id'] not in taken
        elif is_stix and isinstance(indicator.get('pattern'), str):
            called_invalid = any('invalid pattern' in line for line in lines)
            valid = pattern_is_valid(indicator)
            assert valid is None or valid != called_invalid, (indicator['pattern'], lines)
