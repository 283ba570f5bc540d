"""A running sensor as its operator sees it: metrics, top, the push of sync."""
import json
import re
import subprocess
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon import SEKISHO, Daemon, compile_database
from network import wait_for
from test_daemon import udp


@pytest.fixture
def tap(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    b.run('ip', 'link', 'set', 'lo', 'up')
    database = compile_database(network.folder / 'indicators.skdb', 'bad.example',
                                action='alert')
    link = network.folder / 'link'  # the sensor comes to its database by another way than sync
    link.symlink_to(network.folder)
    sensor = Daemon(b, network.folder, link / database.name, [{'device': 'eth0'}],
                    metrics='127.0.0.1:9477', workers=2)
    sensor.sender = a
    sensor.start()
    yield sensor
    assert sensor.stop() == 0


QUESTION = b'\0\1\1\0\0\1\0\0\0\0\0\0\3bad\7example\0\0\1\0\1'


def send(sensor, count=50):
    sensor.sender.send_frames('eth0', [udp('192.0.2.1', '192.0.2.2', QUESTION, sport=2000 + port,
                                           dport=53) for port in range(count)])


def samples(text):
    return {(sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def total(text, name):
    return sum(value for key, value in samples(text).items() if key[0] == name)


def curl(sensor, *arguments):
    return sensor.host.run('curl', '-sS', '--max-time', '10', *arguments, check=False)


def test_prometheus_and_ctl_are_told_the_same(tap):
    send(tap)
    wait_for(lambda: len(tap.hits()) == 50, what='hits')
    page = curl(tap, 'http://127.0.0.1:9477/metrics').stdout
    told = tap.ctl('metrics').stdout
    assert {key for key, _ in samples(page).items()} == {key for key, _ in samples(told).items()}
    wait_for(lambda: total(tap.ctl('metrics').stdout, 'sekisho_hits_total') == 50,
             what='hits counted')
    told = tap.ctl('metrics').stdout
    assert total(told, 'sekisho_hits_written_total') == 50
    assert total(told, 'sekisho_packets_total') >= 50
    assert total(told, 'sekisho_received_packets_total') >= 50
    assert total(told, 'sekisho_latency_seconds_count') == total(told, 'sekisho_packets_total')
    assert total(told, 'sekisho_database_loaded') == total(told, 'sekisho_generation') == 1
    assert samples(told)['sekisho_link_up', 'eth0'] == 1
    assert 0 <= samples(told)['sekisho_worker_silent_seconds', '1'] < 60


def test_only_metrics_are_served(tap):
    status = ['-o', '/dev/null', '-w', '%{http_code}']
    assert curl(tap, *status, 'http://127.0.0.1:9477/').stdout == '404'
    assert curl(tap, *status, '-d', 'x', 'http://127.0.0.1:9477/metrics').stdout == '405'
    assert curl(tap, '-I', 'http://127.0.0.1:9477/metrics').stdout.startswith('HTTP/1.1 200')


def test_top_shows_what_comes(tap):
    done = threading.Event()

    def keep_sending():
        while not done.wait(0.05):
            send(tap, 10)
    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        screen = tap.host.run(SEKISHO, 'top', '-s', tap.control, '--once').stdout
    finally:
        done.set()
        sender.join()
    assert re.match(r'sekisho \S+  tap \(af-packet\)  up ', screen), screen
    assert 'generation 1, 1 indicators' in screen and 'links     eth0 up' in screen
    everything = next(line.split() for line in screen.splitlines() if line.startswith('all '))
    assert float(everything[1]) > 0, screen
    assert 'latency' in screen and 'SILENT' not in screen and 'XDP' not in screen


def test_top_says_whom_it_asked_in_vain(tap):
    done = tap.host.run(SEKISHO, 'top', '--once', '-s', '/nowhere/control.sock', check=False)
    assert done.returncode == 2 and '/nowhere/control.sock: there is no such' in done.stderr


def test_a_link_that_goes_down_is_told(tap):
    tap.host.link('eth0', 'down')
    wait_for(lambda: samples(tap.ctl('metrics').stdout)['sekisho_link_up', 'eth0'] == 0,
             what='the link down')
    time.sleep(1)  # several looks at it
    tap.host.link('eth0', 'up')
    wait_for(lambda: samples(tap.ctl('metrics').stdout)['sekisho_link_up', 'eth0'] == 1,
             what='the link up')
    wait_for(lambda: 'link eth0 is up' in tap.process.error, what='word of it')
    assert tap.process.error.count('link eth0 is down') == 1, 'told once'


def test_the_sensor_has_what_sync_made_when_sync_ends(tap):
    folder = tap.folder / 'indicators.skdb-feeds'
    config = json.loads((folder / 'sekisho.yaml').read_text())
    config['sensor'] = {'links': [{'device': 'eth0'}], 'control': str(tap.control),
                        'metrics': 'none', 'hits': '-'}
    (folder / 'sekisho.yaml').write_text(json.dumps(config))
    (folder / 'list.txt').write_text('bad.example\nworse.example\n')
    done = subprocess.run([SEKISHO, 'sync', '-c', folder / 'sekisho.yaml'], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert 'sensor: the new database is in force' in done.stdout
    told = tap.ctl('metrics').stdout
    assert total(told, 'sekisho_database_indicators') == 2
    assert total(told, 'sekisho_reloads_total') == 1
    assert total(told, 'sekisho_reload_failures_total') == 0


def test_silent_clients_do_not_disturb_the_sensor(tap):
    connections = [tap.host.socket() for _ in range(64)]
    try:
        for connection in connections:
            connection.settimeout(5)
            try:
                connection.connect(('127.0.0.1', 9477))
            except OSError:
                pass  # no more than it takes
        send(tap)
        wait_for(lambda: len(tap.hits()) == 50, what='hits')
        assert tap.status()['mode'].startswith('tap')
    finally:
        for connection in connections:
            connection.close()
