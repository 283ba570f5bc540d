"""Reports, markings and TTPs through the store: as `compile FEED` gives them, whenever they came."""
import json
import subprocess

import pytest

import samples
import taxii_server as taxii
from opentaxii_server import package
from sensor import SEKISHO, Sensor

COUNT = 15  # indicators: more than a page
IDENTITY = 'identity--5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c01'
MARKING = 'marking-definition--5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c02'
CREATED = '2024-05-01T00:00:00.000Z'


def indicators():
    made = [samples.indicator(number) for number in range(COUNT)]
    made[0] |= {'created_by_ref': IDENTITY, 'object_marking_refs': [MARKING]}
    made[1] |= {'created_by_ref': IDENTITY}
    return made


def context():
    """What says something of them; of STIX 2.1, section 7.2.1.4, the level in another's words."""
    common = {'spec_version': '2.1', 'created': CREATED, 'created_by_ref': IDENTITY}
    refs = [samples.identifier(0), samples.identifier(COUNT - 1), IDENTITY]
    return [
        {'type': 'identity', 'id': IDENTITY, 'spec_version': '2.1', 'created': CREATED,
         'modified': CREATED, 'name': 'A made up CSIRT', 'identity_class': 'organization'},
        {'type': 'marking-definition', 'id': MARKING, 'definition_type': 'tlp',
         'definition': {'tlp': 'red'}, **common},
        {'type': 'report', 'id': 'report--5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c03',
         'modified': CREATED, 'published': CREATED, 'name': 'Operation Example',
         'report_types': ['campaign'], 'object_refs': refs, **common},
        {'type': 'grouping', 'id': 'grouping--5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c04',
         'modified': CREATED, 'name': 'Seen in May', 'context': 'suspicious-activity',
         'object_refs': refs[:1], **common},
    ]


def lookup(database, values):
    done = subprocess.run([SEKISHO, 'lookup', '--json', '-d', database, *values], text=True,
                          capture_output=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for match in (match for value in found for match in value['matches']):
        match['reports'] = sorted(match.get('reports', []))  # in no order of meaning
    return found


def compiled(folder, content, values):
    feed, database = folder / 'feed', folder / 'feed.skdb'
    feed.write_text(content)
    subprocess.run([SEKISHO, 'compile', '-q', '--tlp', 'green', '--source', 'feed', '-o', database,
                    feed], check=True)
    return lookup(database, values)


def bundle(objects):
    return json.dumps({'type': 'bundle', 'id': 'bundle--5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c05',
                       'objects': objects})


@pytest.fixture(name='expected')
def as_compiled(tmp_path):
    values = [samples.value(number) for number in range(COUNT)]
    found = compiled(tmp_path, bundle(indicators() + context()), values)
    first = found[0]['matches'][0]
    assert first['tlp'] == 'red' and first['reports'] == ['Operation Example', 'Seen in May']
    assert found[1]['matches'][0]['tlp'] == 'green'
    return values, found


def check(sensor, expected):
    done = sensor.sync()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lookup(sensor.database, expected[0]) == expected[1]


def test_a_file_with_context(expected, tmp_path):
    feed = tmp_path / 'feed.json'
    sensor = Sensor(tmp_path / 'run', kind='file', address=feed)
    feed.write_text(bundle(context() + indicators()))
    check(sensor, expected)


def test_context_in_a_later_file(expected, tmp_path):
    feed = tmp_path / 'feed.json'
    sensor = Sensor(tmp_path / 'run', kind='file', address=feed)
    feed.write_text(bundle(indicators()))
    assert sensor.sync().returncode == 0
    assert lookup(sensor.database, expected[0]) != expected[1]
    feed.write_text(bundle(indicators() + context()))
    check(sensor, expected)


@pytest.mark.parametrize('order', ['before', 'behind', 'later'])
def test_context_on_another_page_or_in_another_run(order, expected, tmp_path):
    objects = context() + indicators() if order == 'before' else indicators() + context()
    served = [(made, samples.date_added(place)) for place, made in enumerate(objects)]
    server = taxii.TaxiiServer(0)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        if order == 'later':
            server.objects = served[:COUNT]
            assert sensor.sync().returncode == 0
            assert lookup(sensor.database, expected[0]) != expected[1]
        server.objects = served
        check(sensor, expected)
    finally:
        server.close()


def test_what_a_stix_1_package_says(tmp_path):
    header = ('<stix:STIX_Header><stix:Title>Notes of May</stix:Title><stix:Handling '
              'xmlns:m="http://data-marking.mitre.org/Marking-1"><m:Marking>'
              '<m:Controlled_Structure>//node()</m:Controlled_Structure><m:Marking_Structure '
              'xmlns:tlp="http://data-marking.mitre.org/extensions/MarkingStructure#TLP-1" '
              'xsi:type="tlp:TLPMarkingStructureType" color="AMBER"/></m:Marking></stix:Handling>'
              '</stix:STIX_Header>')
    ttp = ('<stix:TTPs><stix:TTP xmlns:ttp="http://stix.mitre.org/TTP-1" id="made:ttp-1" '
           'xsi:type="ttp:TTPType"><ttp:Title>Dropper</ttp:Title></stix:TTP></stix:TTPs>')
    named = ('<indicator:Indicated_TTP><c:TTP xmlns:c="http://stix.mitre.org/common-1" '
             'idref="made:ttp-1"/></indicator:Indicated_TTP></stix:Indicator>')
    content = package(1)[0].replace('<stix:Indicators>', header + ttp + '<stix:Indicators>')
    content = content.replace('</stix:Indicator>', named, 1)
    values = ['n1.one.example']
    found = compiled(tmp_path, content, values)
    first = found[0]['matches'][0]
    assert (first['tlp'], first['threat_types'], first['reports']) == (
        'amber', ['Dropper'], ['Notes of May'])
    sensor = Sensor(tmp_path / 'run', kind='file', address=tmp_path / 'feed')
    check(sensor, (values, found))
