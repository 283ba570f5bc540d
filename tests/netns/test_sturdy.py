"""What others do to a sensor's devices: its program is taken off, a device goes away."""
from daemon import SEKISHO
from network import wait_for
from test_daemon_inline import LISTED, MODES, UNLISTED, gateway  # noqa: F401 (a fixture)
import pytest


def guards(gate):
    wait_for(lambda: gate.passes(UNLISTED), what='the unlisted address')
    wait_for(lambda: not gate.passes(LISTED), what='a drop')


@pytest.mark.parametrize('mode', MODES)
def test_a_program_that_was_taken_off_is_attached_again(gateway, mode):  # noqa: F811
    gate = gateway(mode)
    gate.sensor.start()
    guards(gate)
    gate.gate.run('ip', 'link', 'set', 'left', 'xdp', 'off')
    gate.sensor.wait_for('left: the XDP program had been taken off')
    assert gate.program()
    guards(gate)
    assert gate.sensor.status()['XDP on left'] == 'attached'
    assert 'sekisho_xdp_attached{device="left"} 1' in gate.sensor.ctl('metrics').stdout
    assert gate.sensor.process.error.count('taken off') == 1
    assert gate.sensor.stop() == 0
    assert not gate.program()


def test_a_program_is_not_unloaded_beside_its_sensor_unless_forced(gateway):  # noqa: F811
    gate = gateway('inline-xdp')
    gate.sensor.start()
    guards(gate)
    unload = (SEKISHO, 'xdp', 'unload', '-i', 'left', '--pins', gate.pins / 'left')
    refused = gate.gate.run(*unload, check=False)
    assert refused.returncode == 2 and "'sekisho run' works with it" in refused.stderr
    assert gate.program() and not gate.passes(LISTED)
    gate.gate.run(*unload, '--force')
    gate.sensor.wait_for('THE XDP PROGRAM IS OFF')
    assert gate.sensor.process.error.count('IS OFF') == 1
    wait_for(lambda: gate.sensor.status()['XDP on left'] == 'OFF', what='the status')
    assert 'sekisho_xdp_attached{device="left"} 0' in gate.sensor.ctl('metrics').stdout
    assert gate.sensor.stop() == 0


def test_a_device_that_is_removed_ends_the_sensor_and_the_next_start_guards(gateway):  # noqa: F811
    gate = gateway('inline-afxdp', fail='closed')
    gate.sensor.start()
    guards(gate)
    gate.gate.run('ip', 'link', 'del', 'left')
    assert gate.sensor.process.wait() == 2
    assert 'the interface left is gone' in gate.sensor.process.error
    assert 'xdp' in gate.gate.run('ip', 'link', 'show', 'dev', 'right').stdout, 'as if killed'
    gate.network.join(gate.client, 'eth0', gate.gate, 'left')
    gate.client.address('eth0', '10.9.0.1/24')
    gate.client.run('ethtool', '-K', 'eth0', 'gro', 'on')
    gate.sensor.start()
    guards(gate)
    assert gate.sensor.stop() == 0, gate.sensor.process.error
    assert not gate.program()


def test_a_device_that_was_made_again_is_another_one(gateway):  # noqa: F811
    gate = gateway('inline-xdp')
    gate.sensor.start()
    guards(gate)
    gate.gate.run('sh', '-c', 'ip link del left; ip link add left type veth peer name other')
    assert gate.sensor.process.wait() == 2
    assert 'the interface left is gone' in gate.sensor.process.error


def test_nothing_else_takes_over_from_a_sensor_without_a_database(gateway):  # noqa: F811
    gate = gateway('inline-xdp')
    aside = gate.sensor.database.rename(gate.network.folder / 'aside')
    gate.sensor.start()
    pins = ('-i', 'left', '--pins', gate.pins / 'left')
    wait_for(lambda: 'user_space: stale' in gate.gate.run(SEKISHO, 'xdp', 'status', *pins).stdout,
             what='a stale program')
    refused = gate.gate.run(SEKISHO, 'xdp', 'load', aside, *pins, check=False)
    assert refused.returncode == 2 and 'another process works with' in refused.stderr
    assert gate.gate.run(SEKISHO, 'xdp', 'unload', *pins, check=False).returncode == 2
    aside.rename(gate.sensor.database)
    guards(gate)
    assert gate.sensor.stop() == 0, gate.sensor.process.error
    assert not gate.program()


def test_a_program_without_pins_is_told_with_what_removes_it(gateway):  # noqa: F811
    gate = gateway('inline-xdp')
    # Each 'ip netns exec' has its own /sys/fs/bpf.
    gate.gate.run(SEKISHO, 'xdp', 'load', gate.sensor.database, '-i', 'left')
    assert gate.program()
    nothing = gate.gate.run(SEKISHO, 'xdp', 'unload', '-i', 'left', check=False)
    assert nothing.returncode == 1 and 'ip link set dev left xdp off' in nothing.stderr
    gate.gate.run('ip', 'link', 'set', 'left', 'xdp', 'off')
    nothing = gate.gate.run(SEKISHO, 'xdp', 'unload', '-i', 'left', check=False)
    assert nothing.returncode == 1 and 'no program' in nothing.stderr
