"""`sekisho sync` against OpenTAXII over TAXII 1.1: STIX 1.x and STIX 2 content blocks alike."""
import random
import subprocess
import time

import pytest

from opentaxii_server import OpenTaxii, STIX1, bundle, package
from sensor import Sensor

KILLS = 20


@pytest.fixture(name='start')
def make_start(tmp_path):
    running = []

    def start(blocks, part=100):
        running.append(OpenTaxii(tmp_path / 'server', part))
        running[-1].fill(blocks)
        return running[-1]
    yield start
    for server in running:
        server.close()


def subscribe(folder, server, service='discovery', **source):
    sensor = Sensor(folder, kind='taxii11', address=f'{server.root}/{service}',
                    **{'collection': 'samples', **source})
    sensor.write(**server.source(sensor))
    return sensor


def names(sensor):
    return sorted(name for _, name in sensor.indicators())


def check(sensor, expected):
    done = sensor.sync()
    assert done.returncode == 0, done.stdout + done.stderr
    assert names(sensor) == sorted(expected)
    assert sensor.count('vote') == len(expected)


def mixed(count):
    blocks = [make(number) for number in range(count // 2) for make in (package, bundle)]
    return blocks, [f'sample {number}' for number in range(count // 2)] * 2


@pytest.mark.parametrize('service', ['discovery', 'collections', 'poll'])
def test_each_address_leads_to_the_blocks_of_both_formats(service, start, tmp_path):
    blocks, expected = mixed(24)
    server = start(blocks, part=5)
    check(subscribe(tmp_path / 'run', server, service), expected)


def test_escaped_and_foreign_blocks(start, tmp_path):
    content, _ = package(1)
    # As text: an XML declaration keeps cabby from handing it on as XML.
    server = start([(content.replace('<', ' <', 1), STIX1), ('what is this', 'urn:x'),
                    ('<alert/>', 'urn:y'), bundle(2), ('{"type": ', 'urn:z'), package(3)])
    sensor = subscribe(tmp_path / 'run', server)
    done = sensor.sync()
    assert names(sensor) == ['sample 1', 'sample 2', 'sample 3']
    assert 'content block of no known format' in done.stdout + done.stderr


def test_only_what_is_new_comes_the_next_time(start, tmp_path):
    server = start([package(1), bundle(2)])
    sensor = subscribe(tmp_path / 'run', server)
    check(sensor, ['sample 1', 'sample 2'])
    changes = sensor.count('change')
    time.sleep(1.1)
    server.fill([package(3)])
    check(sensor, ['sample 1', 'sample 2', 'sample 3'])
    assert sensor.count('change') == changes + 1
    log = (tmp_path / 'server' / 'opentaxii.log').read_text()
    assert log.count('POST /services/poll') == 2


def test_a_newer_version_and_a_revocation_count(start, tmp_path):
    server = start([package(1), bundle(2), package(3)])
    sensor = subscribe(tmp_path / 'run', server)
    check(sensor, ['sample 1', 'sample 2', 'sample 3'])
    server.fill([package(1, value='newer.example', modified='2026-02-01T00:00:00Z'),
                 bundle(2, modified='2026-02-01T00:00:00Z', revoked=True)])
    done = sensor.sync()
    assert done.returncode == 0, done.stdout + done.stderr
    assert names(sensor) == ['sample 1', 'sample 3']
    found = subprocess.run(sensor.command('search', 'newer.example')[:-2] +
                           ['--config', str(sensor.config)], capture_output=True, text=True)
    assert 'newer' in found.stdout


def test_a_collection_that_is_not_there(start, tmp_path):
    server = start([])
    sensor = subscribe(tmp_path / 'run', server, collection='nothing')
    done = sensor.sync()
    assert done.returncode != 0
    assert 'no such collection' in done.stdout + done.stderr
    sensor = subscribe(tmp_path / 'poll', server, 'poll', collection='nothing')
    done = sensor.sync()
    assert done.returncode != 0
    assert 'NOT_FOUND' in done.stdout + done.stderr


def test_a_wrong_password(start, tmp_path):
    server = start([package(1)])
    sensor = subscribe(tmp_path / 'run', server)
    sensor.secret('another', 'password')
    done = sensor.sync()
    assert done.returncode != 0
    assert 'UNAUTHORIZED' in done.stdout + done.stderr or '401' in done.stdout + done.stderr


def test_source_test_lists_the_collections(start, tmp_path):
    server = start([])
    done = subscribe(tmp_path / 'run', server).run('source', 'test', 'feed')
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'samples' in done.stdout and 'others' in done.stdout


def votes(sensor):
    try:
        return sensor.count('vote')
    except Exception:  # the store is being made
        return 0


def kill_while_syncing(sensor):
    before = votes(sensor)
    with subprocess.Popen(sensor.command('sync', '--no-compile'), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline and votes(sensor) <= before:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.06))
        was_running = process.poll() is None
        process.kill()
    return was_running


def test_twenty_kills_lose_nothing_and_repeat_nothing(start, tmp_path):
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print('seed', seed)
    blocks, expected = mixed(400)
    server = start(blocks, part=4)
    sensor = subscribe(tmp_path / 'run', server)
    killed = sum(kill_while_syncing(sensor) for _ in range(KILLS))
    assert killed >= KILLS // 2, f'only {killed} of {KILLS} hit a running sync'
    check(sensor, expected)
    assert sensor.count('version') == 0, 'nothing came as another version of itself'
    assert sensor.count('change') == 400, 'each changed once'
