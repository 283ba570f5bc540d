"""OpenTAXII, which serves STIX 1.x and STIX 2 side by side over TAXII 1.1, on loopback."""
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

USER, PASSWORD = 'sensor', 'a pass phrase'
PROGRAM = pathlib.Path(__file__).with_name('opentaxii_program.py')
STIX1, STIX2 = 'urn:stix.mitre.org:xml:1.2', 'urn:stix.mitre.org:json:2.1'
HTTP = 'urn:taxii.mitre.org:protocol:http:1.0'

PACKAGE = '''<stix:STIX_Package xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:stix="http://stix.mitre.org/stix-1" xmlns:indicator="http://stix.mitre.org/Indicator-2"
 xmlns:cybox="http://cybox.mitre.org/cybox-2" xmlns:made="http://made.example"
 xmlns:DomainNameObj="http://cybox.mitre.org/objects#DomainNameObject-1"
 id="made:package-{number}" version="1.2"><stix:Indicators>
<stix:Indicator id="made:indicator-{number}" timestamp="{modified}"
 xsi:type="indicator:IndicatorType"><indicator:Title>sample {number}</indicator:Title>
<indicator:Observable><cybox:Object>
<cybox:Properties xsi:type="DomainNameObj:DomainNameObjectType">
<DomainNameObj:Value condition="Equals">{value}</DomainNameObj:Value>
</cybox:Properties></cybox:Object></indicator:Observable></stix:Indicator></stix:Indicators>
</stix:STIX_Package>'''


def package(number, value=None, modified='2026-01-01T00:00:00Z'):
    value = value or f'n{number}.one.example'
    return PACKAGE.format(number=number, value=value, modified=modified), STIX1


def bundle(number, **members):
    identifier = f'11111111-1111-4111-8111-{number:012}'
    indicator = {'type': 'indicator', 'spec_version': '2.1', 'id': f'indicator--{identifier}',
                 'name': f'sample {number}', 'created': '2026-01-01T00:00:00Z',
                 'modified': '2026-01-01T00:00:00Z', 'valid_from': '2026-01-01T00:00:00Z',
                 'pattern_type': 'stix',
                 'pattern': f"[domain-name:value = 'm{number}.two.example']", **members}
    return json.dumps({'type': 'bundle', 'id': f'bundle--{identifier}',
                       'objects': [indicator]}), STIX2


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class OpenTaxii:
    def __init__(self, folder, part=100):
        self.python = os.environ.get('OPENTAXII')
        if not self.python:
            pytest.skip('no OpenTAXII (OPENTAXII)')
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.root = f'http://127.0.0.1:{self.port}/services'
        config, content = folder / 'opentaxii.yml', folder / 'content.yml'
        config.write_text(json.dumps(self.config(folder)))
        content.write_text(json.dumps(self.content(part)))
        self.environment = {**os.environ, 'OPENTAXII_CONFIG': str(config)}
        sync = pathlib.Path(self.python).with_name('opentaxii-sync-data')
        with open(folder / 'opentaxii.log', 'wb') as log:
            subprocess.run([sync, content], env=self.environment, stdout=log, stderr=log,
                           check=True)
            self.process = subprocess.Popen(
                [self.python, PROGRAM, 'serve', str(self.port)], stdout=log, stderr=log,
                env=self.environment)
        self.wait()

    def config(self, folder):
        def api(name, module, **more):
            return {'class': f'opentaxii.{module}.sqldb.SQLDatabaseAPI',
                    'parameters': {'db_connection': f'sqlite:///{folder}/{name}.db',
                                   'create_tables': True, **more}}
        return {'domain': f'127.0.0.1:{self.port}', 'support_basic_auth': True,
                'auth_api': api('auth', 'auth', secret='of a test, of thirty-two bytes at least',
                                token_ttl_secs=3600),
                'taxii1': {'save_raw_inbox_messages': False, 'unauthorized_status': 'UNAUTHORIZED',
                           'xml_parser_supports_huge_tree': True, 'hooks': None,
                           'count_blocks_in_poll_responses': False,
                           'persistence_api': api('data', 'persistence')},
                'taxii2': None, 'logging': {'opentaxii': 'info', 'root': 'info'}}

    def content(self, part):
        def service(name, kind, **more):
            return {'id': name, 'type': kind, 'address': f'/services/{name}',
                    'description': name, 'authentication_required': True,
                    'protocol_bindings': [HTTP], **more}
        names = ['inbox', 'discovery', 'collections', 'poll']
        return {'services': [
                    service('inbox', 'inbox', destination_collection_required=True,
                            accept_all_content=True),
                    service('discovery', 'discovery', advertised_services=names),
                    service('collections', 'collection_management'),
                    service('poll', 'poll', subscription_required=False,
                            max_result_count=100000, max_result_size=part)],
                'collections': [
                    {'name': name, 'available': True, 'accept_all_content': True,
                     'type': 'DATA_FEED', 'service_ids': ['inbox', 'collections', 'poll']}
                    for name in ('samples', 'others')],
                'accounts': [{'username': USER, 'password': PASSWORD,
                              'permissions': {'samples': 'modify', 'others': 'modify'}}]}

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, 'OpenTAXII ended'
                time.sleep(0.05)
        raise AssertionError('OpenTAXII does not answer')

    def fill(self, blocks):
        lines = ''.join(json.dumps(block) + '\n' for block in blocks)
        subprocess.run([self.python, PROGRAM, 'fill', str(self.port)], input=lines, text=True,
                       check=True, capture_output=True, env=self.environment)

    def source(self, sensor):
        return {'username': USER, 'password-file': str(sensor.secret(PASSWORD, 'password'))}

    def close(self):
        self.process.terminate()
        self.process.wait(30)
