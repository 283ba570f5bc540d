"""`sekisho top` in a terminal and without one, against a socket that answers as a sensor does."""
import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

import pytest
from control_listener import Listener

SEKISHO = pathlib.Path(os.environ['SEKISHO']).resolve()
WRITE_METRICS = SEKISHO.parents[1] / 'tests/helpers/write_metrics'


class Figures:
    """Counters that grow with each time they are asked for."""

    def __init__(self):
        self.texts = [subprocess.run([WRITE_METRICS, 'text', str(factor)], capture_output=True,
                                     check=True).stdout for factor in range(1, 4)]
        self.count = 0

    def __call__(self):
        self.count += 1
        return b'ok\n' + self.texts[min(self.count, len(self.texts)) - 1]


@pytest.fixture
def listener(tmp_path):
    with Listener(tmp_path / 'socket', Figures()) as one:
        yield one


class Terminal:
    """`sekisho top` in a terminal of its own."""

    def __init__(self, *arguments, rows=40, columns=100):
        self.leader, follower = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.leader)
        self.process = subprocess.Popen([SEKISHO, 'top', *arguments], stdin=follower,
                                        stdout=follower, stderr=subprocess.PIPE,
                                        start_new_session=True)
        os.close(follower)
        self.text = ''

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def read_until(self, wanted, seconds=10):
        end = time.monotonic() + seconds
        while wanted not in self.text and time.monotonic() < end:
            if select.select([self.leader], [], [], 0.1)[0]:
                self.text += os.read(self.leader, 65536).decode()
        assert wanted in self.text, self.text

    def end(self):
        self.read_until('\x1b[?1049l')
        assert termios.tcgetattr(self.leader) == self.before
        status = self.process.wait(10)
        self.process.stderr.close()
        os.close(self.leader)
        return status


def top(*arguments):
    return subprocess.run([SEKISHO, 'top', *arguments], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)


def test_once_is_one_screen_without_control_codes(listener):
    done = top('-s', listener.path, '--once')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('sekisho 0.1.0  inline-xdp (xdp-copy)')
    assert 'XDP on eth1' in done.stdout and '\x1b' not in done.stdout
    assert listener.requests == ['metrics\n'] * 2


def test_batch_is_screen_after_screen(listener):
    done = top('-s', listener.path, '--batch', '-n', '2')
    assert done.returncode == 0
    assert done.stdout.count('sekisho 0.1.0') == 2 and '\n\nsekisho 0.1.0' in done.stdout


def test_nobody_there_is_2_without_a_terminal(tmp_path):
    for how in ('--once', '--batch'):
        done = top('-s', tmp_path / 'none', how)
        assert done.returncode == 2 and "is 'sekisho run' running?" in done.stderr


def test_no_terminal_is_2_with_what_helps(listener):
    done = top('-s', listener.path)
    assert done.returncode == 2 and '--once or --batch' in done.stderr


def test_another_server_is_no_sensor(tmp_path):
    with Listener(tmp_path / 'socket', b'ok\nHello\n') as other:
        done = top('-s', other.path, '--once')
        assert done.returncode == 2 and 'is no sensor' in done.stderr


def test_q_ends_it_and_leaves_the_terminal_as_it_was(listener):
    terminal = Terminal('-s', listener.path)
    terminal.read_until('worker 1')
    os.write(terminal.leader, b'xq')
    assert terminal.end() == 0


def test_ctrl_c_ends_it_and_leaves_the_terminal_as_it_was(listener):
    terminal = Terminal('-s', listener.path)
    terminal.read_until('worker 1')
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 0


def test_a_resize_is_followed(listener):
    terminal = Terminal('-s', listener.path, '-d', '60', rows=5, columns=20)
    terminal.read_until('sekisho 0.1.0  inlin\x1b[0m')  # 20 columns
    terminal.read_until('\x1b[J')
    assert 'worker 1' not in terminal.text  # 5 rows
    terminal.resize(40, 100)
    terminal.process.send_signal(signal.SIGWINCH)  # it does not own the terminal
    terminal.read_until('worker 1')
    os.write(terminal.leader, b'q')
    assert terminal.end() == 0


def test_no_resize_is_missed_while_it_draws(listener):
    terminal = Terminal('-s', listener.path, '-d', '60', rows=40, columns=100)
    terminal.read_until('worker 1')
    for columns in range(40, 100):  # at once after the last screen, or in the middle of it
        terminal.text = ''
        terminal.resize(2, columns)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.read_until('\x1b[J')
    os.write(terminal.leader, b'q')
    assert terminal.end() == 0


def test_it_waits_for_a_sensor_that_is_not_there_yet():
    with tempfile.TemporaryDirectory(prefix='sk') as folder:  # a line of the screen has 80 columns
        path = pathlib.Path(folder) / 'socket'
        terminal = Terminal('-s', path)
        terminal.read_until("is 'sekisho run' running?")
        with Listener(path, Figures()):
            terminal.read_until('worker 1')
            os.write(terminal.leader, b'q')
            assert terminal.end() == 0
