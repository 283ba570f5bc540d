"""What cannot be written is told, with exit status 2; a reader that goes away is not an error."""
import os
import pathlib
import signal
import subprocess

import pytest
from scapy.all import IP, UDP, Ether, wrpcap

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')
HITS = 5000

COMMANDS = [
    'match -d db.skdb capture.pcap',
    'match -q --json -d db.skdb capture.pcap',
    'match -q --stix - -d db.skdb capture.pcap',
    'observe -q capture.pcap',
    'compile feed.txt -o new.skdb',
    'compile --json feed.txt -o new.skdb',
    'compile --explain feed.txt -o new.skdb',
    'lookup -d db.skdb 10.0.0.1',
    'inspect db.skdb',
    'inspect --indicators --json db.skdb',
    'match --help',
    '--version',
]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('output')
    wrpcap(str(path / 'capture.pcap'),
           [Ether() / IP(src=f'10.0.{i // 250}.{i % 250 + 1}', dst='192.0.2.1') / UDP(sport=i + 1)
            for i in range(HITS)])
    names = ''.join(f'host{i}.bad.example\nno value {i}\n' for i in range(HITS))
    (path / 'feed.txt').write_text('10.0.0.0/8\n' + names)
    subprocess.run([SEKISHO, 'compile', '-q', 'feed.txt', '-o', 'db.skdb'], cwd=path, check=True)
    return path


@pytest.mark.parametrize('command', COMMANDS)
def test_a_full_disk_is_told(folder, command):
    with open('/dev/full', 'w') as full:
        done = subprocess.run([SEKISHO, *command.split()], cwd=folder, stdout=full, check=False,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert 'standard output: No space left on device' in done.stderr


@pytest.mark.parametrize('command', ['match -q --json=/dev/full -d db.skdb capture.pcap',
                                     'match -q --stix /dev/full -d db.skdb capture.pcap',
                                     'compile -q feed.txt -o /dev/full',
                                     'observe -q capture.pcap -o /dev/full'])
def test_a_full_file_is_told(folder, command):
    done = subprocess.run([SEKISHO, *command.split()], cwd=folder, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 2
    assert 'No space left on device' in done.stderr


@pytest.mark.parametrize('command', COMMANDS)
def test_a_reader_that_has_gone_ends_it_quietly(folder, command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([SEKISHO, *command.split()], cwd=folder, stdout=writer, check=False,
                          stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode in (128 + signal.SIGPIPE, -signal.SIGPIPE)
    assert 'standard output' not in done.stderr and 'error' not in done.stderr
    assert [name.name for name in folder.iterdir() if name.name.count('.') > 1] == []


@pytest.mark.parametrize('command', ['match -d db.skdb capture.pcap', 'observe -q capture.pcap',
                                     'compile feed.txt -o new.skdb'])
def test_a_closed_output_is_told_and_no_file_takes_its_place(folder, command):
    done = subprocess.run(f'"{SEKISHO}" {command} >&-', shell=True, cwd=folder, check=False,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert 'standard output: Bad file descriptor' in done.stderr
    if command.startswith('compile'):
        subprocess.run([SEKISHO, 'inspect', '--verify', 'new.skdb'], cwd=folder, check=True)
