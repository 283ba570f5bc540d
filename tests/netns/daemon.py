"""`sekisho run` in a test: its configuration, its outputs, what it says."""
import functools
import json
import os
import pathlib
import signal
import subprocess

import network as networks

ROOT = pathlib.Path(__file__).parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')


@functools.cache
def backends():
    """What `sekisho ports` says of each."""
    done = subprocess.run([SEKISHO, 'ports', '--json'], capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row['name']: row for row in rows if row['about'] == 'backend'}


def need_backend(name):
    """Of a port, or a mode that is inline."""
    name = {'inline-xdp': 'xdp-copy'}.get(name, name.removeprefix('inline-'))
    row = backends()[name]
    if not row['usable']:
        raise networks.Missing(f'{name} cannot be used here: {row["words"]} {row["help"]}')


def compile_database(path, *lines, action='drop'):
    """A database of a text list, whose indicators have this action."""
    folder = path.parent / f'{path.name}-feeds'
    folder.mkdir(exist_ok=True)
    (folder / 'list.txt').write_text(''.join(f'{line}\n' for line in lines))
    config = folder / 'sekisho.yaml'
    config.write_text(json.dumps({
        'store': str(folder / 'store.db'), 'database': str(path),
        'sources': [{'name': 'list', 'kind': 'file', 'address': str(folder / 'list.txt'),
                     'format': 'text', 'reliability': 'A', 'group': 'C2'}],
        'policy': [{'name': 'all', 'action': action}]}))
    done = subprocess.run([SEKISHO, 'sync', '--quiet', '-c', config], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return path


class Daemon:
    """One sensor; `sensor`: fields of `sensor:`, with _ for -."""

    def __init__(self, host, folder, database, links, **sensor):
        self.host, self.folder, self.database = host, folder, database
        self.config = folder / 'sensor.yaml'
        self.hits_path = folder / 'hits.json'
        self.control = folder / 'control.sock'
        self.sensor = {'name': 'test-sensor', 'links': links, 'hits': str(self.hits_path),
                       'control': str(self.control), 'metrics': 'none',
                       **{key.replace('_', '-'): value for key, value in sensor.items()}}
        self.process = None
        self.write()

    def write(self):
        # JSON is YAML.
        self.config.write_text(json.dumps({'database': str(self.database),
                                           'sensor': self.sensor}))

    def start(self, *arguments, environment=None, wait=True):
        self.process = self.host.start(SEKISHO, 'run', '-c', self.config, *arguments,
                                       environment=environment)
        if wait:
            self.wait_for('mode ')
        return self.process

    def wait_for(self, text, seconds=30):
        """Waits until it has said so; that it lives, too."""
        def said():
            assert text in self.process.error or self.process.is_running(), self.process.error
            return text in self.process.error
        networks.wait_for(said, seconds, f'"{text}" of the sensor')

    def ctl(self, *request, check=True):
        return self.host.run(SEKISHO, 'ctl', '--socket', self.control, *request, check=check)

    def status(self):
        lines = self.ctl('status').stdout.splitlines()
        return dict(line.split(': ', 1) for line in lines if ': ' in line)

    def hits(self):
        if not self.hits_path.exists():
            return []
        return [json.loads(line) for line in self.hits_path.read_text().splitlines()]

    def hup(self):
        self.process.send(signal.SIGHUP)

    def stop(self, number=signal.SIGTERM):
        return self.process.stop(number)
