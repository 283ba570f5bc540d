"""Certificates: the server's against an authority of one's own, and one's own to the server."""
import ssl
import subprocess

import pytest

import taxii_server as taxii
from sensor import Sensor


def openssl(*words):
    subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True)


def certificate(folder, name, extension):
    """Signed by the authority in the folder."""
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}',
            '-keyout', folder / f'{name}.key', '-out', folder / f'{name}.csr')
    (folder / 'extension').write_text(extension)
    openssl('x509', '-req', '-in', folder / f'{name}.csr', '-CA', folder / 'ca.pem', '-CAkey',
            folder / 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', folder / 'extension',
            '-out', folder / f'{name}.pem')
    (folder / f'{name}.key').chmod(0o600)


@pytest.fixture(name='keys', scope='module')
def make_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp('keys')
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test authority',
            '-days', '2', '-keyout', folder / 'ca.key', '-out', folder / 'ca.pem')
    certificate(folder, 'server', 'subjectAltName=DNS:localhost')
    certificate(folder, 'client', 'extendedKeyUsage=clientAuth')
    return folder


@pytest.fixture(name='server')
def serve(keys):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / 'server.pem', keys / 'server.key')
    context.load_verify_locations(keys / 'ca.pem')
    context.verify_mode = ssl.CERT_REQUIRED
    server = taxii.TaxiiServer(5, tls=context)
    yield server
    server.close()


def sync(folder, server, host='localhost', **source):
    sensor = Sensor(folder, kind='taxii21', address=server.url('/api/', host), retries=0,
                    **source)
    done = sensor.sync()
    return done.returncode, done.stdout + done.stderr, sensor


def test_a_client_certificate_opens_the_door(keys, server, tmp_path):
    status, printed, sensor = sync(tmp_path, server, ca_file=keys / 'ca.pem',
                                   client_cert=keys / 'client.pem',
                                   client_key=keys / 'client.key')
    assert status == 0, printed
    assert len(sensor.indicators()) == 5


def test_without_a_client_certificate_it_stays_shut(keys, server, tmp_path):
    status, _, sensor = sync(tmp_path, server, ca_file=keys / 'ca.pem')
    assert status != 0
    assert sensor.count('vote') == 0 and not server.requests


def test_an_unknown_authority_is_refused(keys, server, tmp_path):
    status, printed, _ = sync(tmp_path, server, client_cert=keys / 'client.pem',
                              client_key=keys / 'client.key')
    assert status != 0 and 'certificate' in printed
    assert not server.requests


def test_a_certificate_of_another_name_is_refused(keys, server, tmp_path):
    status, printed, _ = sync(tmp_path, server, '127.0.0.1', ca_file=keys / 'ca.pem',
                              client_cert=keys / 'client.pem', client_key=keys / 'client.key')
    assert status != 0 and 'certificate' in printed
    assert not server.requests


def test_a_key_that_others_may_read_is_refused(keys, server, tmp_path):
    key = tmp_path / 'open.key'
    key.write_bytes((keys / 'client.key').read_bytes())
    key.chmod(0o644)
    status, printed, _ = sync(tmp_path / 'run', server, ca_file=keys / 'ca.pem',
                              client_cert=keys / 'client.pem', client_key=key)
    assert status != 0 and 'open.key' in printed
