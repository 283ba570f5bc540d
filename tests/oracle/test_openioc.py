"""OpenIOC documents of others, read by Python's XML parser: every item taken, or told by its line.

Which terms are looked for is stated here once more, on purpose. Skipped without SEKISHO_MATERIAL.
"""
import json
import os
import pathlib
import re
import subprocess
import xml.sax

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')
MATERIAL = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
TERMS = re.compile(r'(Network/(DNS|URI|IP|RemoteIP)|DnsEntryItem/(Host|RecordName)|UrlHistoryItem/.*|'
                   r'(.*/)?PortItem/remoteIP|RouteEntryItem/Destination|.*(Md5|Sha1|Sha256)sum)', re.I)
NEGATIVE = ('isnot', 'containsnot')

if not MATERIAL.is_dir():
    pytest.skip('no outside material: set SEKISHO_MATERIAL', allow_module_level=True)


class Document(xml.sax.ContentHandler):
    """Items with their lines; those below an AND of several are told by the AND's line."""

    def __init__(self):
        super().__init__()
        self.items, self.stack, self.text = [], [], ''

    def startElement(self, name, attributes):
        line = self.locator.getLineNumber()
        if name in ('Indicator', 'IndicatorItem') and self.stack:
            self.stack[-1]['parts'] += 1
        if name == 'Indicator':
            self.stack.append({'is_or': attributes['operator'].upper() == 'OR', 'line': line,
                               'parts': 0})
        elif name == 'IndicatorItem':
            self.items.append({'line': line, 'id': attributes.get('id', ''), 'value': '',
                               'condition': attributes['condition'], 'above': list(self.stack)})
        elif name == 'Context':
            self.items[-1]['search'] = attributes['search']
        self.text = ''

    def setDocumentLocator(self, locator):
        self.locator = locator

    def characters(self, content):
        self.text += content

    def endElement(self, name):
        if name == 'Indicator':
            self.stack.pop()
        elif name == 'Content':
            self.items[-1]['value'] = self.text.strip() or self.items[-1]['id']


@pytest.mark.parametrize('path', sorted((MATERIAL / 'feeds/openioc').rglob('*.ioc')),
                         ids=lambda path: path.stem)
def test_every_item_is_taken_or_told(path, tmp_path):
    document = Document()
    xml.sax.parse(str(path), document)
    database = tmp_path / 'feed.skdb'
    run = subprocess.run([SEKISHO, 'compile', '--json', '--explain', path, '-o', database],
                         capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    feed = json.loads(run.stdout)['feeds'][0]
    assert feed['format'] == 'openioc'
    told = {}
    for line in run.stderr.splitlines():
        if 'skipped' in line:
            for number in re.findall(r'\(line (\d+)\)', line):
                told.setdefault(int(number), line)

    taken = 0
    for item in document.items:
        conjunctions = [part['line'] for part in item['above']
                        if not part['is_or'] and part['parts'] > 1]
        if conjunctions:
            assert any(line in told for line in conjunctions), item
        elif item['line'] in told:
            line = told[item['line']]
            is_ours = TERMS.fullmatch(item['search']) and item['condition'] not in NEGATIVE
            assert not is_ours or 'not matchable' in line or item['value'] in line, line
        else:
            assert TERMS.fullmatch(item['search']), item
            taken += 1
    values = sum(feed[kind] for kind in ('addresses', 'names', 'urls', 'hashes', 'patterns'))
    assert values == taken
