"""`sekisho ctl`, and the push of `sekisho sync`, against a socket that answers as a sensor does."""
import os
import socket
import subprocess

import pytest
from control_listener import Listener

SEKISHO = os.environ['SEKISHO']


def ctl(path, *arguments):
    return subprocess.run([SEKISHO, 'ctl', '-s', path, *arguments], capture_output=True, text=True,
                          timeout=20)


def test_an_answer_is_printed(tmp_path):
    with Listener(tmp_path / 'socket') as listener:
        done = ctl(listener.path, 'status')
        assert (done.returncode, done.stdout, done.stderr) == (0, 'fine\n', '')
        assert ctl(listener.path, 'dry-run', 'on').returncode == 0
        assert listener.requests == ['status\n', 'dry-run on\n']


def test_a_path_is_told_from_the_root(tmp_path):
    (tmp_path / 'a b.skdb').write_text('')
    with Listener(tmp_path / 'socket') as listener:
        done = subprocess.run([SEKISHO, 'ctl', '-s', 'socket', 'push', 'a b.skdb'], cwd=tmp_path,
                              timeout=20)
        assert done.returncode == 0
        assert listener.requests == [f'push {tmp_path}/a b.skdb\n']


def test_a_refusal_is_1_and_says_why(tmp_path):
    with Listener(tmp_path / 'socket', b'error the database is damaged\n') as listener:
        done = ctl(listener.path, 'reload')
        assert (done.returncode, done.stdout) == (1, '')
        assert done.stderr == f'sekisho: error: {listener.path}: the database is damaged\n'


def test_nobody_to_be_reached_is_2(tmp_path):
    done = ctl(tmp_path / 'none', 'status')
    assert done.returncode == 2 and "is 'sekisho run' running?" in done.stderr
    with Listener(tmp_path / 'socket', None) as listener:
        done = ctl(listener.path, 'status')
        assert done.returncode == 2 and 'ended before the answer' in done.stderr
    done = ctl(tmp_path / 'socket', 'status')  # the file is there, nobody behind it
    assert done.returncode == 2 and 'nobody listens there any more' in done.stderr


def test_no_answer_in_time_is_2(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / 'socket'))
        silent.listen()
        done = ctl(tmp_path / 'socket', '--timeout', '1', 'status')
        assert done.returncode == 2 and 'no answer in time' in done.stderr


@pytest.mark.parametrize('arguments', [[], ['jump'], ['push'], ['dry-run'], ['status', 'x'],
                                       ['push', '/no/such/file'], ['dry-run', 'on', 'off']])
def test_a_wrong_command_line_is_2_and_asks_nothing(tmp_path, arguments):
    with Listener(tmp_path / 'socket') as listener:
        assert ctl(listener.path, *arguments).returncode == 2
        assert listener.requests == []


def configure(folder):
    (folder / 'list.txt').write_text('198.51.100.7\n')
    config = folder / 'sekisho.yaml'
    config.write_text('store: store.db\ndatabase: list.skdb\n'
                      'sensor: {mode: tap, links: [{device: eth0}], control: control.sock, '
                      'hits: hits.jsonl}\n'
                      'guards: {change-min: 2}\n'
                      'sources:\n- {name: list, kind: file, address: list.txt, format: text}\n')
    return config


def sync(config):
    return subprocess.run([SEKISHO, 'sync', '-c', config], capture_output=True, text=True,
                          timeout=60)


def test_sync_tells_the_sensor_of_a_new_database_only(tmp_path):
    config = configure(tmp_path)
    with Listener(tmp_path / 'control.sock', b'ok\n') as listener:
        done = sync(config)
        assert done.returncode == 0, done.stderr
        assert 'sensor: the new database is in force\n' in done.stdout
        assert listener.requests == [f'push {tmp_path}/list.skdb\n']
        assert 'sensor:' not in sync(config).stdout  # nothing new
        assert len(listener.requests) == 1
        (tmp_path / 'list.txt').write_text('198.51.100.7\n198.51.100.8\n')
        assert sync(config).returncode == 0  # an overlay
        assert len(listener.requests) == 2


def test_a_sensor_that_cannot_be_told_is_no_failure(tmp_path):
    config = configure(tmp_path)
    done = sync(config)  # no sensor runs: nothing is said
    assert (done.returncode, done.stderr) == (0, '')
    (tmp_path / 'list.txt').write_text('198.51.100.7\n198.51.100.8\n')
    with Listener(tmp_path / 'control.sock', b'error no memory\n'):
        done = sync(config)
    assert done.returncode == 0
    assert 'was not told of the new database: no memory' in done.stderr
