"""Every outside feed is read, and every object of it accounted for.

One run over all of them: none crashes, none is of an unknown format without being on the list
below, and what lists and reports hold adds up: objects = taken + duplicates + skipped. Counts by
type are held against tests/oracle/count_feed.py, which shares nothing with the program. STIX and
MISP objects that are no indicators are not skipped but noted: test_feed_counts.py and others
account for those. Skipped where the material (SEKISHO_MATERIAL) is not there.
"""
import collections
import csv
import fnmatch
import json
import os
import pathlib
import subprocess

import pytest

import count_feed

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')
MATERIAL = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere')) / 'feeds'
LISTS = ('text', 'hosts', 'csv', 'prose', 'misp-warninglist')

# Feeds that no reader takes, and why.
UNREAD = {
    'taxii/*/stix_taxii_index.json': 'an index of TAXII collections: no objects',
    'taxii/*/stix_taxii_manifest_*.json': 'a TAXII manifest: ids and versions, no objects',
    'taxii/*/libtaxii_*_Collection_Information_Response.xml': 'a TAXII message without content',
    'taxii/*/libtaxii_*_Discovery_Response.xml': 'a TAXII message without content',
    'stix-validator/*_invalid_braces.json': 'broken JSON, on purpose',
    'misp/*/misp_manifest.json': 'the manifest of a MISP feed: names of events, no values',
    'misp/*/tests_git-vuln-finder-quagga.json': 'a list of commits',
    'misp/*_galaxy.json': 'a galaxy: names of actors and tools',
    'misp/*_definition.json': 'the definition of an object template',
    'text-mixed/*/iocs_filename-iocs.txt': 'regular expressions for file names',
    'text-mixed/*/iocs_keywords.txt': 'keywords for log files',
    'text-mixed/*-Zepplin-ransomware-note.txt': 'a text in which nothing is defanged',
    'csv/certtools+intelmq/*.json': 'JSON of one provider',
    'csv/certtools+intelmq/*blueliv_test_parser_crimeserver.data': 'JSON of one provider',
    'csv/certtools+intelmq/*mcafee_atdreport.txt': 'JSON of one provider',
    'csv/certtools+intelmq/*microsoft_ctip.txt': 'JSON of one provider',
    'csv/certtools+intelmq/*html_table*.data': 'HTML',
    'csv/certtools+intelmq/*dataplane_*.txt': "columns between '|' without a header",
    'csv/certtools+intelmq/*dyn_ponmocup*.txt': 'columns without a header, of many kinds',
    'csv/certtools+intelmq/*generic_sample_report.csv': 'CSV without a header',
    'csv/certtools+intelmq/*generic_test_filter_*.csv': 'CSV without a header',
}

if not MATERIAL.is_dir():
    pytest.skip('no outside material: set SEKISHO_MATERIAL', allow_module_level=True)


def manifest():
    with open(MATERIAL / 'MANIFEST.tsv', encoding='utf-8') as file:
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def compile_feed(path, database):
    run = subprocess.run([SEKISHO, 'compile', '--json', path, '-o', database],
                         capture_output=True, text=True, timeout=120)
    assert run.returncode in (0, 1), (path, run.returncode, run.stderr)
    return json.loads(run.stdout)['feeds'][0]


def skipped(feed):
    return sum(problem['count'] for problem in feed['problems']
               if not problem['consequence'].startswith(('kept', 'noted', 'read')))


@pytest.fixture(scope='module')
def feeds(tmp_path_factory):
    database = tmp_path_factory.mktemp('feeds') / 'feed.skdb'
    return {row['file']: (row, compile_feed(MATERIAL / row['file'], database))
            for row in manifest()}


def test_every_feed_is_read_or_on_the_list(feeds):
    unread = {file for file, (_, feed) in feeds.items() if feed['format'] == 'auto'}
    listed = {file for file in feeds if any(fnmatch.fnmatch(file, glob) for glob in UNREAD)}
    assert unread - listed == set()
    assert listed - unread == set(), 'read, and no more to be on the list'


def test_what_lists_hold_adds_up(feeds):
    for file, (_, feed) in feeds.items():
        if feed['format'] in LISTS:
            known = feed['indicators'] + feed['duplicates'] + feed['known_benign'] + skipped(feed)
            assert feed['objects'] == known, file


def test_counts_of_lists_are_those_of_another_reading(feeds):
    compared = 0
    for file, (row, feed) in feeds.items():
        form = feed['format']
        if form not in ('text', 'hosts', 'csv') or row['format'].startswith('intelmq'):
            continue
        seen, distinct = count_feed.count(MATERIAL / file, form)
        assert feed['objects'] == seen, file
        # A line such as 198.51.100.1/42 may be meant as a URL: type by type only where all is
        # taken, and a URL may be spelled in more ways than the other reading knows.
        if skipped(feed) == 0:
            for kind in distinct:
                slack = 2 if kind == 'urls' else 0
                assert abs(feed[kind] - distinct[kind]) <= slack, (file, kind)
        taken = sum(feed[kind] for kind in distinct)
        assert 0 <= sum(distinct.values()) - taken <= skipped(feed) + 2, file
        compared += 1
    assert compared > 150


def test_counts_of_reports_are_those_of_another_reading(feeds):
    compared = 0
    for file, (_, feed) in feeds.items():
        if feed['format'] != 'prose':
            continue
        _, distinct = count_feed.count(MATERIAL / file, 'prose')
        for kind in distinct:
            missed = distinct[kind] - feed[kind]
            assert 0 <= missed <= skipped(feed), (file, kind, feed[kind], distinct[kind])
        compared += 1
    assert compared >= 30


def test_warninglists_are_counted_and_not_compiled(feeds):
    lists = [(file, feed) for file, (_, feed) in feeds.items() if file.startswith('benign')]
    for file, feed in lists:
        assert feed['format'] == 'misp-warninglist', file
        assert feed['known_benign'] == count_feed.warninglist_size(MATERIAL / file), file
        assert feed['indicators'] == 0, file
    assert len(lists) == 31


def test_the_table(feeds, capsys):
    """Not a judgement: what docs/compile-feeds.md can show."""
    table = collections.defaultdict(collections.Counter)
    for row, feed in feeds.values():
        line = table[feed['format']]
        line['files'] += 1
        line.update({key: feed[key] for key in ('objects', 'indicators', 'duplicates',
                                                'known_benign')})
        line['skipped'] += skipped(feed)
    with capsys.disabled():
        print('\n' + '\t'.join(['format', 'files', 'objects', 'indicators', 'duplicates',
                                'known benign', 'skipped']))
        for form, line in sorted(table.items()):
            print('\t'.join([form] + [str(line[key]) for key in (
                'files', 'objects', 'indicators', 'duplicates', 'known_benign', 'skipped')]))
    assert sum(line['files'] for line in table.values()) == len(manifest())
