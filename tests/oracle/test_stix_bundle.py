"""Bundles against the OASIS validator, and ids against the stix2 library.

The helper write_sample writes hits of every kind, with hostile names, in each form. Everything of
our own must pass `stix2_validator --strict`; 103 would refuse version 5 UUIDs.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import stix2

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = pathlib.Path(os.environ.get('SEKISHO', ROOT / 'build/app/sekisho'))
WRITE_SAMPLE = SEKISHO.parents[1] / 'tests/helpers/write_sample'
VALIDATOR = os.environ.get('STIX2_VALIDATOR',
                           pathlib.Path(sys.executable).parent / 'stix2_validator')
BUNDLES = ('plain', 'all', 'indicators')
ID = re.compile(r'"([a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')


def write_sample(folder, count=24, shuffle=0, memory_bytes=0):
    folder.mkdir(exist_ok=True)
    subprocess.run([WRITE_SAMPLE, str(count), str(shuffle), str(memory_bytes), folder], check=True)
    return folder


@pytest.fixture(scope='module')
def sample(tmp_path_factory):
    return write_sample(tmp_path_factory.mktemp('sample'))


def read(folder, name):
    return json.loads((folder / f'{name}.stix.json').read_text(encoding='utf-8'))


def objects(folder, name, kind):
    return [each for each in read(folder, name)['objects'] if each['type'] == kind]


def validate(path):
    run = subprocess.run([VALIDATOR, '--version', '2.1', '--strict', '-d', '103', path],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]


@pytest.mark.parametrize('name', BUNDLES)
def test_the_validator_accepts_every_bundle(sample, name):
    validate(sample / f'{name}.stix.json')


def test_the_validator_accepts_a_bundle_without_hits(tmp_path):
    folder = write_sample(tmp_path / 'none', count=0)
    assert 'objects' not in read(folder, 'plain')
    validate(folder / 'plain.stix.json')


@pytest.mark.parametrize('name', BUNDLES)
def test_every_reference_leads_somewhere(sample, name):
    """But for what belongs to others: indicators as received, their creators and their terms."""
    bundle = read(sample, name)
    ids = [each['id'] for each in bundle['objects']]
    assert len(ids) == len(set(ids))
    outside = {'indicator', 'identity', 'marking-definition', 'extension-definition'}
    referred = {found for each in bundle['objects'] for found in ID.findall(json.dumps(each))}
    assert {each for each in referred - set(ids) if each.split('--')[0] not in outside} == set()


@pytest.mark.parametrize('name', BUNDLES)
def test_observables_have_the_ids_that_others_give_them(sample, name):
    classes = {'ipv4-addr': stix2.IPv4Address, 'ipv6-addr': stix2.IPv6Address,
               'domain-name': stix2.DomainName, 'url': stix2.URL, 'file': stix2.File,
               'network-traffic': stix2.NetworkTraffic}
    seen = set()
    for each in read(sample, name)['objects']:
        if each['type'] not in classes:
            continue
        properties = {key: value for key, value in each.items()
                      if key not in ('id', 'type', 'spec_version')}
        assert classes[each['type']](**properties).id == each['id'], each
        seen.add(each['type'])
    assert seen == set(classes)


@pytest.mark.parametrize('name', BUNDLES)
def test_the_common_library_reads_every_bundle(sample, name):
    stix2.parse(read(sample, name))


def test_a_sighting_has_the_count_and_span_of_its_hits(sample):
    hits = [json.loads(line) for line in (sample / 'hits.json').read_text().splitlines()]
    for sighting in objects(sample, 'plain', 'sighting'):
        same = [hit for hit in hits if hit['indicator']['id'] == sighting['sighting_of_ref']
                and hit['match']['validity'] == 'valid' and hit['match']['action'] == 'alert'
                # A name below a STIX indicator's does not match its pattern.
                and (hit['match']['kind'] != 'parent' or 'line' in hit['indicator'])
                # The bundle has microseconds at most.
                and sighting['first_seen'][:26] <= hit['timestamp'][:26]]
        captures = {hit['capture']['file'] for hit in same}
        counts = {capture: len({json.dumps([hit[key] for key in sorted(hit) if key != 'indicator'])
                                for hit in same if hit['capture']['file'] == capture})
                  for capture in captures}
        assert sighting['count'] in counts.values(), sighting


def test_markings_are_carried_to_what_was_seen(sample):
    by_id = {each['id']: each for each in read(sample, 'plain')['objects']}
    levels = set()
    for sighting in objects(sample, 'plain', 'sighting'):
        refs = sighting.get('object_marking_refs')
        for observed in sighting['observed_data_refs']:
            assert by_id[observed].get('object_marking_refs') == refs
        for ref in refs or ():
            levels.add(by_id[ref].get('name') or by_id[ref]['definition_type'])
    assert levels == {'TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED',
                      'statement'}


def test_observed_data_is_a_bounded_sample(sample):
    plain = [len(each['observed_data_refs']) for each in objects(sample, 'plain', 'sighting')]
    few = [len(each['observed_data_refs']) for each in objects(sample, 'all', 'sighting')]
    assert max(plain) == 10
    assert max(few) == 3
    assert max(each['count'] for each in objects(sample, 'plain', 'sighting')) > 10


def test_two_runs_in_any_order_give_the_same_bytes(sample, tmp_path):
    again = write_sample(tmp_path / 'again', shuffle=5, memory_bytes=10000)
    names = sorted(path.name for path in sample.iterdir())
    assert len(names) == 5
    for name in names:
        assert (sample / name).read_bytes() == (again / name).read_bytes(), name


def test_no_time_comes_from_the_clock(sample):
    """Packets are of November 2023; what has no packet has the fixed times of the project."""
    times = re.findall(r'"(?:created|modified|first_[a-z]+|last_[a-z]+|start|end)":"(\d{4}-\d\d)',
                       (sample / 'plain.stix.json').read_text())
    assert set(times) <= {'2023-11', '2026-01', '2022-10', '2017-01', '2020-01', '2020-09'}
