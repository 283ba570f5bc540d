"""Mail as a source, written by Python's email and mailbox: each message is read once."""
import email.message
import gzip
import io
import json
import mailbox
import os
import pathlib
import subprocess
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')


def message(number, text, *attachments):
    mail = email.message.EmailMessage()
    mail['From'] = 'Analyst <analyst@example.org>'
    mail['To'] = 'sensors@example.org'
    mail['Date'] = 'Mon, 01 Jan 2024 00:00:00 +0000'
    mail['Subject'] = '指標 indicators'
    mail['Message-ID'] = f'<{number}@example.org>'
    mail.set_content(text, cte='quoted-printable' if text.isascii() else 'base64')
    for name, content in attachments:
        mail.add_attachment(content, maintype='application', subtype='octet-stream', filename=name)
    return mail


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


STIX = json.dumps({
    'type': 'bundle', 'id': 'bundle--a1e0b2c4-7f4e-4f0e-8d44-0a5f6c7b8d9e', 'objects': [{
        'type': 'indicator', 'spec_version': '2.1',
        'id': 'indicator--6d3e8f8e-3f6f-4a58-9d2b-1f0c7d7d9c11',
        'created': '2024-01-01T00:00:00Z', 'modified': '2024-01-01T00:00:00Z',
        'pattern': "[domain-name:value = 'stix.example.com']", 'pattern_type': 'stix',
        'valid_from': '2024-01-01T00:00:00Z'}]}).encode()


@pytest.fixture
def sync(tmp_path):
    config = tmp_path / 'sekisho.yaml'
    config.write_text(f"""
store: {tmp_path}/store.db
database: {tmp_path}/indicators.skdb
sources:
  - name: mail
    kind: mail
    address: {tmp_path}/mail
    group: MAIL
    reliability: A
policy:
  - name: everything
    action: drop
""")

    def run(*options, more=''):
        config.write_text(config.read_text().replace('    group: MAIL', more + '    group: MAIL'))
        done = subprocess.run([SEKISHO, 'sync', '-c', config, '--json', *options],
                              capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        listing = subprocess.run([SEKISHO, 'inspect', '--json', '--indicators',
                                  tmp_path / 'indicators.skdb'], capture_output=True, text=True)
        return [json.loads(line) for line in listing.stdout.splitlines()[1:]], done
    return run


def values(indicators):
    return sorted(indicator['value'] for indicator in indicators)


def action(folder, value):
    run = subprocess.run([SEKISHO, 'lookup', '--json', '-d', folder / 'indicators.skdb', value],
                         capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[0])['matches'][0]['action']


def test_a_maildir_is_read_message_by_message(sync, tmp_path):
    box = mailbox.Maildir(tmp_path / 'mail')
    box.add(message(1, '接続先はhxxp://bad[.]example/xです。\n'))
    box.add(message(2, 'See the attachments.\n', ('list.txt', b'list.example.com\n198.18.0.7\n'),
                    ('list.gz', gzip.compress(b'gzip.example.com\n')),
                    ('list.zip', zipped('a.txt', 'zip.example.com\n')), ('stix.json', STIX)))
    indicators, _ = sync()
    assert values(indicators) == ['198.18.0.7', "[domain-name:value = 'stix.example.com']",
                                  'gzip.example.com', 'hxxp://bad[.]example/x',
                                  'list.example.com', 'zip.example.com']
    prose = [i for i in indicators if 'prose' in (i.get('labels') or [])]
    assert values(prose) == ['hxxp://bad[.]example/x']
    assert action(tmp_path, 'http://bad.example/x') == 'alert'
    assert action(tmp_path, 'list.example.com') == 'drop'

    box.add(message(3, 'And now evil[.]example, too.\n'))
    indicators, _ = sync()
    assert len(indicators) == 7 and 'evil[.]example' in values(indicators)
    indicators, _ = sync()
    assert len(indicators) == 7


def test_an_mbox_is_read_from_where_it_ended(sync, tmp_path):
    box = mailbox.mbox(tmp_path / 'mail')
    box.add(message(1, 'It calls one[.]example now.\n'))
    box.flush()
    assert values(sync()[0]) == ['one[.]example']
    box.add(message(2, 'It calls two[.]example now.\n'))
    box.flush()
    assert values(sync()[0]) == ['one[.]example', 'two[.]example']

    box.clear()  # another file in its place
    box.add(message(3, 'It calls three[.]example now.\n'))
    box.flush()
    assert values(sync()[0]) == ['one[.]example', 'three[.]example', 'two[.]example']


def test_the_text_is_read_as_the_source_says(sync, tmp_path):
    folder = tmp_path / 'mail'
    folder.mkdir()
    (folder / 'a.eml').write_bytes(bytes(message(1, 'It calls one[.]example now.\n',
                                                 ('list.txt', b'list.example.com\n'))))
    assert values(sync(more='    attachments-only: yes\n')[0]) == ['list.example.com']
    (folder / 'b.eml').write_bytes(bytes(message(2, 'It calls plain.example.com now.\n')))
    both = '    plain-names: yes\n    attachments-only: no\n'
    config = tmp_path / 'sekisho.yaml'
    config.write_text(config.read_text().replace('    attachments-only: yes\n', both))
    assert values(sync()[0]) == ['list.example.com', 'plain.example.com']


def test_a_broken_message_does_not_hide_the_others(sync, tmp_path):
    folder = tmp_path / 'mail'
    folder.mkdir()
    (folder / 'a.eml').write_bytes(b'\0\1\2 no mail at all\n')
    (folder / 'b.eml').write_bytes(bytes(message(1, 'It calls one[.]example now.\n')))
    (folder / 'c.eml').write_bytes(bytes(message(2, 'x\n', ('a.bin', b'\0\1\2')))[:-40])
    indicators, done = sync()
    assert values(indicators) == ['one[.]example']
    assert 'not a mail' in done.stdout + done.stderr
