"""What `sekisho observe` tells of a capture, counted by the fields of tshark_fields.py."""
import collections
import json
import os
import pathlib
import subprocess

from observe_spelling import spell_dns_name, spell_text
from tshark_fields import FIELDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = pathlib.Path(os.environ.get('SEKISHO', ROOT / 'build/app/sekisho'))

ADDRESSES = {'ip.src': 'ip', 'ip.dst': 'ip', 'tunnel.src': 'tunnel', 'tunnel.dst': 'tunnel',
             'icmp.quoted.src': 'icmp.quoted', 'icmp.quoted.dst': 'icmp.quoted'}
CERTIFICATE_HASHES = {40: 'certificate.sha1', 64: 'certificate.sha256'}
TEXTS = ('http.user_agent', 'http.header')
FILES = ('http.request.file', 'http.response.file')


def run_observe(sekisho, capture):
    output = subprocess.run([sekisho, 'observe', '-q', '--local-dns', str(capture)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    if output.returncode not in (0, 1, 2):
        raise RuntimeError(f'sekisho observe {capture}: status {output.returncode}\n'
                           f'{output.stderr.decode(errors="replace")}')
    return [json.loads(line) for line in output.stdout.decode('utf-8').splitlines()]


def add_observable(seen, of_packet, event):
    where, value = event['observable']['where'], event['observable']['value']
    if where in ADDRESSES:
        seen[ADDRESSES[where]][value] = 1
    elif where.startswith('dns.'):
        if where not in FIELDS or \
           (where == 'dns.query' and event['observable']['type'] != 'domain-name'):
            return  # the address that a reversed name stands for
        of_packet.setdefault((event['capture']['packet'], where), set()).add(spell_dns_name(value))
    elif where == 'certificate':
        if len(value) in CERTIFICATE_HASHES:
            seen[CERTIFICATE_HASHES[len(value)]][value] += 1
    elif where == 'tls.ech':
        seen[where]['present'] += 1
    elif where in FIELDS:
        seen[where][spell_text(value) if where in TEXTS else value] += 1


def our_observables(sekisho, capture):
    """{field: Counter}"""
    seen = {field: collections.Counter() for field in FIELDS}
    of_packet = {}
    for event in run_observe(sekisho, capture):
        if event['event_type'] == 'fileinfo':
            told = event['fileinfo']
            if 'sha256' in told and told['size'] > 0:
                seen['file.sha256'][told['sha256']] += 1
        elif event['observable']['where'] not in FILES:
            add_observable(seen, of_packet, event)
    for (_, where), values in of_packet.items():
        seen[where].update(values)
    return seen
