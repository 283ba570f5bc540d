"""`sekisho sync` against medallion: exactly what the server holds, whatever the address."""
import pytest

import samples
from medallion_server import COLLECTION, Medallion, numbered
from sensor import Sensor


@pytest.fixture(name='start')
def make_start(tmp_path):
    running = []

    def start(version, objects, page=100):
        running.append(Medallion(tmp_path / 'server', version, objects, page))
        return running[-1]
    yield start
    for server in running:
        server.close()


def subscribe(folder, server, address, **source):
    sensor = Sensor(folder, kind='taxii21', address=address, **source)
    sensor.write(**server.source(sensor))
    return sensor


def check(sensor, server):
    done = sensor.sync()
    assert done.returncode == 0, done.stdout + done.stderr
    held = server.held()
    assert sensor.indicators() == held
    assert sensor.count('vote') == len(held)


@pytest.mark.parametrize('version', ['2.1', '2.0'])
def test_more_than_a_thousand_objects_in_pages(version, start, tmp_path):
    server = start(version, numbered(1200, version, together=50), page=100)
    sensor = subscribe(tmp_path / 'run', server, server.discovery(), collection='Samples')
    check(sensor, server)
    assert len(sensor.indicators()) == 1200


@pytest.mark.parametrize('version', ['2.1', '2.0'])
@pytest.mark.parametrize('path,collection', [
    ('/group/', None),
    ('/group/', COLLECTION),
    ('/group/collections/', 'Samples'),
    (f'/group/collections/{COLLECTION}/', None),
    (f'/group/collections/{COLLECTION}/objects', None),
])
def test_each_address_leads_to_the_objects(version, path, collection, start, tmp_path):
    server = start(version, numbered(25, version), page=10)
    source = {'collection': collection} if collection else {}
    sensor = subscribe(tmp_path / 'run', server, server.root + path, **source)
    check(sensor, server)


@pytest.mark.parametrize('version', ['2.1', '2.0'])
def test_all_versions_come_and_the_newest_counts(version, start, tmp_path):
    objects = numbered(30, version)
    for number in range(0, 30, 3):
        objects.append((samples.indicator(number, 1, version), samples.date_added(100 + number)))
    server = start(version, objects, page=7)
    sensor = subscribe(tmp_path / 'run', server, server.root + '/group/')
    check(sensor, server)
    assert ('sample 3, version 1') in dict(sensor.indicators())[samples.identifier(3)]
    assert sensor.count('version') == 10 # the older ones, kept


@pytest.mark.parametrize('version', ['2.1', '2.0'])
def test_an_empty_collection_is_no_error(version, start, tmp_path):
    server = start(version, [])
    sensor = subscribe(tmp_path / 'run', server, server.root + '/group/')
    done = sensor.sync()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sensor.count('vote') == 0


@pytest.mark.parametrize('version', ['2.1', '2.0'])
def test_nothing_new_is_nothing_new(version, start, tmp_path):
    server = start(version, numbered(25, version), page=10)
    sensor = subscribe(tmp_path / 'run', server, server.root + '/group/')
    check(sensor, server)
    changes = sensor.count('change')
    check(sensor, server)
    assert sensor.count('change') == changes


def test_wrong_password_is_refused(start, tmp_path):
    server = start('2.1', numbered(5))
    sensor = subscribe(tmp_path / 'run', server, server.root + '/group/')
    sensor.secret('another', 'password')
    done = sensor.sync()
    assert done.returncode != 0
    assert '401' in done.stdout + done.stderr


def test_a_collection_without_right_to_read_is_refused(start, tmp_path):
    server = start('2.1', numbered(5))
    sensor = subscribe(tmp_path / 'run', server, server.root + '/group/', collection='Secret')
    done = sensor.sync()
    assert done.returncode != 0
    assert 'may not be read' in done.stdout + done.stderr


@pytest.mark.parametrize('version', ['2.1', '2.0'])
def test_source_test_tells_what_is_there(version, start, tmp_path):
    server = start(version, numbered(25, version), page=100)
    sensor = subscribe(tmp_path / 'run', server, server.discovery(), collection='Samples')
    done = sensor.run('source', 'test', 'feed')
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Judge' in done.stdout
    assert COLLECTION in done.stdout
    assert 'objects: 25' in done.stdout
