"""`sekisho match --state`: what was matched before is passed over, and runs that follow each other
tell together what one run would have told."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')

PCAP_HEADER = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def packet(number, source):
    """A datagram of 10.0.0.`source`, padded, that differs by its ports."""
    payload = bytes(900)
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0,
                     bytes([10, 0, 0, source]), bytes([192, 0, 2, 1]))
    udp = struct.pack('>HHHH', 1 + number % 60000, 9, 8 + len(payload), 0)
    frame = bytes(12) + b'\x08\x00' + ip + udp + payload
    return struct.pack('<IIII', 1000 + number, 0, len(frame), len(frame)) + frame


def capture(count, source):
    return PCAP_HEADER + b''.join(packet(number, source) for number in range(count))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'feed.txt').write_text('10.0.0.0/29\n')
    subprocess.run([SEKISHO, 'compile', '-q', 'feed.txt', '-o', 'db.skdb'], cwd=tmp_path, check=True)
    corpus = tmp_path / 'corpus'
    corpus.mkdir()
    (corpus / 'one.pcap').write_bytes(capture(10, 1))
    (corpus / 'two.pcap').write_bytes(capture(20, 2))
    (corpus / 'large.pcap').write_bytes(capture(6000, 3))  # split among workers
    return tmp_path


def match(folder, *captures, state='state', database='db.skdb', jobs=2):
    options = ['--state', state] if state else []
    return subprocess.run([SEKISHO, 'match', f'-j{jobs}', '--json', '-d', database, *options,
                           *captures], cwd=folder, capture_output=True, text=True, check=False)


def hits(*runs):
    return sorted(line for run in runs for line in run.stdout.splitlines())


def sources(run):
    return {json.loads(line)['src_ip'] for line in run.stdout.splitlines()}


def test_what_was_done_is_passed_over(folder):
    whole = match(folder, 'corpus', state=None)
    first = match(folder, 'corpus/one.pcap', 'corpus/large.pcap')
    second = match(folder, 'corpus')
    assert first.returncode == second.returncode == 0
    assert sources(second) == {'10.0.0.2'}
    assert '(2 matched before)' in second.stderr
    assert hits(first, second) == hits(whole)
    third = match(folder, 'corpus')
    assert third.returncode == 1 and third.stdout == ''


def test_paths_do_not_have_to_be_the_same(folder):
    match(folder, 'corpus')
    (folder / 'link').symlink_to('corpus')
    assert match(folder, 'link/one.pcap', str(folder / 'corpus/two.pcap')).stdout == ''


def test_names_may_be_anything(folder):
    for name in ('with space.pcap', '100%.pcap', 'new\nline.pcap', 'Überwachung.pcap'):
        (folder / 'corpus' / name).write_bytes(capture(1, 4))
    assert len(match(folder, 'corpus').stdout.splitlines()) == 10 + 20 + 6000 + 4
    assert match(folder, 'corpus').stdout == ''


def test_what_changed_is_done_again(folder):
    match(folder, 'corpus')
    with open(folder / 'corpus/one.pcap', 'ab') as grown:
        grown.write(packet(10, 1))
    again = match(folder, 'corpus')
    assert sources(again) == {'10.0.0.1'}
    assert len(again.stdout.splitlines()) == 11  # as a whole
    os.utime(folder / 'corpus/two.pcap')
    assert sources(match(folder, 'corpus')) == {'10.0.0.2'}


def test_what_grows_while_it_is_read_is_told_and_done_again(folder):
    os.mkfifo(folder / 'late')

    def write_late():
        with open(folder / 'late', 'wb') as late:  # opened by the run, which has seen the others
            with open(folder / 'corpus/one.pcap', 'ab') as grown:
                grown.write(packet(10, 1))
            late.write(capture(5, 5))

    writer = threading.Thread(target=write_late)
    writer.start()
    first = match(folder, 'late', 'corpus')
    writer.join()
    assert 'corpus/one.pcap: changed while it was read' in first.stderr
    assert sources(first) == {f'10.0.0.{host}' for host in (1, 2, 3, 5)}
    assert sources(match(folder, 'corpus')) == {'10.0.0.1'}


def test_another_database_does_all_again(folder):
    first = match(folder, 'corpus')
    (folder / 'other.txt').write_text('10.0.0.0/29\n198.51.100.1\n')
    subprocess.run([SEKISHO, 'compile', '-q', 'other.txt', '-o', 'other.skdb'], cwd=folder,
                   check=True)
    second = match(folder, 'corpus', database='other.skdb')
    assert 'of another database' in second.stderr
    assert len(hits(second)) == len(hits(first))
    assert match(folder, 'corpus', database='other.skdb').stdout == ''


def test_damaged_captures_are_remembered_and_unreadable_ones_are_not(folder):
    (folder / 'corpus/cut.pcap').write_bytes(capture(10, 4)[:-100])
    (folder / 'text').write_text('this is no capture, but long enough for one')
    first = match(folder, 'text', 'corpus')
    assert first.returncode == 2
    assert 'cut short' in first.stderr
    assert sources(first) == {f'10.0.0.{host}' for host in (1, 2, 3, 4)}
    second = match(folder, 'text', 'corpus')
    assert second.returncode == 2 and second.stdout == ''
    assert 'text: ' in second.stderr and 'cut short' not in second.stderr


@pytest.mark.parametrize('damage', [
    lambda text: b'',
    lambda text: b'something else\n',
    lambda text: text[:-5],
    lambda text: text.replace(b'end 3', b'end 2'),
    lambda text: text.replace(b'one.pcap', b'won.pcap'),
    lambda text: text + b'more\n',
    lambda text: text.replace(b'\n', b'\0\n', 3),
    lambda text: text.replace(b'/corpus', b'/%zzrpus'),
])
def test_a_damaged_state_is_refused_and_left_alone(folder, damage):
    match(folder, 'corpus')
    damaged = damage((folder / 'state').read_bytes())
    (folder / 'state').write_bytes(damaged)
    run = match(folder, 'corpus')
    assert run.returncode == 2 and run.stdout == ''
    assert 'state: line ' in run.stderr and 'damaged or something else' in run.stderr
    assert (folder / 'state').read_bytes() == damaged


def test_a_state_that_cannot_be_written_is_told(folder):
    run = match(folder, 'corpus', state='no/such/folder')
    assert run.returncode == 2
    assert 'writing the state to no/such/folder: ' in run.stderr


def endless(path, enough):
    """Writes packets to a pipe until nobody reads it."""
    try:
        with open(path, 'wb', buffering=0) as pipe:
            pipe.write(PCAP_HEADER)
            number = 0
            while True:
                pipe.write(b''.join(packet(number + i, 5) for i in range(100)))
                number += 100
                if number == 5000:
                    enough.set()
    except BrokenPipeError:
        pass


@pytest.mark.parametrize('jobs', [1, 2, 3])
def test_a_run_that_was_stopped_is_resumed(folder, jobs):
    """What was read to its end is told and remembered; of the others nothing is told."""
    whole = match(folder, 'corpus', state=None)
    os.mkfifo(folder / 'pipe')
    enough = threading.Event()
    writer = threading.Thread(target=endless, args=(folder / 'pipe', enough))
    writer.start()
    with open(folder / 'first', 'w') as output:
        stopped = subprocess.Popen([SEKISHO, 'match', f'-j{jobs}', '--json', '-d', 'db.skdb',
                                    '--state', 'state', 'corpus/large.pcap', 'pipe', 'corpus'],
                                   cwd=folder, stdout=output, stderr=subprocess.PIPE, text=True)
        assert enough.wait(60)
        stopped.send_signal(signal.SIGINT)
        _, messages = stopped.communicate(timeout=60)
    writer.join(60)
    assert stopped.returncode == 130, messages
    first = (folder / 'first').read_text().splitlines()
    assert {json.loads(line)['src_ip'] for line in first} == {'10.0.0.3'}
    second = match(folder, 'corpus', jobs=jobs)
    assert sources(second) == {'10.0.0.1', '10.0.0.2'}
    assert sorted(first + second.stdout.splitlines()) == hits(whole)
