"""What goes wrong on the way from a TAXII server, and what comes of it.

Each case breaks something for a first `sekisho sync`, which ends in a state and with some of the 30
indicators; then the server is well again, and the next `sync` must end with all 30, each once.
docs/connect-a-taxii-server.md shows the table; test_docs_show_every_case holds them together.
"""
import dataclasses
import json
import pathlib
import re

import pytest

import samples
import taxii_server as taxii
from sensor import Sensor

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'connect-a-taxii-server.md'
EVERYTHING = 30
PAGES_MAX = 20
PAGE = ONE_PAGE = 10


@dataclasses.dataclass
class Case:
    what: str                # as the docs have it
    outcome: str             # likewise
    fault: object
    arrives: int             # indicators after the first run
    fails: bool = True       # the first run
    requests: int = None     # for objects, of the first run
    says: str = ''           # in what it prints
    settings: dict = dataclasses.field(default_factory=dict)
    has_next: bool = True


def passing(what, fault, requests=None, outcome='asked again', **rest):
    return Case(what, outcome, fault, EVERYTHING, fails=False, requests=requests, **rest)


def lasting(what, outcome, fault, requests=None, says='', arrives=ONE_PAGE, **rest):
    """From the second page on."""
    return Case(what, outcome, taxii.behind_first(fault), arrives, requests=requests, says=says,
                **rest)


CASES = [
    lasting('401, 403', 'refused: ends at once', taxii.status(401), 2, 'status 401'),
    lasting('401, 403', 'refused: ends at once', taxii.status(403), 2, 'status 403'),
    lasting('406', 'refused: asked without `match[version]` if it is the first page, else once '
            'more from the cursor', taxii.status(406), says='status 406'),
    passing('400 to `match[version]`', lambda handler, number, good:
            taxii.Answer(400, b'{}') if 'match' in handler.path else good,
            outcome='asked without it: only the newest versions come'),
    passing('`next` not known any more (400, 404)', taxii.on({2}, taxii.status(404)),
            outcome='asked again from the cursor'),
    lasting('404 for good', 'ends', taxii.status(404), says='status 404'),
    passing('429, Retry-After in seconds', taxii.on({2}, taxii.status(429, Retry_After='1')), 4,
            outcome='waits as long, and a little more'),
    passing('429, Retry-After as a date', taxii.on({2}, taxii.retry_after_date(2)), 4,
            outcome='waits until then'),
    lasting('429, Retry-After beyond 5 minutes', 'ends at once: the next run tries again',
            taxii.status(429, Retry_After='86400'), 2, '86400'),
    passing('500, 502, 503, 504, then fine', taxii.on({1, 2}, taxii.status(503)), 5),
    passing('500, 502, 503, 504, then fine', taxii.on({2}, taxii.status(500)),),
    lasting('500 or 503 for good', 'ends when `retries` are used up', taxii.status(503), 4,
            'status 503'),
    passing('hangs up without an answer', taxii.on({1}, taxii.hang_up), 4),
    passing('body shorter than Content-Length', taxii.on({2}, taxii.cut_short)),
    passing('body without Content-Length cut in its JSON',
            taxii.on({2}, taxii.cut_without_length)),
    passing('chunk cut', taxii.on({2}, taxii.cut_chunk)),
    passing('gzip stream cut', taxii.on({2}, taxii.cut_gzip)),
    lasting('cut for good', 'ends when `retries` are used up: never taken', taxii.cut_short),
    passing('gzip', taxii.compressed, 3, outcome='taken'),
    lasting('login page with 200 (text/html)', 'ends: never an empty answer',
            taxii.body(b'<html>log in</html>', 'text/html'), says='text/html'),
    lasting('TAXII 2.0 media type', 'ends: says what it is',
            taxii.body(b'{}', 'application/vnd.oasis.stix+json; version=2.0'),
            says='another version of TAXII'),
    lasting('JSON that is no envelope', 'ends: never an empty answer',
            taxii.body(b'{"error": "try later"}'), says='no envelope'),
    lasting('invalid JSON for good', 'ends when `retries` are used up',
            taxii.body(b'{"objects": [{]}')),
    lasting('the same page again and again, with more to come',
            'ends, and says that it is a circle', taxii.same_page, says='circle'),
    lasting('the same objects behind an ever new `next`',
            'ends, and says that it is a circle', taxii.same_objects, says='circle'),
    passing('an empty page with more to come', taxii.on({2}, taxii.empty_with_more),
            outcome='goes on'),
    lasting('only empty pages with more to come', 'ends after 10 in a row',
            taxii.empty_with_more, says='empty pages'),
    passing('`more` without `next`', lambda handler, number, good: good, has_next=False,
            outcome='goes on from the last date of addition'),
    lasting('`more` with neither `next` nor a date', 'ends, what came is kept',
            taxii.no_way_on, says='no way to the next page', arrives=20),
    lasting('page larger than `body-max`, for any number of objects',
            'ends when one object is too large', taxii.body(b' ' * 200_000), 5, 'larger',
            settings={'body_max': '64K'}),
    passing('page larger than `body-max`', taxii.large_by_objects,
            outcome='asked for half as many objects, from the cursor',
            settings={'body_max': '64K'}),
    passing('a byte order mark before the envelope', lambda handler, number, good:
            dataclasses.replace(good, body=b'\xef\xbb\xbf' + good.body), 3, outcome='taken'),
    lasting('gzip bomb', 'ends at `body-max` of what comes out', taxii.bomb, 5, 'larger',
            settings={'body_max': '64K'}),
    lasting('a byte now and then (stall)', 'ended after a quarter of `timeout` (30 s at most) '
            'with less than 1 KB, asked again', taxii.drip, says='slowly',
            settings={'timeout': '4s', 'retries': 1}),
    lasting('redirected in a circle', 'ends after 5', taxii.redirect_here,
            says='more than 5'),
    lasting('redirected to a file', 'ends', taxii.redirect('file:///etc/passwd'),
            says='redirect refused'),
    lasting('headers without end', 'ends at 256 KB', taxii.endless_headers, says='headers'),
]


@pytest.mark.parametrize('case', CASES, ids=lambda case: re.sub(r'[^a-z0-9]+', '-',
                                                               case.what.lower()))
def test_a_fault_loses_nothing(case, tmp_path):
    server = taxii.TaxiiServer(EVERYTHING, case.fault)
    server.has_next = case.has_next
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url(), **case.settings)
    wanted = sorted((samples.identifier(i), f'sample {i}, version 0') for i in range(EVERYTHING))
    try:
        done = sensor.sync()
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == case.fails, printed
        assert case.says in printed
        assert sensor.count('vote') == case.arrives
        if case.requests is not None:
            assert server.object_requests == case.requests

        server.fault = None
        done = sensor.sync()
        assert done.returncode == 0, done.stdout + done.stderr
        assert sensor.indicators() == wanted
        assert sensor.count('vote') == EVERYTHING
        assert sensor.count('version') <= EVERYTHING
    finally:
        server.close()


def test_a_second_run_asks_only_for_what_is_new(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        assert sensor.sync().returncode == 0
        server.requests.clear()
        server.objects.append((samples.indicator(2, version=1), samples.date_added(EVERYTHING)))
        assert sensor.sync().returncode == 0
        asked = [path for path, _ in server.requests if '/objects/' in path]
        assert len(asked) == 1 and 'added_after=' in asked[0]
        assert (samples.identifier(2), 'sample 2, version 1') in sensor.indicators()
        assert len(sensor.indicators()) == EVERYTHING
    finally:
        server.close()


def test_a_full_run_finds_what_was_deleted(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        assert sensor.sync().returncode == 0
        del server.objects[5]
        assert sensor.sync().returncode == 0
        assert len(sensor.indicators()) == EVERYTHING
        done = sensor.sync('--full')
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(sensor.indicators()) == EVERYTHING - 1
        assert samples.identifier(5) not in dict(sensor.indicators())
    finally:
        server.close()


def test_a_full_run_that_breaks_withdraws_nothing(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        assert sensor.sync().returncode == 0
        server.fault = taxii.behind_first(taxii.status(500))
        assert sensor.sync('--full').returncode != 0
        assert len(sensor.indicators()) == EVERYTHING
    finally:
        server.close()


def test_other_settings_have_everything_read_again(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        assert sensor.sync().returncode == 0
        sensor.write(tlp='amber')
        server.requests.clear()
        assert sensor.sync().returncode == 0
        assert not any('added_after' in path for path, _ in server.requests)
        assert len(sensor.indicators()) == EVERYTHING
        server.requests.clear()
        assert sensor.sync().returncode == 0
        assert any('added_after' in path for path, _ in server.requests)
    finally:
        server.close()


def test_another_collection_takes_the_place_of_the_first(tmp_path):
    first, second = taxii.TaxiiServer(EVERYTHING), taxii.TaxiiServer(EVERYTHING - 10)
    sensor = Sensor(tmp_path, kind='taxii21', address=first.url('/api/'))
    try:
        assert sensor.sync().returncode == 0
        sensor.write(address=second.url('/api/'))
        assert sensor.sync().returncode == 0
        assert len(sensor.indicators()) == EVERYTHING - 10
    finally:
        first.close()
        second.close()


def test_pages_that_are_not_sorted_lose_nothing_when_broken_off(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    server.objects.reverse()
    server.fault = taxii.on({2, 3, 4, 5}, taxii.status(503))
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        assert sensor.sync().returncode != 0
        assert sensor.sync().returncode == 0
        assert len(sensor.indicators()) == EVERYTHING
    finally:
        server.close()


def test_credentials_do_not_follow_to_another_host(tmp_path):
    other = taxii.TaxiiServer(EVERYTHING)
    server = taxii.TaxiiServer(EVERYTHING)
    server.token = 'pass-phrase-1'
    # Another name is another host, even if it is the same machine.
    server.fault = taxii.redirect(other.url(
        f'/api/collections/{taxii.COLLECTION}/objects/?next=10', host='127.0.0.1'))
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'), username='joe',
                    token_header='X-Key')
    sensor.write(token_file=sensor.secret('pass-phrase-1', 'token'),
                 password_file=sensor.secret('pass-phrase-2', 'password'))
    try:
        done = sensor.sync()
        assert 'pass-phrase' not in done.stdout + done.stderr
        assert server.requests and all(headers.get('X-Key') == 'pass-phrase-1' and
                                       headers.get('Authorization', '').startswith('Basic ')
                                       for _, headers in server.requests)
        assert other.requests and not any('X-Key' in headers or 'Authorization' in headers
                                          for _, headers in other.requests)
    finally:
        server.close()
        other.close()


def test_a_flood_of_pages_is_held_until_accepted(tmp_path):
    server = taxii.TaxiiServer(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    sensor.guards = '{gain-max: 100%, change-min: 5}'
    sensor.write()

    def add(count):
        first = len(server.objects)
        server.objects += [(samples.indicator(i), samples.date_added(i))
                           for i in range(first, first + count)]

    try:
        assert sensor.sync().returncode == 0  # the first run is never held
        assert len(sensor.indicators()) == EVERYTHING
        add(10 * PAGE)
        for _ in range(2):  # what passed before counts in the next run, too
            done = sensor.sync()
            assert done.returncode == 1 and ' on 30 (' in done.stdout, done.stdout
            assert EVERYTHING < len(sensor.indicators()) <= 2 * EVERYTHING
        asked = [json.loads(line) for line in sensor.run('review', 'list', '--json'
                                                         ).stdout.splitlines()]
        assert [item['kind'] for item in asked] == ['delivery']
        assert sensor.run('review', 'accept', str(asked[0]['review'])).returncode == 0
        server.fault = taxii.on({server.object_requests + 3}, taxii.status(401))
        assert sensor.sync().returncode == 1  # broken off: the permission holds
        assert 2 * EVERYTHING < len(sensor.indicators()) < EVERYTHING + 10 * PAGE
        server.fault = None
        done = sensor.sync()
        assert done.returncode == 0, done.stdout
        assert len(sensor.indicators()) == EVERYTHING + 10 * PAGE
        add(14 * PAGE)  # and is used up
        done = sensor.sync()
        assert done.returncode == 1 and ' on 130 (' in done.stdout, done.stdout
    finally:
        server.close()


@pytest.mark.parametrize('words', [(), ('--full',)], ids=['news', 'full'])
def test_a_server_without_end_keeps_no_source_waiting(words, tmp_path):
    server = taxii.TaxiiServer(EVERYTHING, taxii.endless)
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url(), pages_max=PAGES_MAX)
    try:
        done = sensor.sync(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert 'more pages than one run takes' in done.stdout + done.stderr
        assert server.object_requests == PAGES_MAX
        assert sensor.count('vote', 'end = 0') == PAGES_MAX
        server.fault = None
        server.objects.clear()
        server.requests.clear()
        assert sensor.sync().returncode == 0
        asked = [path for path, _ in server.requests if '/objects/' in path]
        assert 'added_after=2020-01-01T00%3A00%3A1' in asked[0]  # of 20 s
        assert sensor.count('vote', 'end = 0') == PAGES_MAX
    finally:
        server.close()


def test_docs_show_every_case():
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith('| ')]
    for case in CASES:
        assert f'| {case.what} | {case.outcome} |' in rows
