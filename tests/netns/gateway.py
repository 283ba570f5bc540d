"""A gateway between a client and a server, with sekisho on it.

The database comes out of a store under a policy, as in real life: what group DROP lists is dropped,
what ALERT lists is told, and what OWN covers is never dropped.
"""
import json
import os
import pathlib
import re
import signal

from network import wait_for

SEKISHO = os.environ.get('SEKISHO', 'build/app/sekisho')

STORE = '''
store: {folder}/store.db
database: {folder}/indicators.skdb
own:
  networks: [{own_networks}]
  names: [{own_names}]
sources:
  - {{name: drops, kind: file, address: {folder}/drops.txt, format: text, group: DROP}}
  - {{name: alerts, kind: file, address: {folder}/alerts.txt, format: text, group: ALERT}}
policy:
  - {{name: dropped, group: [DROP], action: drop}}
  - {{name: told, action: alert}}
guards: {{loss-max: 100%}}
'''


class Gateway:
    """sekisho on a host: its configuration, its database, the daemon, and what it wrote."""

    def __init__(self, host, sensor, drops=(), alerts=(), own_networks=(), own_names=(),
                 program=SEKISHO):
        self.host = host
        self.program = program
        self.folder = host.network.folder / f'sekisho-{host.name}'
        self.folder.mkdir()
        self.config = self.folder / 'sekisho.yaml'
        self.hits_path = self.folder / 'hits.json'
        self.control = self.folder / 'control.sock'
        self.process = None
        self.alerts = list(alerts)
        self.store = STORE.format(folder=self.folder, own_networks=', '.join(
            f'"{one}"' for one in own_networks), own_names=', '.join(own_names))
        self.write_config(sensor)
        self.list(drops)

    def write_config(self, sensor):
        lines = ['sensor:', f'  hits: {self.hits_path}', f'  control: {self.control}']
        lines += ['  ' + line for line in sensor.strip().splitlines()]
        self.config.write_text(self.store + '\n'.join(lines) + '\n')

    def list(self, drops):
        """Makes the database anew: these are dropped."""
        (self.folder / 'drops.txt').write_text(''.join(f'{line}\n' for line in drops))
        (self.folder / 'alerts.txt').write_text(''.join(f'{line}\n' for line in self.alerts))
        self.host.run(self.program, 'sync', '-c', self.config, '--quiet')

    def start(self, *arguments, ready=True):
        self.process = self.host.start(self.program, 'run', '-c', self.config, *arguments)
        if ready:
            wait_for(lambda: self.ask('status', check=False).returncode == 0 or
                     not self.process.is_running(), what='sekisho run')
            assert self.process.is_running(), self.process.error
        return self.process

    def ask(self, *request, check=True):
        return self.host.run(self.program, 'ctl', '-s', self.control, *request, check=check)

    def metrics(self):
        """Every metric's value by its name and labels, as they are written."""
        values = {}
        for line in self.ask('metrics').stdout.splitlines():
            if line and not line.startswith('#'):
                name, value = line.rsplit(' ', 1)
                values[name] = float(value)
        return values

    def metric(self, name, **labels):
        """The sum over all that have the name and these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for key, value in self.metrics().items()
                   if re.split(r'[{ ]', key)[0] == name and all(one in key for one in wanted))

    def hits(self):
        if not self.hits_path.exists():
            return []
        text = self.hits_path.read_text()
        return [json.loads(line) for line in text[:text.rfind('\n') + 1].splitlines()]

    def stop(self, number=signal.SIGTERM):
        return self.process.stop(number)


def program_path(name):
    """A helper program of the tests."""
    folder = pathlib.Path(os.environ.get('SEKISHO_HELPERS', 'build/tests/helpers'))
    return folder / name
