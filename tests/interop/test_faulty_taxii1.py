"""What goes wrong on the way from a TAXII 1.1 server, and what comes of it.

As test_faulty_taxii.py: each case breaks something for a first `sekisho sync`; then the server is well
again, and the next one must end with all 30 indicators, each once.
"""
import dataclasses
import pathlib
import re
import ssl

import pytest

import taxii1_server as taxii
from sensor import Sensor
from taxii_server import behind_first, bomb, drip, on, status as http_status
from test_tls import make_keys  # noqa: F401

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'connect-a-taxii-server.md'
EVERYTHING, ONE_PART = 30, 10
PARTS_MAX = 20


@dataclasses.dataclass
class Case:
    what: str     # as the docs have it
    outcome: str  # likewise
    fault: object
    arrives: int  # indicators after the first run
    fails: bool = True
    requests: int = None  # polls and fulfilments of the first run
    says: str = ''
    settings: dict = dataclasses.field(default_factory=dict)


def passing(what, outcome, fault, requests=None, **rest):
    return Case(what, outcome, fault, EVERYTHING, False, requests, **rest)


def lasting(what, outcome, fault, says='', requests=None, arrives=ONE_PART, **rest):
    """From the second part on."""
    return Case(what, outcome, behind_first(fault), arrives, True, requests, says, **rest)


CASES = [
    passing('RETRY with ESTIMATED_WAIT', 'waits as long, asks again',
            on({1, 3}, taxii.status('RETRY', ESTIMATED_WAIT=1)), 5),
    passing('RETRY without a wait', 'asked again, as after a lost answer',
            on({2}, taxii.status('RETRY')), 4),
    lasting('RETRY after more than 5 minutes', 'ends at once: the next run tries again',
            taxii.status('RETRY', ESTIMATED_WAIT='9' * 30), 'RETRY', 2),
    lasting('RETRY for good', 'ends when `retries` are used up',
            taxii.status('RETRY', ESTIMATED_WAIT=0), 'RETRY', 4),
    passing('PENDING, then its result', 'the result is asked for after ESTIMATED_WAIT',
            on({1}, taxii.status('PENDING', ESTIMATED_WAIT=1, RESULT_ID='r0')), 4),
    Case('PENDING for good', 'ends after asking 10 times',
         taxii.status('PENDING', ESTIMATED_WAIT=0, RESULT_ID='r0'), 0, requests=11,
         says='not ready'),
    Case('PENDING without a result', 'ends', taxii.status('PENDING'), 0, requests=1,
         says='not ready'),
    lasting('INVALID_RESPONSE_PART', 'ends; the next run begins again at the cursor',
            taxii.status('INVALID_RESPONSE_PART'), 'INVALID_RESPONSE_PART', 2),
    lasting('ASYNCHRONOUS_POLL_ERROR', 'likewise', taxii.status('ASYNCHRONOUS_POLL_ERROR'),
            'ASYNCHRONOUS_POLL_ERROR', 2),
    lasting('UNAUTHORIZED, DENIED', 'refused: ends at once', taxii.status('UNAUTHORIZED'),
            'UNAUTHORIZED', 2),
    lasting('UNAUTHORIZED, DENIED', 'refused: ends at once', taxii.status('DENIED'), 'DENIED', 2),
    lasting('NOT_FOUND', 'ends: there is no such collection', taxii.status('NOT_FOUND'),
            'NOT_FOUND', 2),
    lasting('FAILURE, BAD_MESSAGE and others', 'ends, with the server\'s words',
            taxii.status('FAILURE'), 'here is why', 2),
    lasting('401 of HTTP', 'refused: ends at once', http_status(401), 'status 401', 2),
    passing('503 of HTTP, then fine', 'asked again', on({2}, http_status(503)), 4),
    passing('hangs up without an answer', 'asked again', on({2}, taxii.hang_up), 4),
    passing('body shorter than Content-Length', 'asked again', on({2}, taxii.cut_short), 4),
    lasting('XML cut where nothing else tells', 'ends: nothing of that part is taken',
            taxii.cut_without_length, 'broken XML', 2),
    lasting('login page with 200 (text/html)', 'ends: never an empty answer',
            lambda *_: taxii.answer('<html><body>log in</body></html>', 'text/html'),
            'not a TAXII 1.1 message', 2),
    lasting('JSON instead of XML', 'ends', lambda *_: taxii.answer('{}', 'application/json'),
            'broken XML', 2),
    lasting('the answer to another question', 'ends',
            lambda *_: taxii.answer(taxii.message('Discovery_Response')), 'not the answer', 2),
    passing('any media type around the right XML', 'taken', lambda handler, count, good:
            dataclasses.replace(good, content_type='text/plain'), 3),
    lasting('only empty parts with more to come', 'ends after 10 in a row', taxii.part([]),
            'empty parts', 12),
    lasting('the same part for every number (`result_part_number` stands still)', 'ends',
            taxii.same_part, 'not the part asked for', 2),
    lasting('the same blocks under ever new numbers', 'ends, and says that it is a circle',
            taxii.same_blocks, 'circle', 2),
    passing('`result_part_number` left out', 'taken for the part asked for',
            taxii.without_number, 3),
    Case('`more` without a result', 'ends, what came is kept', taxii.without_result, ONE_PART,
         says='no way to the next part', requests=1),
    passing('a block of another format', 'told and skipped, the rest is taken',
            taxii.with_block('<alert xmlns="urn:x"/>'), 3, says='no known format'),
    passing('a block of broken JSON', 'told and skipped, the rest is taken',
            taxii.with_block('{"type": "bundle", "objects": ['), 3),
    lasting('a block of one text of more than 10 MB', 'ends: libxml2\'s own bound',
            taxii.with_block('x' * 11_000_000), 'broken XML', 2),
    lasting('answer larger than `body-max`', 'ends', taxii.with_block('<x/>' * 100_000), 'larger',
            2, settings={'body_max': '64K'}),
    lasting('gzip bomb', 'ends at `body-max` of what comes out', bomb, 'larger', 2,
            settings={'body_max': '64K'}),
    lasting('entity bomb', 'ends: entities of its own are refused', taxii.entity_bomb,
            'broken XML', 2),
    lasting('a byte now and then (stall)', 'ended after a quarter of `timeout`, asked again',
            drip, 'slowly', settings={'timeout': '4s', 'retries': 1}),
]


@pytest.mark.parametrize('case', CASES, ids=lambda case: re.sub(r'[^a-z0-9]+', '-',
                                                               case.what.lower()))
def test_a_fault_loses_nothing(case, tmp_path):
    server = taxii.Taxii1Server(EVERYTHING, case.fault)
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url(), **case.settings)
    try:
        done = sensor.sync()
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == case.fails, printed
        assert case.says in printed
        assert sensor.count('vote') == case.arrives
        if case.requests is not None:
            assert server.poll_requests == case.requests

        server.fault = None
        done = sensor.sync()
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(name for _, name in sensor.indicators()) == sorted(
            f'sample {number}' for number in range(EVERYTHING))
        assert sensor.count('vote') == EVERYTHING
        assert sensor.count('version') == 0
    finally:
        server.close()


def test_a_broken_run_is_taken_up_where_it_was(tmp_path):
    server = taxii.Taxii1Server(EVERYTHING, on({3}, taxii.status('FAILURE')))
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url())
    try:
        assert sensor.sync().returncode != 0
        server.requests.clear()
        assert sensor.sync().returncode == 0
        polls = [words for kind, words in server.requests if kind == 'Poll_Fulfillment']
        assert [words['result_part_number'] for words in polls] == ['3']
        assert sensor.count('vote') == EVERYTHING
    finally:
        server.close()


def test_a_result_that_is_gone_begins_again(tmp_path):
    server = taxii.Taxii1Server(EVERYTHING, on({3}, taxii.status('FAILURE')))
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url())
    try:
        assert sensor.sync().returncode != 0
        server.results.clear()
        done = sensor.sync()
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(sensor.indicators()) == EVERYTHING and sensor.count('version') == 0
    finally:
        server.close()


def test_other_settings_have_everything_read_again(tmp_path):
    server = taxii.Taxii1Server(EVERYTHING)
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url())
    try:
        assert sensor.sync().returncode == 0
        sensor.write(tlp='amber')
        assert sensor.sync().returncode == 0
        assert len(server.results['r1']) == EVERYTHING == sensor.count('version')
        assert sensor.sync().returncode == 0
        assert sensor.count('version') == EVERYTHING
    finally:
        server.close()


@pytest.mark.parametrize('has_certificate', [True, False])
def test_a_client_certificate(has_certificate, keys, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / 'server.pem', keys / 'server.key')
    context.load_verify_locations(keys / 'ca.pem')
    context.verify_mode = ssl.CERT_REQUIRED
    server = taxii.Taxii1Server(EVERYTHING, tls=context)
    mine = {'client_cert': keys / 'client.pem', 'client_key': keys / 'client.key'}
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url(), retries=0,
                    ca_file=keys / 'ca.pem', **(mine if has_certificate else {}))
    try:
        done = sensor.sync()
        assert (done.returncode == 0) == has_certificate, done.stdout + done.stderr
        assert len(sensor.indicators()) == (EVERYTHING if has_certificate else 0)
        assert bool(server.requests) == has_certificate
    finally:
        server.close()


@pytest.mark.parametrize('words', [(), ('--full',)], ids=['news', 'full'])
def test_a_server_without_end_keeps_no_source_waiting(words, tmp_path):
    server = taxii.Taxii1Server(EVERYTHING, taxii.endless)
    sensor = Sensor(tmp_path, kind='taxii11', address=server.url(), pages_max=PARTS_MAX)
    try:
        done = sensor.sync(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert 'more pages than one run takes' in done.stdout + done.stderr
        assert server.poll_requests == PARTS_MAX
        server.requests.clear()
        server.fault = on({PARTS_MAX + 2}, taxii.status('FAILURE'))
        assert sensor.sync().returncode == 0
        polls = [words for kind, words in server.requests if kind == 'Poll_Fulfillment']
        assert polls[0]['result_part_number'] == str(PARTS_MAX + 1)
    finally:
        server.close()


def test_docs_show_every_case():
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith('| ')]
    for case in CASES:
        assert f'| {case.what} | {case.outcome} |' in rows
