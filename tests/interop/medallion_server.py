"""medallion, OASIS's own TAXII server, on loopback: 3.x serves TAXII 2.1, 1.x serves 2.0."""
import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import samples

COLLECTION = '365fed99-08fa-fdcd-a1b3-fb247eb41d01'
USER, PASSWORD = 'reader', 'a pass phrase'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def password_hash():
    digest = hashlib.pbkdf2_hmac('sha256', PASSWORD.encode(), b'salt', 1000).hex()
    return f'pbkdf2:sha256:1000$salt${digest}'


class Medallion:
    """`objects`: (STIX object, date of addition). `version`: of TAXII, '2.1' or '2.0'."""

    def __init__(self, folder, version, objects, page=100):
        program = os.environ.get('MEDALLION3' if version == '2.1' else 'MEDALLION1')
        if not program:
            pytest.skip(f'no medallion for TAXII {version} (MEDALLION3, MEDALLION1)')
        folder.mkdir(parents=True, exist_ok=True)
        self.is_21 = version == '2.1'
        self.port = free_port()
        self.root = f'http://127.0.0.1:{self.port}'
        config = folder / 'medallion.json'
        config.write_text(json.dumps(self.config(folder, objects, page)))
        with open(folder / 'medallion.log', 'wb') as log:
            self.process = subprocess.Popen(
                [program, '--host', '127.0.0.1', '--port', str(self.port), str(config)],
                stdout=log, stderr=log, cwd=folder)
        self.wait()

    def config(self, folder, objects, page):
        data = folder / 'data.json'
        data.write_text(json.dumps(self.data(objects)))
        if self.is_21:
            return {'users': {USER: PASSWORD}, 'taxii': {'max_page_size': page},
                    'backend': {'module': 'medallion.backends.memory_backend',
                                'module_class': 'MemoryBackend', 'filename': str(data)}}
        return {'auth': {'module': 'medallion.backends.auth.memory_auth',
                         'module_class': 'AuthMemoryBackend', 'users': {USER: password_hash()},
                         'api_keys': {}},
                'taxii': {'max_page_size': page},
                'backend': {'module': 'medallion.backends.taxii.memory_backend',
                            'module_class': 'MemoryBackend', 'filename': str(data)}}

    def data(self, objects):
        media_type = ('application/stix+json;version=2.1' if self.is_21 else
                      'application/vnd.oasis.stix+json; version=2.0')
        taxii = ('application/taxii+json;version=2.1' if self.is_21 else
                 'application/vnd.oasis.taxii+json; version=2.0')
        if self.is_21:
            manifest = [{'id': made['id'], 'date_added': added, 'version': made['modified'],
                         'media_type': media_type} for made, added in objects]
        else:
            manifest = list({made['id']: {'id': made['id'], 'date_added': added,
                                          'versions': [made['modified']],
                                          'media_types': [media_type]}
                             for made, added in objects}.values())
        collections = [
            {'id': COLLECTION, 'title': 'Samples', 'description': 'made up', 'can_read': True,
             'can_write': False, 'media_types': [media_type], 'manifest': manifest,
             'objects': [made for made, _ in objects]},
            {'id': '64993447-4d7e-4f70-b94d-d7f33742ee63', 'title': 'Secret', 'can_read': False,
             'can_write': False, 'media_types': [media_type], 'manifest': [], 'objects': []},
        ]
        return {'/discovery': {'title': 'Judge', 'default': f'http://127.0.0.1:{self.port}/group/',
                               'api_roots': [f'http://127.0.0.1:{self.port}/group/',
                                             f'http://127.0.0.1:{self.port}/gone/']},
                'group': {'information': {'title': 'Group', 'versions': [taxii],
                                          'max_content_length': 1 << 20},
                          'status': [], 'collections': collections}}

    def ask(self, path, timeout=300, **headers):
        request = urllib.request.Request(self.root + path)
        token = base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
        request.add_header('Authorization', f'Basic {token}')
        request.add_header('Accept', 'application/taxii+json;version=2.1' if self.is_21 else
                           'application/vnd.oasis.stix+json; version=2.0')
        for name, content in headers.items():
            request.add_header(name, content)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), json.load(answer)

    def wait(self):
        for _ in range(200):
            assert self.process.poll() is None, 'medallion did not start'
            try:
                with socket.create_connection(('127.0.0.1', self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError('medallion does not listen')

    def held(self):
        """(id, name) of the newest versions that the server holds, by its own answers."""
        newest = {}
        for made in self.objects():
            if made['id'] not in newest or newest[made['id']]['modified'] < made['modified']:
                newest[made['id']] = made
        return sorted((made['id'], made['name']) for made in newest.values())

    def objects(self):
        path = f'/group/collections/{COLLECTION}/objects/?match%5Bversion%5D=all'
        found = []
        if self.is_21:
            query = '&limit=1000'
            while True:
                _, _, page = self.ask(path + query)
                found += page.get('objects', [])
                if not page.get('more'):
                    return found
                query = f'&limit=1000&next={page["next"]}'
        while True:
            try:
                _, _, page = self.ask(path, Range=f'items={len(found)}-{len(found) + 99}')
            except urllib.error.HTTPError as error:
                assert error.code == 416
                return found
            if not page.get('objects'):
                return found
            found += page['objects']

    def source(self, sensor):
        """Fields of sekisho.yaml."""
        return {'kind': 'taxii21' if self.is_21 else 'taxii20', 'username': USER,
                'password_file': sensor.secret(PASSWORD, 'password')}

    def discovery(self):
        return f'{self.root}/taxii2/' if self.is_21 else f'{self.root}/taxii/'

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def numbered(count, version='2.1', together=1):
    return [(samples.indicator(i, spec_version=version), samples.date_added(i, together))
            for i in range(count)]
