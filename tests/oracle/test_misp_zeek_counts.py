"""MISP events and Zeek intelligence files from outside: every attribute and line accounted for.

What a file holds is counted here, by Python's json and by splitting lines; nothing of sekisho's own
reading is used. Skipped where the material (SEKISHO_MATERIAL) is not there.
"""
import collections
import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')
MATERIAL = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
MATCHED = {'ip-src': 'addresses', 'ip-dst': 'addresses', 'ip-src|port': 'addresses',
           'ip-dst|port': 'addresses', 'domain': 'names', 'hostname': 'names', 'url': 'urls',
           'domain|ip': 'names', 'md5': 'hashes', 'sha1': 'hashes', 'sha256': 'hashes',
           'sha512': 'hashes', 'malware-sample': 'hashes', 'filename|md5': 'hashes',
           'filename|sha1': 'hashes', 'filename|sha256': 'hashes', 'filename|sha512': 'hashes',
           'x509-fingerprint-md5': 'hashes', 'x509-fingerprint-sha1': 'hashes',
           'x509-fingerprint-sha256': 'hashes'}
ZEEK_MATCHED = {'Intel::ADDR': 'addresses', 'Intel::SUBNET': 'addresses', 'Intel::DOMAIN': 'names',
                'Intel::URL': 'urls', 'Intel::FILE_HASH': 'hashes', 'Intel::CERT_HASH': 'hashes'}
ID = re.compile(r'indicator--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')

if not MATERIAL.is_dir():
    pytest.skip('no outside material: set SEKISHO_MATERIAL', allow_module_level=True)


def attributes_of(content):
    """All attributes of events, objects and answers, proposals and references apart."""
    if isinstance(content, list):
        for item in content:
            yield from attributes_of(item)
        return
    if not isinstance(content, dict):
        return
    if 'type' in content and 'value' in content and 'category' in content:
        yield content
        return
    for key in ('response', 'Event', 'Object', 'Attribute'):
        if key in content:
            yield from attributes_of(content[key])


def is_event(content):
    text = json.dumps(content)
    if '"Event"' not in text and '"Attribute"' not in text and '"info"' not in text:
        return False
    if isinstance(content, dict) and any(k.count('-') == 4 for k in content):
        return False  # a manifest
    return 'spec_version' not in text and any(attributes_of(content))


def events():
    for path in sorted((MATERIAL / 'feeds/misp').rglob('*.json')):
        try:
            content = json.loads(path.read_text(encoding='utf-8-sig'))
        except ValueError:
            continue
        if is_event(content):
            yield pytest.param(path, list(attributes_of(content)), id=path.stem)


def read(path, tmp_path):
    """The feed's summary, the records taken, and what was told, line by line."""
    database = tmp_path / 'feed.skdb'
    run = subprocess.run([SEKISHO, 'compile', '--json', '--explain', path, '-o', database],
                         capture_output=True, text=True)
    feed = json.loads(run.stdout)['feeds'][0]
    if feed['indicators'] == 0:  # then there is no database
        return feed, [], run.stderr.splitlines()
    assert run.returncode == 0, run.stderr
    listing = subprocess.run([SEKISHO, 'inspect', '--json', '--indicators', database],
                             capture_output=True, text=True, check=True).stdout.splitlines()
    return feed, [json.loads(line) for line in listing[1:]], run.stderr.splitlines()


@pytest.mark.parametrize('path, attributes', list(events()))
def test_every_attribute_is_accounted_for(path, attributes, tmp_path):
    feed, records, told_lines = read(path, tmp_path)
    assert feed['format'] == 'misp'
    assert feed['objects'] == len(attributes)

    told = collections.defaultdict(list)
    for line in told_lines:
        for identifier in ID.findall(line):
            told[identifier].append(line)
    taken = {r['id'] for r in records if r.get('id')}
    counts = collections.Counter()
    for attribute in attributes:
        wanted = (attribute.get('to_ids', True) and not attribute.get('deleted')
                  and attribute['type'] in MATCHED)
        counts['wanted'] += bool(wanted)
        if 'uuid' not in attribute:
            continue
        identifier = 'indicator--' + attribute['uuid'].lower()
        if identifier in taken:
            assert wanted, attribute
            counts[MATCHED[attribute['type']]] += 1
            counts['addresses'] += attribute['type'] == 'domain|ip'
        else:
            assert any(word in line for line in told[identifier]
                       for word in ('skipped', 'withdrawn', 'noted')), attribute
        if wanted and identifier not in taken:
            counts['refused'] += 1
    if all('uuid' in a for a in attributes):
        versions = len(attributes) - len({a['uuid'] for a in attributes})
        assert feed['indicators'] == len(taken)
        assert counts['wanted'] == len(taken) + counts['refused']
        if versions == 0:
            for kind in ('addresses', 'names', 'urls', 'hashes'):
                assert feed[kind] >= counts[kind] - counts['refused'], kind
                assert feed[kind] <= counts[kind], kind


@pytest.mark.parametrize('path', [pytest.param(p, id=p.stem) for p in sorted(
    (MATERIAL / 'feeds/zeek-intel').rglob('*.intel'))])
def test_every_line_is_accounted_for(path, tmp_path):
    feed, records, told_lines = read(path, tmp_path)
    assert feed['format'] == 'zeek'

    rows = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if line.strip() and not line.startswith('#'):
            rows.append((number, *(f.strip() for f in line.split('\t')[:2])))
    assert feed['objects'] == len(rows)

    # Rows of values said before are counted as duplicates and not told.
    taken = {r['line'] for r in records}
    told = {int(n) for line in told_lines if 'kept' not in line
            for n in re.findall(r'\(line (\d+)\)', line)}
    counts = collections.Counter()
    silent = 0
    for number, _, kind in rows:
        counts[ZEEK_MATCHED.get(kind, 'other')] += number in taken
        assert kind in ZEEK_MATCHED or number in told
        silent += number not in taken and number not in told
    assert silent == feed['duplicates']
    assert counts['other'] == 0
    for kind in ('addresses', 'names', 'urls', 'hashes'):
        assert feed[kind] == counts[kind], kind
