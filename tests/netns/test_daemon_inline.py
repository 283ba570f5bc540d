"""The sensor inline: the helper process, the heartbeat, both ways to fail, a clean stop."""
import datetime
import json
import os
import pwd
import re
import shutil
import signal
import subprocess

import pytest

from daemon import ROOT, SEKISHO, Daemon, compile_database, need_backend
from network import command, wait_for
from test_daemon import IS_SANITIZED, assert_nothing_is_left, state

LISTED, UNLISTED = '10.9.0.66', '10.9.0.2'
CAP_NET_ADMIN, CAP_BPF = 12, 39
PLAIN = os.environ.get('SEKISHO_PLAIN', SEKISHO)  # sanitizers and the filter exclude each other
HAS_FILTER = PLAIN != SEKISHO or not IS_SANITIZED


class Gateway:
    """A client, a server with a listed and an unlisted address, and a sensor between them."""

    def __init__(self, network, mode, **sensor):
        need_backend(mode)
        self.network, self.mode = network, mode
        self.client, self.gate, self.server = map(network.host, ('client', 'gate', 'server'))
        network.join(self.client, 'eth0', self.gate, 'left')
        network.join(self.gate, 'right', self.server, 'eth0')
        if mode == 'inline-xdp':
            self.route()
            links = [{'device': 'left'}]
        elif mode == 'inline-dpdk':
            self.bridge()
            links = [{'device': 'net_af_packet0', 'peer': 'net_af_packet1'}]
            sensor['dpdk-arguments'] = ['--no-huge', '-m', '256', '--no-pci',
                                        '--vdev', 'net_af_packet0,iface=left',
                                        '--vdev', 'net_af_packet1,iface=right']
        else:
            self.bridge()
            links = [{'device': 'left', 'peer': 'right'}]
            for host in (self.client, self.server):  # or veth takes nothing that is redirected
                host.run('ethtool', '-K', 'eth0', 'gro', 'on')
        database = compile_database(network.folder / 'indicators.skdb', LISTED)
        pins = {} if mode == 'inline-dpdk' else {'xdp-pins': str(network.folder / 'bpf')}
        # Mounted here, where it outlives the mounts of 'ip netns exec'.
        self.pins = network.folder / 'bpf'
        self.pins.mkdir()
        command('mount', '-t', 'bpf', 'none', self.pins)
        self.sensor = Daemon(self.gate, network.folder, database, links, mode=mode, stale='1s',
                             **pins, **sensor)

    def bridge(self):
        """What passes one side is for the sensor alone to forward."""
        self.client.address('eth0', '10.9.0.1/24')
        self.server.address('eth0', f'{UNLISTED}/24', f'{LISTED}/24')

    def route(self):
        self.client.address('eth0', '10.8.0.1/24')
        self.gate.address('left', '10.8.0.254/24')
        self.gate.address('right', '10.9.0.254/24')
        self.server.address('eth0', f'{UNLISTED}/24', f'{LISTED}/24')
        self.gate.forwards()
        self.client.route('10.9.0.0/24', '10.8.0.254')
        self.server.route('10.8.0.0/24', '10.9.0.254')

    def passes(self, address, count=1):
        done = self.client.run('ping', '-c', count, '-W', '0.4', '-i', '0.2', address, check=False)
        return done.returncode == 0

    def program(self):
        """Is an XDP program on the gate's left interface?"""
        return 'xdp' in self.gate.run('ip', 'link', 'show', 'dev', 'left').stdout

    def close(self):
        command('umount', '-l', self.pins)


@pytest.fixture
def gateway(network):
    made = []

    def make(mode, **sensor):
        made.append(Gateway(network, mode, **sensor))
        return made[-1]
    yield make
    for each in made:
        for process in network.processes:
            if process.is_running():
                process.process.kill()
                process.process.wait()
        each.close()


def helper_of(sensor):
    found = subprocess.run(['pgrep', '-P', str(sensor.process.pid)], capture_output=True,
                           text=True).stdout.split()
    assert len(found) == 1, found
    return int(found[0])


MODES = ['inline-xdp', 'inline-afxdp']
# Every mode, and both ways to fail; all four together take long.
MODES_AND_FAILS = [(mode, fail) for mode in MODES for fail in ('open', 'closed')
                   if os.environ.get('SEKISHO_LONG') == '1' or
                   (mode == 'inline-xdp') == (fail == 'closed')]


@pytest.mark.parametrize('mode', MODES)
def test_what_is_listed_is_dropped_and_all_is_as_before_after_a_stop(gateway, mode):
    gate = gateway(mode)
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    assert not gate.passes(LISTED), gate.sensor.process.error
    assert gate.program()
    assert gate.sensor.stop() == 0
    assert not gate.program(), 'the interface is as it was'
    hits = [hit for hit in gate.sensor.hits() if hit['observable']['value'] == LISTED]
    assert hits and hits[0]['match']['outcome'] == 'dropped'
    assert hits[0]['in_iface'] in ('left', 'right')
    if mode == 'inline-xdp':  # the kernel forwards
        assert gate.passes(LISTED)


@pytest.mark.parametrize('mode', MODES)
def test_a_dry_run_drops_nothing_until_it_is_ended(gateway, mode):
    gate = gateway(mode)
    gate.sensor.start('--dry-run')
    wait_for(lambda: gate.passes(LISTED), what='the listed address')
    gate.sensor.ctl('dry-run', 'off')
    wait_for(lambda: not gate.passes(LISTED), what='a drop')
    gate.sensor.ctl('dry-run', 'on')
    wait_for(lambda: gate.passes(LISTED), what='the listed address again')
    assert gate.sensor.stop() == 0
    assert {hit['match'].get('outcome') for hit in gate.sensor.hits()} >= {'would-drop'}


@pytest.mark.parametrize('mode, fail', MODES_AND_FAILS)
def test_without_a_database(gateway, mode, fail):
    gate = gateway(mode, fail=fail)
    aside = gate.sensor.database.rename(gate.network.folder / 'aside')
    gate.sensor.start()
    said = 'EVERYTHING PASSES' if fail == 'open' else 'NOTHING PASSES'
    assert said in gate.sensor.process.error
    if fail == 'open':
        wait_for(lambda: gate.passes(LISTED), what='the listed address')
    else:
        wait_for(lambda: not gate.passes(UNLISTED), what='nothing')
    aside.rename(gate.sensor.database)
    gate.sensor.wait_for('is in force')
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    wait_for(lambda: not gate.passes(LISTED), what='a drop')
    assert gate.sensor.stop() == 0


@pytest.mark.parametrize('mode, fail', MODES_AND_FAILS)
def test_killed_it_fails_as_it_is_told_and_goes_on_when_started_again(gateway, mode, fail):
    gate = gateway(mode, fail=fail)
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    assert not gate.passes(LISTED), gate.sensor.process.error
    helper = helper_of(gate.sensor)
    gate.sensor.process.process.kill()
    gate.sensor.process.wait()
    wait_for(lambda: not os.path.exists(f'/proc/{helper}'), what="the helper's end")
    assert gate.program()
    if fail == 'open':
        wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    else:
        wait_for(lambda: not gate.passes(UNLISTED), what='nothing')
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    wait_for(lambda: not gate.passes(LISTED), what='a drop')
    assert gate.sensor.stop() == 0
    assert not gate.program()


@pytest.mark.parametrize('mode', MODES)
def test_the_helper_keeps_two_rights_and_the_daemon_none(gateway, mode):
    gate = gateway(mode, user='nobody')
    gate.network.folder.chmod(0o777)
    gate.sensor.database.chmod(0o644)
    gate.sensor.start()
    assert_nothing_is_left(gate.sensor.process.pid, pwd.getpwnam('nobody').pw_uid)
    status = state(helper_of(gate.sensor))
    both = 1 << CAP_NET_ADMIN | 1 << CAP_BPF
    assert int(status['CapEff'], 16) == int(status['CapPrm'], 16) == both
    assert int(status['CapBnd'], 16) == int(status['CapAmb'], 16) == 0
    assert status['NoNewPrivs'] == '1' and status['Threads'] == '1'
    assert status['Seccomp'] == ('0' if IS_SANITIZED else '2')
    # Both still do what they are for.
    compile_database(gate.sensor.database, UNLISTED)
    gate.sensor.database.chmod(0o644)
    gate.sensor.ctl('reload')
    wait_for(lambda: not gate.passes(UNLISTED), what='a drop of what is listed now')
    wait_for(lambda: gate.passes(LISTED), what='what is not listed any more')
    assert gate.sensor.stop() == 0, gate.sensor.process.error
    assert not gate.program()


def test_validity_ends_on_time_in_the_kernel_too(gateway):
    gate = gateway('inline-xdp')
    now = datetime.datetime.now(datetime.timezone.utc)

    def text(seconds):
        return (now + datetime.timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S.000Z')
    bundle = {'type': 'bundle', 'id': 'bundle--6ff6cf0e-3c5c-4b5e-a3c1-6d3e3fb3cbb1', 'objects': [{
        'type': 'indicator', 'spec_version': '2.1',
        'id': 'indicator--0d3b0d3b-1b1b-4c4c-8d8d-0123456789ab',
        'created': text(-3600), 'modified': text(-3600), 'valid_from': text(-3600),
        'valid_until': text(10), 'pattern_type': 'stix',
        'pattern': f"[ipv4-addr:value = '{UNLISTED}']"}]}
    folder = gate.network.folder / 'indicators.skdb-feeds'
    (folder / 'list.txt').write_text(json.dumps(bundle))
    config = json.loads((folder / 'sekisho.yaml').read_text())
    config['sources'][0]['format'] = 'stix'
    (folder / 'sekisho.yaml').write_text(json.dumps(config))
    done = subprocess.run([SEKISHO, 'sync', '-c', folder / 'sekisho.yaml'], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    gate.sensor.start()
    assert not gate.passes(UNLISTED)
    wait_for(lambda: gate.passes(UNLISTED), what="the validity's end")
    assert gate.sensor.stop() == 0


def unit_capabilities():
    unit = (ROOT / 'packaging/sekisho.service').read_text()
    names = re.search(r'^CapabilityBoundingSet=(.+)$', unit, re.M).group(1).split()
    return ','.join(['-all'] + ['+' + name.removeprefix('CAP_').lower() for name in names])


@pytest.mark.parametrize('mode', MODES)
def test_the_rights_of_the_unit_are_enough(gateway, mode):
    gate = gateway(mode, user='nobody')
    folder, nobody = gate.network.folder, pwd.getpwnam('nobody')
    # As packaged: the databases' folder is the user's, 0750; logs and socket by the group.
    state_folder, logs = folder / 'state', folder / 'logs'
    for path, uid, mode_bits in ((state_folder, nobody.pw_uid, 0o750), (logs, 0, 0o770)):
        path.mkdir()
        os.chown(path, uid, nobody.pw_gid)
        path.chmod(mode_bits)
    folder.chmod(0o755)
    database = compile_database(folder / 'new.skdb', LISTED).rename(state_folder / 'i.skdb')
    os.chown(database, nobody.pw_uid, nobody.pw_gid)
    database.chmod(0o640)
    sensor = gate.sensor
    sensor.database, sensor.hits_path = database, logs / 'hits.json'
    sensor.control = logs / 'control.sock'
    sensor.sensor.update({'hits': str(sensor.hits_path), 'control': str(sensor.control)})
    sensor.write()
    sensor.process = sensor.host.start(
        'setpriv', '--bounding-set', unit_capabilities(), '--inh-caps', '-all', '--regid',
        nobody.pw_gid, '--clear-groups', '--no-new-privs', SEKISHO, 'run', '-c', sensor.config)
    sensor.wait_for('mode ')
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    assert not gate.passes(LISTED), gate.sensor.process.error
    assert_nothing_is_left(sensor.process.pid, nobody.pw_uid)
    assert 'generation 2' in sensor.ctl('reload').stdout
    assert sensor.stop() == 0, sensor.process.error
    assert not gate.program() and not sensor.control.exists()
    assert sensor.process.error.count('rror') == 0, sensor.process.error


@pytest.mark.skipif(shutil.which('strace') is None, reason='strace is not installed')
@pytest.mark.skipif(not HAS_FILTER, reason='SEKISHO_PLAIN is not set, SEKISHO has sanitizers')
@pytest.mark.parametrize('mode', MODES)
def test_nothing_that_it_does_is_refused_by_its_filter(gateway, mode):
    gate = gateway(mode, metrics='127.0.0.1:9477', sightings='sightings', window='1s')
    (gate.network.folder / 'sightings').mkdir()
    sensor, trace = gate.sensor, gate.network.folder / 'trace'
    sensor.process = sensor.host.start('strace', '-f', '-o', trace, PLAIN, 'run', '-c',
                                       sensor.config)
    sensor.wait_for('mode ')
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    gate.passes(LISTED)
    compile_database(sensor.database, UNLISTED)
    sensor.ctl('reload')
    assert 'sekisho_' in gate.gate.run('curl', '-s', 'http://127.0.0.1:9477/metrics').stdout
    sensor.hup()
    wait_for(lambda: list((gate.network.folder / 'sightings').glob('*.json')), what='sightings')
    sensor.ctl('stop')
    assert sensor.process.wait() == 0, sensor.process.error
    calls = trace.read_text(errors='replace')
    assert 'SECCOMP_SET_MODE_FILTER' in calls
    assert [line for line in calls.splitlines() if '= -1 EPERM' in line or 'SIGSYS' in line] == []


def test_dpdk_drops_what_is_listed(gateway):
    gate = gateway('inline-dpdk', user='nobody')
    gate.network.folder.chmod(0o777)
    gate.sensor.database.chmod(0o644)
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    assert not gate.passes(LISTED), gate.sensor.process.error
    assert_nothing_is_left(gate.sensor.process.pid, pwd.getpwnam('nobody').pw_uid)
    compile_database(gate.sensor.database, UNLISTED)
    gate.sensor.database.chmod(0o644)
    gate.sensor.ctl('reload')
    wait_for(lambda: gate.passes(LISTED), what='what is not listed any more')
    assert not gate.passes(UNLISTED)
    assert gate.sensor.stop() == 0
    hits = gate.sensor.hits()
    assert {hit['match']['outcome'] for hit in hits} == {'dropped'}
    assert not gate.passes(LISTED), 'nobody forwards any more'


def test_a_start_that_fails_leaves_the_interfaces_as_they_were(gateway):
    gate = gateway('inline-afxdp', fail='closed')
    gate.sensor.sensor['hits'] = '/nowhere/hits.json'
    gate.sensor.write()
    gate.sensor.start(wait=False)
    assert gate.sensor.process.wait() == 2
    assert '/nowhere/hits.json' in gate.sensor.process.error
    assert not gate.program()
    gate.sensor.sensor.update({'hits': '-', 'links': [{'device': 'left', 'peer': 'gone'}]})
    gate.sensor.write()
    gate.sensor.start(wait=False)
    assert gate.sensor.process.wait() == 2
    assert 'gone' in gate.sensor.process.error
    assert not gate.program()


def test_without_its_helper_it_goes_on_and_says_so(gateway):
    gate = gateway('inline-xdp')
    gate.sensor.start()
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    os.kill(helper_of(gate.sensor), signal.SIGKILL)
    gate.sensor.wait_for('the helper process has ended')
    refused = gate.sensor.ctl('reload', check=False)
    assert refused.returncode != 0 and 'helper' in refused.stderr
    assert gate.passes(UNLISTED) and not gate.passes(LISTED)
    gate.sensor.stop()
    gate.gate.run(SEKISHO, 'xdp', 'unload', 'left', '--pins', gate.pins / 'left', check=False)
