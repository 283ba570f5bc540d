"""What a guard does when something under it fails: links that flap, a process that hangs."""
import os
import signal

import pytest

from network import command, wait_for
from test_gateway import MODES, Scene


@pytest.fixture
def guard(network, mode, fail):
    pins = network.folder / 'bpf'  # what `ip netns exec` mounts is gone with the process
    pins.mkdir()
    command('mount', '-t', 'bpf', 'none', pins)
    try:
        scene = Scene(network, mode, extra=f'fail: {fail}\nstale: 1s\n')
        scene.fail = fail
        text = scene.sensor.config.read_text()
        scene.sensor.config.write_text(text.replace('/sys/fs/bpf/', f'{pins}/'))
        scene.sensor.start()
        yield scene
        if scene.sensor.process.is_running():
            os.kill(scene.sensor.process.pid, signal.SIGCONT)
            assert scene.sensor.stop() == 0, scene.sensor.process.error
    finally:
        command('umount', '-l', pins)


def passes(guard):
    return guard.pings('10.0.2.10')


def assert_guards(guard):
    wait_for(lambda: passes(guard), what='what is not listed passing')
    wait_for(lambda: not guard.pings('10.0.2.66'), what='what is listed not passing')


@pytest.mark.parametrize('fail', ['open'])
@pytest.mark.parametrize('mode', MODES)
def test_a_link_that_flaps_is_guarded_again(guard):
    assert_guards(guard)
    guard.gate.link('g0', 'down')
    assert not passes(guard)
    guard.gate.link('g0', 'up')
    assert_guards(guard)


@pytest.mark.parametrize('mode, fail', [('inline-xdp', 'open'), ('inline-xdp', 'closed'),
                                        ('inline-afxdp', 'open'), ('inline-afxdp', 'closed'),
                                        ('inline-dpdk', 'open')])
def test_a_process_that_hangs_fails_as_it_was_told(guard):
    assert_guards(guard)
    os.kill(guard.sensor.process.pid, signal.SIGSTOP)
    if guard.fail == 'open' and guard.mode != 'inline-dpdk':  # which has nobody beside it
        wait_for(lambda: guard.pings('10.0.2.66'), what='everything passing')
        assert passes(guard)
    else:
        wait_for(lambda: not passes(guard), what='nothing passing')
    os.kill(guard.sensor.process.pid, signal.SIGCONT)
    assert_guards(guard)


@pytest.mark.parametrize('fail', ['open'])
@pytest.mark.parametrize('mode', ['inline-dpdk'])  # the others: test_daemon_inline.py
def test_a_dead_process_forwards_nothing_until_it_is_started_again(guard):
    assert_guards(guard)
    guard.sensor.process.send(signal.SIGKILL)
    guard.sensor.process.wait()
    assert not passes(guard)
    guard.sensor.start()
    assert_guards(guard)
