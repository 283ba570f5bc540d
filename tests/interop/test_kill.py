"""Killed at any moment, `sekisho sync` loses nothing and takes nothing twice."""
import random
import signal
import subprocess
import time

import pytest

import taxii_server as taxii
from medallion_server import Medallion, numbered
from sensor import Sensor

KILLS = 20


def kill_while_syncing(sensor, pages):
    """Kills it at a moment within the next few pages. Was it still running?"""
    before = sensor.count('vote') if sensor.store.exists() else 0
    with subprocess.Popen(sensor.command('sync', '--no-compile'), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if sensor.store.exists() and votes(sensor) > before:
                break
            time.sleep(0.002)
        time.sleep(random.uniform(0, pages * 0.02))
        was_running = process.poll() is None
        process.kill()
    return was_running


def votes(sensor):
    try:
        return sensor.count('vote')
    except Exception: # the store is being made
        return 0


def test_twenty_kills_lose_nothing_and_repeat_nothing(tmp_path):
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print('seed', seed)
    server = Medallion(tmp_path / 'server', '2.1', numbered(400, together=15), page=4)
    sensor = Sensor(tmp_path / 'run', kind='taxii21', address=server.root + '/group/')
    sensor.write(**server.source(sensor))
    try:
        killed = sum(kill_while_syncing(sensor, pages=3) for _ in range(KILLS))
        assert killed >= KILLS // 2, f'only {killed} of {KILLS} hit a running sync'
        done = sensor.sync()
        assert done.returncode == 0, done.stdout + done.stderr
        held = server.held()
        assert len(held) == 400
        assert sensor.indicators() == held
        assert sensor.count('vote') == 400
        assert sensor.count('version') == 0, 'nothing came as another version of itself'
        assert sensor.count('change') == 400, 'each changed once'
    finally:
        server.close()


def silent(handler, number, good):
    time.sleep(20)
    return good


@pytest.mark.parametrize('fault', [silent, taxii.status(429, Retry_After='100')],
                         ids=['silent-server', 'retry-after'])
def test_a_stop_ends_the_waiting(fault, tmp_path):
    server = taxii.TaxiiServer(30, taxii.behind_first(fault))
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    try:
        with subprocess.Popen(sensor.command('sync'), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 30
            while server.object_requests < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            process.wait(timeout=20)
            assert time.monotonic() - began < 5 # it takes 0.2 s on an idle machine
        assert sensor.count('vote') == 10
    finally:
        server.close()
