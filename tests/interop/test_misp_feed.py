"""A MISP feed, as a folder and over HTTP: new events, changed ones, events that go."""
import functools
import http.server
import json
import threading

import pytest

from sensor import Sensor


def uuid(number):
    return f'00000000-0000-4000-8000-{number:012}'


class Feed:
    """A folder with manifest.json and event files."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.manifest = {}
        self.write_manifest()

    def write_manifest(self):
        (self.folder / 'manifest.json').write_text(json.dumps(self.manifest))

    def put(self, number, *names, timestamp=1700000000):
        attributes = [{'uuid': uuid(1000 * number + i), 'type': 'domain', 'to_ids': True,
                       'category': 'Network activity', 'timestamp': str(timestamp),
                       'value': name} for i, name in enumerate(names)]
        event = {'uuid': uuid(number), 'info': f'event {number}', 'timestamp': str(timestamp)}
        self.manifest[uuid(number)] = event
        (self.folder / f'{uuid(number)}.json').write_text(
            json.dumps({'Event': {**event, 'Attribute': attributes}}))
        self.write_manifest()

    def drop(self, number):
        del self.manifest[uuid(number)]
        (self.folder / f'{uuid(number)}.json').unlink()
        self.write_manifest()


class Handler(http.server.SimpleHTTPRequestHandler):
    asked = []

    def log_message(self, *_):
        Handler.asked.append(self.path)


@pytest.fixture(params=['folder', 'http'])
def feed(request, tmp_path):
    feed = Feed(tmp_path / 'feed')
    feed.address = str(feed.folder)
    if request.param == 'folder':
        yield feed
        return
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0), functools.partial(Handler, directory=feed.folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    feed.address = f'http://127.0.0.1:{server.server_address[1]}/manifest.json'
    yield feed
    server.shutdown()


def live(sensor):
    return sensor.count('vote', 'end = 0')


def test_events_come_change_and_go(feed, tmp_path):
    sensor = Sensor(tmp_path / 'sensor', kind='misp-feed', address=feed.address)
    feed.put(1, 'a.example.com', 'b.example.com')
    feed.put(2, 'c.example.com', 'd.example.com', 'e.example.com')
    done = sensor.sync()
    assert done.returncode == 0, done.stderr
    assert live(sensor) == 5

    Handler.asked.clear()
    assert sensor.sync().returncode == 0
    assert not any(uuid(1) in path for path in Handler.asked)  # nothing changed

    feed.put(3, 'f.example.com')
    Handler.asked.clear()
    assert sensor.sync().returncode == 0
    assert live(sensor) == 6
    assert not any(uuid(1) in path for path in Handler.asked)  # only what is new

    feed.put(1, 'a.example.com', timestamp=1700000001)  # without its second attribute
    assert sensor.sync().returncode == 0
    assert live(sensor) == 5

    feed.drop(3)
    assert sensor.sync().returncode == 0
    assert live(sensor) == 4


def test_an_event_that_is_missing_withdraws_nothing_and_is_asked_again(feed, tmp_path):
    sensor = Sensor(tmp_path / 'sensor', kind='misp-feed', address=feed.address)
    feed.put(1, 'a.example.com')
    feed.put(2, 'b.example.com')
    assert sensor.sync().returncode == 0

    path = feed.folder / f'{uuid(2)}.json'
    content = path.read_text()
    feed.put(1, 'a.example.com', timestamp=1700000001)
    path.unlink()
    sensor.sync()
    assert live(sensor) == 2
    path.write_text(content)
    assert sensor.sync().returncode == 0
    assert live(sensor) == 2


def test_what_a_broken_complete_run_could_not_withdraw_goes_with_the_next(feed, tmp_path):
    sensor = Sensor(tmp_path / 'sensor', kind='misp-feed', address=feed.address)
    feed.put(1, 'a.example.com', 'b.example.com')
    feed.put(2, 'c.example.com')
    assert sensor.sync().returncode == 0

    path = feed.folder / f'{uuid(2)}.json'
    content = path.read_text()
    feed.put(1, 'a.example.com', timestamp=1700000001)  # without its second attribute
    path.unlink()
    sensor.sync()
    assert live(sensor) == 3
    path.write_text(content)
    assert sensor.sync().returncode == 0
    assert live(sensor) == 2
    Handler.asked.clear()
    assert sensor.sync().returncode == 0
    assert not any(uuid(1) in path for path in Handler.asked)
