"""`sekisho sync` from files and from a web server: what comes, what is held, what stays."""
import fcntl
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
from list_server import ListServer

SEKISHO = os.environ['SEKISHO']


class Sensor:
    """A configuration with one source, and the commands on it."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / 'sekisho.yaml'

    def configure(self, source, more='guards: {change-min: 2}\n'):
        self.config.write_text('store: store.db\ndatabase: list.skdb\n' + more +
                               'sources:\n- ' + json.dumps({'name': 'list', **source}) + '\n')

    def run(self, *arguments, **environment):
        return subprocess.run([SEKISHO, *arguments, '-c', self.config], text=True, timeout=60,
                              capture_output=True, env={**os.environ, **environment})

    def sync(self, *arguments):
        """The exit status, and what is said of the source."""
        done = self.run('sync', '--json', *arguments)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, next((line for line in lines if 'source' in line), None)

    def reviews(self):
        done = self.run('review', 'list', '--json')
        return [json.loads(line) for line in done.stdout.splitlines()]

    def decide(self, verb, kind):
        item = next(item for item in self.reviews() if item['kind'] == kind)
        done = self.run('review', verb, str(item['review']))
        assert done.returncode == 0, done.stderr

    def has(self, value):
        done = subprocess.run([SEKISHO, 'lookup', '-d', self.folder / 'list.skdb', value],
                              capture_output=True, text=True)
        return done.returncode == 0


@pytest.fixture
def sensor(tmp_path):
    return Sensor(tmp_path)


@pytest.fixture
def server():
    with ListServer() as one:
        yield one


def names(count, first=0):
    return ''.join(f'host{i}.example.com\n' for i in range(first, first + count)).encode()


def test_an_unchanged_document_is_not_read_again(sensor, server):
    server.body = names(10)
    sensor.configure({'kind': 'http', 'address': server.url})
    status, said = sensor.sync()
    assert (status, said['state'], said['added']) == (0, 'done', 10)
    status, said = sensor.sync()
    assert (status, said['state'], said['bytes']) == (0, 'unchanged', 0)
    assert server.statuses() == [200, 304]
    assert sensor.has('host3.example.com')


def test_the_same_bytes_are_not_read_again_without_an_etag(sensor, server):
    server.body, server.has_etag = names(10), False
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    status, said = sensor.sync()
    assert (status, said['state'], said['bytes']) == (0, 'unchanged', 0)
    assert server.statuses() == [200, 200]
    _, said = sensor.sync('--full')
    assert (said['state'], said['unchanged']) == ('done', 10)


def test_a_changed_setting_reads_the_document_again(sensor, server):
    server.body = names(10)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    sensor.configure({'kind': 'http', 'address': server.url, 'tlp': 'red'})
    _, said = sensor.sync()
    assert (said['state'], said['changed']) == ('done', 10)


def test_what_is_absent_is_withdrawn(sensor, server):
    server.body, server.has_gzip = names(10), True
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    server.body = names(9) + b'new.example.com\n'
    _, said = sensor.sync()
    assert (said['added'], said['withdrawn'], said['unchanged']) == (1, 1, 9)
    assert sensor.has('new.example.com') and not sensor.has('host9.example.com')


@pytest.mark.parametrize('answer', [404, 403])
def test_the_last_good_data_stay_when_the_server_refuses(sensor, server, answer):
    server.body = names(10)
    sensor.configure({'kind': 'http', 'address': server.url, 'retries': '0'})
    sensor.sync()
    server.status, server.body = answer, b'gone'
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'failed')
    assert sensor.has('host3.example.com')
    listed = json.loads(sensor.run('source', 'list', '--json').stdout)
    assert str(answer) in listed['last_error'] and listed['live'] == 10


def test_the_last_good_data_stay_when_the_server_is_down(sensor, server):
    server.body = names(10)
    sensor.configure({'kind': 'http', 'address': server.url, 'retries': '0'})
    sensor.sync()
    server.server.shutdown()
    server.server.server_close()
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'failed')
    assert sensor.has('host3.example.com')


def test_a_list_that_shrinks_is_held_until_accepted(sensor, server):
    server.body = names(100)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    server.body = names(40)
    for _ in range(2):
        status, said = sensor.sync()
        assert (status, said['state']) == (1, 'held')
    assert sensor.has('host99.example.com')
    held = [item for item in sensor.reviews() if item['kind'] == 'delivery']
    assert len(held) == 1 and held[0]['count'] == 2 and '60 of 100' in held[0]['reason']

    sensor.decide('accept', 'delivery')
    status, said = sensor.sync()
    assert (status, said['state'], said['withdrawn']) == (0, 'done', 60)
    assert not sensor.has('host99.example.com')

    server.body = names(10)  # what was accepted counted once
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'held')


def test_what_is_worse_than_accepted_is_held_again(sensor, server):
    server.body = names(100)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    server.body = names(40)
    sensor.sync()
    sensor.decide('accept', 'delivery')
    server.body = names(5)
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'held')
    assert sensor.has('host99.example.com')


def test_what_was_rejected_stays_held_without_asking_again(sensor, server):
    server.body = names(100)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    server.body = names(40)
    sensor.sync()
    sensor.decide('reject', 'delivery')
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'held')
    assert [item for item in sensor.reviews() if item['kind'] == 'delivery'] == []


@pytest.mark.parametrize('body', [b'', names(1000)])
def test_an_empty_list_and_one_that_swells_are_held(sensor, server, body):
    server.body = names(100)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    server.body = body
    status, said = sensor.sync()
    assert (status, said['state']) == (1, 'held')


def test_what_the_screen_refuses_passes_once_accepted(sensor, tmp_path):
    (tmp_path / 'list.txt').write_text('bad.example.com\n10.0.0.0/7\nwww.own.example.jp\n')
    sensor.configure({'kind': 'file', 'address': 'list.txt'}, 'own: {names: own.example.jp}\n')
    _, said = sensor.sync()
    assert (said['added'], said['skipped']) == (1, 2)
    assert sorted(item['subject'] for item in sensor.reviews()) == [
        '10.0.0.0/7', 'www.own.example.jp']
    sensor.decide('accept', 'value')
    _, said = sensor.sync()
    assert (said['added'], said['unchanged'], said['skipped']) == (1, 1, 1)


def test_a_damaged_file_among_several_withdraws_nothing(sensor, tmp_path):
    feeds = tmp_path / 'feeds'
    feeds.mkdir()
    (feeds / 'a.txt').write_bytes(names(5))
    (feeds / 'b.txt').write_bytes(names(5, 5))
    (feeds / '.hidden').write_bytes(names(5, 90))
    (feeds / 'c.txt.part').write_bytes(names(5, 90))
    sensor.configure({'kind': 'file', 'address': 'feeds'})
    _, said = sensor.sync()
    assert (said['added'], said['bodies']) == (10, 2)
    (feeds / 'b.txt').write_bytes(b'\x1f\x8b\x08\x00damaged')
    (feeds / 'a.txt').write_bytes(names(4))
    status, said = sensor.sync()
    assert (said['withdrawn'], said['unchanged']) == (0, 4)
    (feeds / 'b.txt').write_bytes(names(5, 5))
    _, said = sensor.sync()
    assert (said['withdrawn'], said['unchanged']) == (1, 9)


def test_times_in_the_future_are_not_believed(sensor, tmp_path):
    def bundle(modified, pattern):
        return json.dumps({'type': 'bundle', 'id': 'bundle--5d0092c5-5f74-4287-9642-33f4c354e56d',
                           'objects': [{
                               'type': 'indicator', 'spec_version': '2.1', 'pattern': pattern,
                               'id': 'indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2',
                               'created': '2020-01-01T00:00:00Z', 'modified': modified,
                               'pattern_type': 'stix', 'valid_from': '2020-01-01T00:00:00Z'}]})
    (tmp_path / 'a.json').write_text(
        bundle('2099-01-01T00:00:00Z', "[domain-name:value = 'a.example.com']"))
    sensor.configure({'kind': 'file', 'address': 'a.json'})
    _, said = sensor.sync()
    assert [problem['reason'] for problem in said['problems']] == [
        'created or modified in the future']
    # Otherwise nothing could ever replace it.
    time.sleep(0.01)
    now = time.strftime('%Y-%m-%dT%H:%M:59Z', time.gmtime(time.time() + 60))
    (tmp_path / 'a.json').write_text(bundle(now, "[domain-name:value = 'b.example.com']"))
    _, said = sensor.sync()
    assert said['changed'] == 1


def test_words_for_threat_types_are_translated(sensor, tmp_path):
    (tmp_path / 'list.csv').write_text('value,threat_type\nbad.example.com,ボット\n')
    sensor.configure({'kind': 'file', 'address': 'list.csv',
                      'types': [{'theirs': 'ボット', 'ours': 'malicious-activity'}]})
    sensor.sync()
    done = subprocess.run([SEKISHO, 'lookup', '--json', '-d', tmp_path / 'list.skdb',
                           'bad.example.com'], capture_output=True, text=True)
    assert 'malicious-activity' in done.stdout


def test_known_benign_values_are_kept_whatever_they_are(sensor, tmp_path):
    (tmp_path / 'list.txt').write_text('good.example.com\n10.0.0.0/7\nco.uk\n')
    sensor.configure({'kind': 'file', 'address': 'list.txt', 'role': 'known-benign'})
    _, said = sensor.sync()
    assert (said['added'], said['skipped']) == (3, 0)


@pytest.mark.parametrize('kind,entries,taken,left', [
    ('string', ['good.example.com', '192.0.2.7', 'http://good.example.com/x'], 3, 0),
    ('hostname', ['.good.example.com', 'b.example.com'], 2, 0),
    ('cidr', ['10.0.0.0/7', '2001:db8::/32', 'nonsense'], 2, 1),
    ('substring', ['.good.example.com', 'good'], 1, 1),
    ('regex', [r'/^(.*\.)?good\.example\.com$/i', r'/\.b\.example\.com$/', 'a.*b', 5], 2, 2),
])
def test_a_warninglist_gives_its_values(sensor, tmp_path, kind, entries, taken, left):
    (tmp_path / 'list.json').write_text(json.dumps({
        'name': 'Good', 'type': kind, 'version': 1, 'list': entries,
        'matching_attributes': ['domain']}))
    sensor.configure({'kind': 'file', 'address': 'list.json', 'role': 'known-benign'})
    status, said = sensor.sync()
    assert (status, said['added'], said['skipped']) == (0, taken, 1 if left else 0)


def test_a_warninglist_makes_no_indicators_elsewhere(sensor, tmp_path):
    (tmp_path / 'list.json').write_text(json.dumps({
        'name': 'Good', 'type': 'string', 'version': 1, 'list': ['good.example.com'],
        'matching_attributes': ['domain']}))
    sensor.configure({'kind': 'file', 'address': 'list.json'})
    _, said = sensor.sync()
    assert said['added'] == 0 and not sensor.has('good.example.com')


def test_what_is_known_benign_is_not_dropped(sensor, tmp_path):
    (tmp_path / 'good.txt').write_text('good.example.com\n')
    (tmp_path / 'bad.txt').write_text('good.example.com\nbad.example.com\n')
    sensor.config.write_text(
        'store: store.db\ndatabase: list.skdb\nsources:\n'
        '- {name: good, kind: file, address: good.txt, role: known-benign}\n'
        '- {name: bad, kind: file, address: bad.txt, reliability: A, group: C2}\n'
        'policy: [{action: drop}]\n')
    sensor.run('sync')
    actions = {value: subprocess.run([SEKISHO, 'lookup', '--json', '-d',
                                      tmp_path / 'list.skdb', value],
                                     capture_output=True, text=True).stdout
               for value in ('good.example.com', 'bad.example.com')}
    assert '"drop"' in actions['bad.example.com'] and '"drop"' not in actions['good.example.com']


def test_what_members_apply_is_to_be_considered(sensor, tmp_path):
    (tmp_path / 'members.txt').write_text('alone.example.com\nboth.example.com\n')
    (tmp_path / 'best.txt').write_text('both.example.com\n')
    sensor.config.write_text(
        'store: store.db\ndatabase: list.skdb\nguards: {change-min: 9}\nsources:\n'
        '- {name: members, kind: file, address: members.txt, group: BLOCKLIST}\n'
        '- {name: best, kind: file, address: best.txt, group: C2}\n'
        'policy: [{sources: 2, action: drop}, {group: C2, action: drop}, {action: alert}]\n')
    sensor.run('sync')
    assert [(item['kind'], item['subject']) for item in sensor.reviews()] == [
        ('consider', 'alone.example.com')]
    (tmp_path / 'members.txt').write_text('alone.example.com\n')
    sensor.run('sync')
    assert [(item['kind'], item['subject']) for item in sensor.reviews()] == [
        ('consider', 'alone.example.com'), ('withdrawn', 'both.example.com')]
    assert [item['count'] for item in sensor.reviews()] == [1, 1]


def test_negative_patterns_wait_for_a_person(sensor, tmp_path):
    pattern = "[domain-name:value != 'good.example.com']"
    (tmp_path / 'bundle.json').write_text(json.dumps({
        'type': 'bundle', 'id': 'bundle--0c5e7c2f-79e0-4b5f-9a37-5b4c9a1f6c11', 'objects': [{
            'type': 'indicator', 'spec_version': '2.1', 'id':
            'indicator--0c5e7c2f-79e0-4b5f-9a37-5b4c9a1f6c10', 'pattern_type': 'stix',
            'created': '2026-01-01T00:00:00Z', 'modified': '2026-01-01T00:00:00Z',
            'valid_from': '2026-01-01T00:00:00Z', 'pattern': pattern}]}))
    (tmp_path / 'package.xml').write_text(
        '<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1" id="e:p" version="1.2" '
        'xmlns:indicator="http://stix.mitre.org/Indicator-2" '
        'xmlns:cybox="http://cybox.mitre.org/cybox-2" '
        'xmlns:DomainNameObj="http://cybox.mitre.org/objects#DomainNameObject-1" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<stix:Indicators><stix:Indicator id="e:i-1" negate="true" '
        'xsi:type="indicator:IndicatorType"><indicator:Observable><cybox:Object>'
        '<cybox:Properties xsi:type="DomainNameObj:DomainNameObjectType">'
        '<DomainNameObj:Value>good.example.com</DomainNameObj:Value></cybox:Properties>'
        '</cybox:Object></indicator:Observable></stix:Indicator></stix:Indicators>'
        '</stix:STIX_Package>')
    subjects = {'bundle.json': 'indicator--0c5e7c2f-79e0-4b5f-9a37-5b4c9a1f6c10 ' + pattern,
                'package.xml': 'e:i-1 good.example.com'}
    for name, subject in subjects.items():
        sensor.configure({'kind': 'file', 'address': name})
        sensor.sync()
        item = sensor.reviews()[-1]
        assert (item['kind'], item['subject']) == ('pattern', subject)
        assert item['reason'].endswith('held for review')
        sensor.decide('accept', 'pattern')
        sensor.sync('--full')  # noted only: such a pattern cannot be compiled
        assert sensor.reviews() == [] and not sensor.has('good.example.com')


def test_vetoed_drops_are_queued_a_thousand_of_them(sensor, tmp_path):
    (tmp_path / 'known.txt').write_bytes(names(1200))
    (tmp_path / 'bad.txt').write_bytes(names(1500))
    sensor.config.write_text(
        'store: store.db\ndatabase: list.skdb\nsources:\n'
        '- {name: known, kind: file, address: known.txt, role: known-benign}\n'
        '- {name: bad, kind: file, address: bad.txt, group: C2}\n'
        'policy: [{action: drop}]\n')
    assert sensor.run('sync').returncode == 0
    items = sensor.reviews()
    assert len(items) == 1001 and {item['kind'] for item in items} == {'vetoed'}
    assert [item['count'] for item in items if item['subject'] == 'further ones'] == [200]
    assert all(item['reason'].startswith('a drop, vetoed: ') and
               item['reason'].endswith('known-benign, says known')
               for item in items if item['subject'] != 'further ones')
    (tmp_path / 'known.txt').write_bytes(names(900))
    sensor.run('sync')
    assert 'further ones' not in {item['subject'] for item in sensor.reviews()}
    assert sensor.run('compile', '--full').returncode == 0
    assert len(sensor.reviews()) == 1000


def test_another_writer_is_waited_for_and_then_told(sensor, tmp_path):
    (tmp_path / 'list.txt').write_bytes(names(3))
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    sensor.sync()
    (tmp_path / 'list.txt').write_bytes(names(4))
    writer = sqlite3.connect(tmp_path / 'store.db', isolation_level=None)
    writer.execute('BEGIN IMMEDIATE')
    waiting = subprocess.Popen([SEKISHO, 'sync', '-c', sensor.config], text=True,
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(2)
    assert waiting.poll() is None
    begin = time.monotonic()
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=30)
    assert waiting.returncode == 130 and time.monotonic() - begin < 5
    done = sensor.run('sync')
    assert done.returncode == 2 and 'another process is writing to the store' in done.stderr
    writer.execute('ROLLBACK')
    writer.close()
    assert sensor.sync()[0] == 0 and sensor.has('host3.example.com')


def test_a_damaged_store_is_not_taken_for_a_damaged_source(sensor, tmp_path):
    (tmp_path / 'list.txt').write_bytes(names(5000))
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    sensor.sync()
    with sqlite3.connect(tmp_path / 'store.db') as store:
        store.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        page_bytes, = store.execute('PRAGMA page_size').fetchone()
        page, = store.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'member'"
                              ).fetchone()
    store.close()
    with open(tmp_path / 'store.db', 'r+b') as file:
        file.seek((page - 1) * page_bytes)
        file.write(b'\xff' * page_bytes)
    (tmp_path / 'list.txt').write_bytes(names(5001))
    done = sensor.run('sync')
    assert done.returncode == 2 and 'malformed' in done.stderr


def test_a_source_test_says_what_is_wrong_with_a_credential(sensor, tmp_path, server):
    secret = tmp_path / 'token'
    secret.write_text('pass-phrase')
    secret.chmod(0o644)
    sensor.configure({'kind': 'http', 'address': server.url, 'token-file': str(secret)})
    done = sensor.run('source', 'test', 'list')
    assert done.returncode == 1 and str(secret) in done.stdout + done.stderr


def test_retention_is_kept_once_a_day(sensor, tmp_path):
    def alter(statement):
        with sqlite3.connect(tmp_path / 'store.db') as store:
            store.execute(statement)
        store.close()

    def purged():
        return [json.loads(line)['purged'] for line in sensor.run('sync', '--json').stdout
                .splitlines() if 'purged' in line]

    (tmp_path / 'list.txt').write_bytes(names(3))
    sensor.configure({'kind': 'file', 'address': 'list.txt'},
                     'guards: {change-min: 9}\nretention: 9d\n')
    assert purged() == []
    (tmp_path / 'list.txt').write_bytes(names(1))
    sensor.sync()
    alter(f'UPDATE vote SET withdrawn_ns = withdrawn_ns - {10 * 86400 * 10**9} '
          'WHERE withdrawn_ns IS NOT NULL')
    assert purged() == []  # it was done today
    alter(f"UPDATE note SET value = value - {86400 * 10**9} WHERE name = 'purge.time'")
    assert purged() == [2]
    assert purged() == []
    store = sqlite3.connect(tmp_path / 'store.db')
    assert store.execute('SELECT count(*) FROM vote').fetchone() == (1,)
    assert ('purge', '2 votes, 0 older versions') in store.execute(
        "SELECT who, why FROM event WHERE what = 'purged'").fetchall()
    store.close()


def test_what_finds_no_room_in_the_queue_comes_later(sensor, tmp_path):
    (tmp_path / 'members.txt').write_bytes(names(2500))
    sensor.config.write_text(
        'store: store.db\ndatabase: list.skdb\nsources:\n'
        '- {name: other, kind: file, address: other.txt}\n'
        '- {name: members, kind: file, address: members.txt, group: BLOCKLIST}\n'
        'policy: [{action: alert}]\n')
    (tmp_path / 'other.txt').write_bytes(names(1200, first=5000))
    seen = set()
    for waiting, further in ((1000, 1500), (1000, 500), (500, 0)):
        sensor.run('sync')
        items = sensor.reviews()
        told = [item for item in items if item['subject'] == 'further ones']
        assert [item['count'] for item in told] == ([further] if further else [])
        found = [item for item in items if item['subject'] != 'further ones']
        assert len(found) == waiting and not seen & {item['subject'] for item in found}
        seen |= {item['subject'] for item in found}
        sensor.run('sync')  # no room: nothing comes, nothing is lost
        assert len(sensor.reviews()) == len(items)
        assert sensor.run('review', 'reject', *(str(item['review']) for item in found)
                          ).returncode == 0
    assert seen == set(names(2500).decode().split())
    (tmp_path / 'members.txt').write_bytes(names(2501))
    sensor.run('sync')
    assert [item['subject'] for item in sensor.reviews()] == ['host2500.example.com']


def test_two_syncs_do_not_work_at_once(sensor, tmp_path):
    (tmp_path / 'list.txt').write_bytes(names(3))
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    with open(tmp_path / 'store.db.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = sensor.run('sync')
    assert done.returncode == 2 and 'another sync is at work' in done.stderr
    assert sensor.sync()[0] == 0


def test_compile_waits_for_a_sync(sensor, tmp_path):
    (tmp_path / 'list.txt').write_bytes(names(3))
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    assert sensor.sync('--no-compile')[0] == 0
    with open(tmp_path / 'store.db.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        elsewhere = sensor.run('compile', '-o', str(tmp_path / 'other.skdb'))
        assert elsewhere.returncode == 0, elsewhere.stderr
        with subprocess.Popen([SEKISHO, 'compile', '-c', sensor.config], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, text=True) as waiting:
            assert 'waiting' in waiting.stderr.readline()
            assert not (tmp_path / 'list.skdb').exists()
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert waiting.wait(timeout=60) == 0
    assert sensor.has('host1.example.com')


def test_mistakes_end_it_with_2(sensor, tmp_path):
    sensor.configure({'kind': 'file', 'address': 'list.txt', 'interval': '15 apples'})
    done = sensor.run('sync')
    assert done.returncode == 2
    assert 'sekisho.yaml:5: sources[0].interval: \'15 apples\' is not a duration' in done.stderr
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    assert sensor.run('sync', '--source', 'other').returncode == 2
    assert sensor.sync()[0] == 1  # the file is not there


def wait_for(condition, seconds=20):
    until = time.time() + seconds
    while time.time() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_watch_reads_the_configuration_again_and_ends_cleanly(sensor, tmp_path):
    messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    messages.bind(str(tmp_path / 'notify'))
    messages.settimeout(20)
    (tmp_path / 'one.txt').write_text('one.example.com\n')
    (tmp_path / 'two.txt').write_text('two.example.com\n')
    sensor.configure({'kind': 'file', 'address': 'one.txt'})
    watch = subprocess.Popen([SEKISHO, 'sync', '--watch', '-c', sensor.config], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env={**os.environ, 'NOTIFY_SOCKET': str(tmp_path / 'notify'),
                                  'WATCHDOG_USEC': '1000000'})
    try:
        assert messages.recv(200) == b'READY=1'
        assert wait_for(lambda: sensor.has('one.example.com'))
        sensor.config.write_text(sensor.config.read_text() + 'nonsense: 1\n')
        watch.send_signal(signal.SIGHUP)
        seen = b''
        while b'WATCHDOG' not in seen or b'RELOADING=1' not in seen or b'READY' not in seen:
            seen += messages.recv(200)
        assert watch.poll() is None
        sensor.configure({'kind': 'file', 'address': 'two.txt'})
        text = sensor.config.read_text().replace('"list"', '"second"')
        sensor.config.write_text(text)
        watch.send_signal(signal.SIGHUP)
        assert wait_for(lambda: sensor.has('two.example.com'))
    finally:
        watch.send_signal(signal.SIGTERM)
    _, errors = watch.communicate(timeout=20)
    assert watch.returncode == 0
    assert 'nonsense: no such field is known' in errors
    assert 'second' in sensor.run('source', 'list').stdout


def test_watch_knows_after_a_restart_what_is_not_due(sensor, server):
    server.body = names(3)
    sensor.configure({'kind': 'http', 'address': server.url})
    sensor.sync()
    watch = subprocess.Popen([SEKISHO, 'sync', '--watch', '-c', sensor.config],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=20)
    assert watch.returncode == 0 and server.statuses() == [200]


def test_a_source_is_added_with_comments_kept_and_reached_for(sensor, server):
    server.body = names(3)
    sensor.config.write_text('# mine\nstore: store.db\nsources:\n- name: a # first\n'
                             '  kind: file\n  address: list.txt\n\n# the policy\npolicy: []\n')
    done = sensor.run('source', 'add', 'web', '--kind', 'http', '--address', server.url)
    assert done.returncode == 0, done.stderr
    assert sensor.config.read_text() == (
        '# mine\nstore: store.db\nsources:\n- name: a # first\n  kind: file\n'
        '  address: list.txt\n- name: "web"\n  kind: "http"\n'
        f'  address: "{server.url}"\n\n# the policy\npolicy: []\n')
    done = sensor.run('source', 'test', 'web')
    assert done.returncode == 0 and 'status 200' in done.stdout
    before = sensor.config.read_text()
    done = sensor.run('source', 'add', 'bad', '--kind', 'http', '--address', 'x')
    assert done.returncode == 2 and sensor.config.read_text() == before
    server.status = 404
    assert sensor.run('source', 'test', 'web').returncode == 1


def test_what_is_wrong_with_credentials_is_said(sensor):
    sensor.configure({'kind': 'http', 'address': 'https://127.0.0.1:1/', 'username': 'u',
                      'password-env': 'SEKISHO_NOT_SET'})
    done = sensor.run('source', 'test', 'list')
    assert done.returncode == 1
    assert 'SEKISHO_NOT_SET: is not set in the environment' in done.stderr
    assert sensor.sync()[0] == 1
    assert 'SEKISHO_NOT_SET: is not set in the environment' in sensor.run('source', 'list').stdout


def test_a_source_that_is_gone_is_withdrawn_when_a_person_says_so(sensor, tmp_path):
    (tmp_path / 'list.txt').write_bytes(names(3))
    sensor.configure({'kind': 'file', 'address': 'list.txt'})
    assert sensor.sync()[0] == 0
    named = sensor.config.read_text()
    sensor.config.write_text('store: store.db\ndatabase: list.skdb\nsources: []\n')
    done = sensor.run('sync')
    assert done.returncode == 0 and 'stays in effect' in done.stderr
    assert 'stays in effect' in sensor.run('source', 'list').stderr
    assert sensor.has('host1.example.com')
    done = sensor.run('source', 'withdraw', 'list', '--why', 'unreliable')
    assert done.returncode == 0 and '3 withdrawn' in done.stdout, done.stderr
    assert 'stays in effect' not in sensor.run('sync').stderr
    assert not sensor.has('host1.example.com')
    assert sensor.run('source', 'withdraw', 'other').returncode == 2
    sensor.config.write_text(named)  # the same bytes as before: read all the same
    assert sensor.sync()[1]['live'] == 3 and sensor.has('host1.example.com')


def test_what_is_no_feed_is_said(sensor, tmp_path):
    (tmp_path / 'list.bin').write_bytes(bytes(range(256)) * 8)
    sensor.configure({'kind': 'file', 'address': 'list.bin'})
    done = sensor.run('sync')
    assert done.returncode == 1
    assert 'failed: what came is damaged, or of no kind that is read' in done.stdout


def test_what_is_shown_has_every_field_and_no_password(tmp_path):
    fields = {'name': 'a', 'kind': 'mail', 'address': '/var/mail/a', 'plain-names': 'yes',
              'attachments-only': 'yes', 'proxy': 'http://user:secret@proxy.example:3128'}
    config = tmp_path / 'sekisho.yaml'
    config.write_text('sources:\n  - ' + '\n    '.join(f'{key}: {value}'
                                                       for key, value in fields.items()) + '\n')
    shown = subprocess.run([SEKISHO, 'config', 'show', config], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert 'plain-names: yes' in shown.stdout
    assert 'attachments-only: yes' in shown.stdout
    assert 'proxy: "http://proxy.example:3128"' in shown.stdout
    assert 'secret' not in shown.stdout


def test_the_example_configuration_has_no_mistake():
    example = os.path.join(os.path.dirname(__file__), '../../examples/sekisho.yaml')
    done = subprocess.run([SEKISHO, 'config', 'check', example], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run([SEKISHO, 'config', 'show', example], capture_output=True, text=True)
    assert shown.returncode == 0 and 'isac-c2' in shown.stdout


def test_what_is_shown_of_a_configuration_reads_as_the_same(tmp_path):
    example = os.path.join(os.path.dirname(__file__), '../../examples/sekisho.yaml')
    shown = subprocess.run([SEKISHO, 'config', 'show', example], capture_output=True, text=True)
    (tmp_path / 'shown.yaml').write_text(shown.stdout)
    again = subprocess.run([SEKISHO, 'config', 'show', tmp_path / 'shown.yaml'],
                           capture_output=True, text=True)
    assert again.stdout == shown.stdout
