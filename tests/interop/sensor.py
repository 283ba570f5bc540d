"""One sekisho under test: a folder with its configuration, store and database."""
import json
import os
import pathlib
import sqlite3
import subprocess

SEKISHO = pathlib.Path(os.environ.get('SEKISHO', 'sekisho')).resolve()


class Sensor:
    def __init__(self, folder, **source):
        """`source`: fields of sekisho.yaml, with _ for -."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.store = folder / 'store.db'
        self.database = folder / 'indicators.skdb'
        self.config = folder / 'sekisho.yaml'
        self.source = {'name': 'feed', 'tlp': 'green', 'retries': 2, 'timeout': '20s', **source}
        self.guards = None  # as in sekisho.yaml
        self.write()

    def write(self, **changes):
        self.source |= changes
        lines = [f'    {name.replace("_", "-")}: {json.dumps(str(content))}'
                 for name, content in self.source.items()]
        lines[0] = lines[0].replace('    ', '  - ', 1)
        if self.guards is not None:
            lines.append(f'guards: {self.guards}')
        self.config.write_text('\n'.join([f'store: {self.store}', f'database: {self.database}',
                                          'sources:', *lines]) + '\n')

    def secret(self, text, name='secret'):
        path = self.folder / name
        path.write_text(text + '\n')
        path.chmod(0o600)
        return path

    def command(self, *words):
        return [str(SEKISHO), *words, '--config', str(self.config)]

    def run(self, *words, environment=None, timeout=300):
        return subprocess.run(self.command(*words), text=True, capture_output=True,
                              timeout=timeout, check=False,
                              env={**os.environ, **(environment or {})})

    def sync(self, *words, **options):
        return self.run('sync', *words, **options)

    def indicators(self):
        """(id, name) of all in the database, a list: none may be there twice."""
        if not self.database.exists():
            return []
        done = subprocess.run([str(SEKISHO), 'inspect', '--indicators', '--json',
                               str(self.database)], text=True, capture_output=True, check=True)
        found = []
        for line in done.stdout.splitlines():
            record = json.loads(line)
            if 'id' in record:
                found.append((record['id'], record.get('name', '')))
        return sorted(found)

    def count(self, what, condition='1'):
        """Rows of the store. For what no command tells."""
        with sqlite3.connect(self.store) as store:
            return store.execute(f'SELECT count(*) FROM {what} WHERE {condition}').fetchone()[0]
