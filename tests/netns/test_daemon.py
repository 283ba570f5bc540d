"""The sensor as a service: what it reads, writes, gives up, and survives."""
import json
import os
import pathlib
import pwd
import signal
import socket
import struct
import subprocess

import pytest

from daemon import SEKISHO, ROOT, Daemon, compile_database
from network import command, wait_for

GENERATOR = os.environ.get('GENERATE_TRAFFIC', ROOT / 'build/bench/generate_traffic')
IS_SANITIZED = b'__asan_init' in pathlib.Path(SEKISHO).read_bytes()


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def udp(src, dst, payload=b'x', sport=1000, dport=2000):
    """An Ethernet frame; without an UDP checksum."""
    body = struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 1, 0, 64, 17, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    return b'\x02\0\0\0\0\2' + b'\x02\0\0\0\0\1' + b'\x08\0' + head + body


@pytest.fixture
def tap(network):
    """A sensor that taps one end of a pair, and who sends into the other."""
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    database = compile_database(network.folder / 'indicators.skdb', '203.0.113.1',
                                action='alert')
    sensor = Daemon(b, network.folder, database, [{'device': 'eth0'}])
    sensor.sender = a
    return sensor


def send_until_hit(sensor, address, count=1):
    """Addresses are told at a flow's end: each try is a flow, and the sensor is stopped last."""
    for number in range(count):
        sensor.sender.send_frames('eth0', [udp('192.0.2.1', address, sport=2000 + number)])


def packets(sensor):
    return int(sensor.status()['packets'].split(',')[0])


def values(hits):
    return sorted(hit['observable']['value'] for hit in hits)


# ---- what it writes

def test_a_replayed_capture_gives_the_hits_of_match(network):
    host, folder = network.host('a'), network.folder
    capture, database = folder / 'c.pcap', folder / 'i.skdb'
    command(GENERATOR, '-o', capture, '--packets', 2100, '--seed', 7,
            '--hits-per-thousand', 60)
    examples = ROOT / 'examples'
    command(SEKISHO, 'compile', '-q', '--group', 'C2', examples / 'botnet.json', '--group',
            'BLOCKLIST', '--tlp', 'green', examples / 'blocklist.txt', examples / 'hosts.txt',
            '-o', database)
    (folder / 'sightings').mkdir()
    sensor = Daemon(host, folder, database, [{'device': str(capture)}], backend='replay',
                    sightings=str(folder / 'sightings'))
    assert sensor.start(wait=False).wait() == 0, sensor.process.error
    done = subprocess.run([SEKISHO, 'match', '-q', '-d', database, capture, '--json=-',
                           '--stix', folder / 'match.json', '--sensor', 'test-sensor'],
                          capture_output=True, text=True)
    expected = [json.loads(line) for line in done.stdout.splitlines()]
    found = sensor.hits()
    for hit in expected:
        del hit['capture']
    for hit in found:
        assert hit.pop('host') == 'test-sensor'
        assert hit.pop('in_iface') == str(capture)
    assert len(found) > 10

    def order(hit):
        return json.dumps(hit, sort_keys=True)
    assert sorted(found, key=order) == sorted(expected, key=order)
    bundles = list((folder / 'sightings').iterdir())
    assert len(bundles) == 1 and bundles[0].name.endswith('-1.json')

    def sightings(path):
        return sorted((thing['sighting_of_ref'], thing['count'], thing['first_seen'])
                      for thing in json.loads(path.read_text())['objects']
                      if thing['type'] == 'sighting')
    assert sightings(bundles[0]) == sightings(folder / 'match.json') != []


def test_a_tap_tells_what_came_in_by_its_device(tap):
    tap.start()
    send_until_hit(tap, '203.0.113.1')
    send_until_hit(tap, '203.0.113.2')
    wait_for(lambda: packets(tap) >= 2, what='packets')
    assert tap.stop() == 0
    hits = tap.hits()
    assert values(hits) == ['203.0.113.1']
    assert hits[0]['in_iface'] == 'eth0' and hits[0]['host'] == 'test-sensor'
    assert 'outcome' not in hits[0]['match']


def test_windows_end_on_time_and_at_the_end(tap):
    folder = tap.folder / 'sightings'
    folder.mkdir()
    tap.sensor.update({'sightings': str(folder), 'window': '1s'})
    tap.write()
    tap.start()
    name = b'\0\1\1\0\0\1\0\0\0\0\0\0\3bad\7example\0\0\1\0\1'
    compile_database(tap.database, 'bad.example', '203.0.113.1', action='alert')
    tap.ctl('reload')

    def sightings():
        return [thing for path in folder.glob('*.json')
                for thing in json.loads(path.read_text())['objects']
                if thing['type'] == 'sighting']

    tap.sender.send_frames('eth0', [udp('192.0.2.1', '192.0.2.2', name, dport=53)])
    wait_for(lambda: len(sightings()) == 1, what='the first window')
    tap.sender.send_frames('eth0', [udp('192.0.2.1', '192.0.2.2', name, dport=53)])
    wait_for(lambda: len(tap.hits()) == 2, what='the second hit')
    assert tap.stop() == 0
    found = sightings()
    assert len(found) == 2 and len({thing['id'] for thing in found}) == 2
    assert [thing['count'] for thing in found] == [1, 1]


def test_what_it_says_of_itself(tap):
    tap.start()
    status = tap.status()
    assert status['sensor'] == 'test-sensor' and status['mode'].startswith('tap by af-packet')
    assert status['indicators'] == '1' and status['link eth0'] == 'up'
    assert 'sekisho_' in tap.ctl('metrics').stdout
    refused = tap.ctl('dry-run', 'on', check=False)
    assert refused.returncode != 0 and 'a tap never drops' in refused.stderr
    assert tap.ctl('stop').returncode == 0
    assert tap.process.wait() == 0


# ---- reloads

def dns_value(sensor, value):
    """Asks for a name and waits until the sensor has told of it."""
    label, top = value.split('.')
    question = (b'\0\1\1\0\0\1\0\0\0\0\0\0' + bytes([len(label)]) + label.encode() +
                bytes([len(top)]) + top.encode() + b'\0\0\1\0\1')

    def told():
        sensor.sender.send_frames('eth0', [udp('192.0.2.1', '192.0.2.2', question, dport=53)])
        return value in values(sensor.hits())
    wait_for(told, what=f'a hit of {value}')


@pytest.mark.parametrize('how', ['file', 'signal', 'reload', 'push'])
def test_a_new_database_is_taken(tap, how):
    compile_database(tap.database, 'first.example', action='alert')
    tap.start()
    dns_value(tap, 'first.example')
    compile_database(tap.database, 'second.example', action='alert')
    if how == 'signal':
        tap.hup()
    elif how == 'reload':
        tap.ctl('reload')
    elif how == 'push':
        answer = tap.ctl('push', tap.database).stdout
        assert '1 indicators' in answer
    dns_value(tap, 'second.example')
    assert tap.stop() == 0


def test_a_damaged_database_leaves_what_was_there(tap):
    compile_database(tap.database, 'first.example', action='alert')
    tap.start()
    dns_value(tap, 'first.example')
    damaged = bytearray(tap.database.read_bytes())
    damaged[len(damaged) // 2] ^= 0xff
    new = tap.folder / 'new'
    new.write_bytes(damaged)
    new.rename(tap.database)
    tap.wait_for('what was in force stays in force')
    refused = tap.ctl('push', tap.database, check=False)
    assert refused.returncode != 0 and str(tap.database) in refused.stderr
    assert tap.ctl('push', '/etc/passwd', check=False).returncode != 0
    tap.hits_path.write_text('')
    dns_value(tap, 'first.example')
    assert 'failed' in tap.status()['reloads'] and 'failed 0' not in tap.status()['reloads']
    assert tap.stop() == 0


def test_only_signed_databases_are_taken(tap):
    key, public = tap.folder / 'key.pem', tap.folder / 'public.pem'
    command('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', key)
    command('openssl', 'pkey', '-in', key, '-pubout', '-out', public)
    tap.sensor['public-key'] = str(public)
    tap.write()
    tap.start()
    tap.wait_for('there is no database in force')
    config = json.loads((tap.folder / 'indicators.skdb-feeds/sekisho.yaml').read_text())
    config['sign-key'] = str(key)
    path = tap.folder / 'indicators.skdb-feeds/sekisho.yaml'
    path.write_text(json.dumps(config))
    (tap.folder / 'indicators.skdb-feeds/list.txt').write_text('signed.example\n')
    for part in tap.folder.glob('indicators.skdb*'):  # else only what is new would be signed
        if part.is_file():
            part.unlink()
    command(SEKISHO, 'sync', '--quiet', '-c', path)
    dns_value(tap, 'signed.example')
    assert tap.stop() == 0


def test_the_configuration_is_read_again(tap):
    compile_database(tap.database, 'first.example', action='alert')
    tap.start()
    dns_value(tap, 'first.example')
    moved = tap.folder / 'elsewhere.json'
    tap.sensor.update({'hits': str(moved), 'workers': 2})
    tap.write()
    tap.hup()
    tap.wait_for('sensor.workers, cpus has changed: a restart is needed')
    tap.hits_path = moved
    dns_value(tap, 'first.example')
    tap.config.write_text('sensor: {modus: tap}')
    assert tap.ctl('reload', check=False).returncode != 0
    tap.wait_for('stays in effect')
    assert tap.stop() == 0


def test_hits_go_to_a_new_file_once_the_old_one_is_moved_away(tap):
    compile_database(tap.database, 'first.example', action='alert')
    tap.start()
    dns_value(tap, 'first.example')
    old = tap.hits_path.rename(tap.folder / 'hits.1')
    tap.hup()
    wait_for(tap.hits_path.exists, what='a new file')
    size = old.stat().st_size
    dns_value(tap, 'first.example')
    assert old.stat().st_size == size
    assert tap.stop() == 0


def test_a_missing_database_is_waited_for(tap):
    aside = tap.database.rename(tap.folder / 'aside')
    tap.start()
    assert 'nothing is looked for until there is a database' in tap.process.error
    assert 'no database' in tap.status()['indicators']
    aside.rename(tap.database)
    tap.wait_for('is in force')
    assert tap.stop() == 0


# ---- what may go wrong

def test_a_full_disk_loses_hits_not_packets(tap):
    small = tap.folder / 'small'
    small.mkdir()
    command('mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', small)
    try:
        compile_database(tap.database, 'first.example', action='alert')
        tap.hits_path = small / 'hits.json'
        tap.sensor['hits'] = str(tap.hits_path)
        tap.write()
        tap.start()
        filler = small / 'filler'
        with pytest.raises(OSError):
            filler.write_bytes(bytes(1 << 20))
        question = b'\0\1\1\0\0\1\0\0\0\0\0\0\5first\7example\0\0\1\0\1'
        frames = [udp('192.0.2.1', '192.0.2.2', question, sport=port, dport=53)
                  for port in range(2000, 2100)]
        tap.sender.send_frames('eth0', frames)
        tap.wait_for('No space left on device')
        wait_for(lambda: packets(tap) >= 100, what='all packets')
        assert tap.status()['hits'].startswith('100, written 0')
        filler.unlink()
        # What waited in memory is written whole, as far as there is room again.
        wait_for(lambda: len(tap.hits()) >= 50, what='hits that waited')
        assert tap.stop() == 0
        assert all(hit['event_type'] == 'indicator' for hit in tap.hits())
    finally:
        command('umount', '-l', small)


def test_it_starts_again_after_it_was_killed(tap):
    compile_database(tap.database, 'first.example', action='alert')
    tap.start()
    dns_value(tap, 'first.example')
    tap.process.process.kill()
    tap.process.wait()
    tap.start()
    before = len(tap.hits())
    dns_value(tap, 'first.example')
    wait_for(lambda: len(tap.hits()) > before, what='a hit')
    assert tap.stop() == 0


def test_a_second_one_does_not_take_the_first_ones_socket(tap):
    tap.start()
    first = tap.process
    tap.start(wait=False)
    assert tap.process.wait() == 2
    assert str(tap.control) in tap.process.error
    tap.process = first
    assert tap.status()['sensor'] == 'test-sensor'
    assert tap.stop(signal.SIGINT) == 0


def test_devices_that_are_not_there_are_told(tap):
    tap.sensor['links'] = [{'device': 'eth7'}]
    tap.write()
    tap.start(wait=False)
    assert tap.process.wait() == 2
    assert 'eth7' in tap.process.error
    check = tap.host.run(SEKISHO, 'run', '-c', tap.config, '--check', check=False)
    assert check.returncode == 2 and 'there is no interface eth7' in check.stderr


@pytest.mark.parametrize('fields, words', [
    ({'cpus': [1023]}, 'there is no CPU 1023'),
    ({'backend': 'pcap', 'workers': 2}, 'the backend pcap has one worker'),
    ({'public_key': '/nowhere/key.pem'}, 'sensor.public-key /nowhere/key.pem: No such file')])
def test_what_would_fail_is_said_before(tap, fields, words):
    tap.sensor.update((key.replace('_', '-'), value) for key, value in fields.items())
    tap.write()
    check = tap.host.run(SEKISHO, 'run', '-c', tap.config, '--check', check=False)
    assert check.returncode == 2 and words in check.stderr, check.stderr


# ---- what it gives up

def state(pid, thread=None):
    path = f'/proc/{pid}/task/{thread}/status' if thread else f'/proc/{pid}/status'
    return dict(line.split(':\t', 1) for line in pathlib.Path(path).read_text().splitlines()
                if ':\t' in line)


def assert_nothing_is_left(pid, uid):
    for thread in os.listdir(f'/proc/{pid}/task'):
        status = state(pid, thread)
        # DPDK starts threads of its own before; nothing can be gained by their bounding set.
        is_foreign = status['Name'].startswith(('eal-', 'rte_'))
        for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb') + ('CapBnd',) * (not is_foreign):
            assert int(status[kind], 16) == 0, (status['Name'], kind)
        if not (is_foreign and IS_SANITIZED):  # they get it with the filter
            assert status['NoNewPrivs'] == '1'
        assert status['Uid'].split() == [str(uid)] * 4
        assert status['Seccomp'] == ('0' if IS_SANITIZED else '2')


@pytest.mark.parametrize('user', [None, 'nobody'])
def test_rights_are_given_up_by_every_thread(tap, user):
    compile_database(tap.database, 'first.example', action='alert')
    if user is not None:
        tap.sensor['user'] = user
        tap.write()
        for path in (tap.folder, tap.database):
            path.chmod(0o777)
    tap.start()
    uid = pwd.getpwnam(user).pw_uid if user else 0
    assert len(os.listdir(f'/proc/{tap.process.pid}/task')) >= 4
    assert_nothing_is_left(tap.process.pid, uid)
    dns_value(tap, 'first.example')
    compile_database(tap.database, 'second.example', action='alert')
    tap.database.chmod(0o644)
    tap.ctl('reload')
    dns_value(tap, 'second.example')
    assert tap.hits_path.stat().st_uid == uid
    assert tap.stop() == 0


# ---- systemd

class Manager:
    """What a service manager hears."""

    def __init__(self, folder):
        self.path = folder / 'notify'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(10)
        self.environment = {'NOTIFY_SOCKET': str(self.path), 'WATCHDOG_USEC': '400000'}

    def hear(self):
        return self.socket.recv(4096).decode()

    def hear_until(self, text):
        while True:
            heard = self.hear()
            if text in heard:
                return heard


def test_systemd_hears_of_it(tap):
    manager = Manager(tap.folder)
    tap.start(environment=manager.environment)
    assert 'STATUS=tap' in manager.hear_until('READY=1')
    manager.hear_until('WATCHDOG=1')
    manager.hear_until('WATCHDOG=1')
    tap.hup()
    manager.hear_until('RELOADING=1')
    manager.hear_until('READY=1')
    tap.process.send(signal.SIGTERM)
    manager.hear_until('STOPPING=1')
    assert tap.process.wait() == 0


# ---- examples

EXAMPLES = sorted((ROOT / 'examples').glob('sensor-*.yaml'))


@pytest.mark.parametrize('example', EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_right(example):
    checked = subprocess.run([SEKISHO, 'config', 'check', example], capture_output=True, text=True)
    assert checked.returncode == 0 and 'no mistake' in checked.stdout, checked.stderr
    assert checked.stderr == ''
    # This machine has neither the devices nor the user: said, after what would be done.
    done = subprocess.run([SEKISHO, 'run', '--check', '-c', example], capture_output=True,
                          text=True)
    mode = example.stem.removeprefix('sensor-')
    assert f'mode: {mode} by ' in done.stdout
    assert done.returncode == 0 or 'error' in done.stderr


def test_there_is_an_example_of_each_mode():
    assert {path.stem.removeprefix('sensor-') for path in EXAMPLES} == {
        'tap', 'inline-xdp', 'inline-afxdp', 'inline-dpdk'}
