"""DNS messages of every record type: `sekisho observe` against dnspython, which reads them apart from
us: what it finds in a record's fields is what has to be told."""
import ipaddress
import json
import os
import random
import subprocess

import dns.edns
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from observe_ours import SEKISHO

MESSAGES = 3000 if os.environ.get('SEKISHO_LONG') else 400
# {n}: a name, {4} and {6}: addresses, {#}: a small number.
RECORDS = {
    'A': ['{4}'],
    'AAAA': ['{6}'],
    'AFSDB': ['{#} {n}'],
    'AMTRELAY': ['{#} 0 0 .', '{#} 1 1 {4}', '{#} 0 2 {6}', '{#} 1 3 {n}'],
    'APL': ['1:{4}/32 !2:{6}/128', '1:192.0.2.0/24', '2:2001:db8::/32 1:{4}/32', '1:10.0.0.0/32'],
    'CAA': ['0 iodef "http://{n}/"', '0 issue "{n}"'],
    'CNAME': ['{n}'],
    'DNAME': ['{n}'],
    'DSYNC': ['CDS NOTIFY {#} {n}'],
    'HINFO': ['"{n}" "{n}"'],
    'HIP': ['2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMz {n} {n}',
            '2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMz'],
    'HTTPS': ['0 {n}', '1 . ipv4hint={4},{4} ipv6hint={6}', '{#} {n} alpn=h2,h3 port=8443 ipv6hint={6},{6}'],
    'IPSECKEY': ['{#} 0 2 . AQNRU3mG', '{#} 1 2 {4} AQNRU3mG', '{#} 2 2 {6} AQNRU3mG', '{#} 3 2 {n} AQNRU3mG'],
    'KX': ['{#} {n}'],
    'L32': ['{#} {4}'],
    'LP': ['{#} {n}'],
    'MX': ['{#} {n}'],
    'NAPTR': ['{#} {#} "s" "SIP+D2U" "" {n}', '{#} {#} "u" "E2U+sip" "!^.*$!sip:a@{n}!" .'],
    'NS': ['{n}'],
    'NSAP-PTR': ['{n}'],
    'NSEC': ['{n} A MX RRSIG NSEC TYPE1234'],
    'NSEC3': ['1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG'],
    'PTR': ['{n}'],
    'PX': ['{#} {n} {n}'],
    'RP': ['{n} {n}'],
    'RRSIG': ['A 8 2 3600 20260322173103 20260220173103 2642 {n} oJB1W6WNGv+ldvQ3'],
    'RT': ['{#} {n}'],
    'SOA': ['{n} {n} 1 7200 900 1209600 86400'],
    'SRV': ['{#} {#} {#} {n}'],
    'SVCB': ['{#} {n} mandatory=alpn alpn=h2 ipv4hint={4}', '0 {n}'],
    'TXT': ['"{n}" "{4}"'],
    'URI': ['{#} {#} "http://{n}/a?b"', '{#} {#} "https://{n}:8443/"', '{#} {#} "ftp://{n}/a"'],
    'WKS': ['{4} 6 25'],
}
# The mail address of a zone, in every negative answer: not told.
LEFT_OUT = {('SOA', 'rname')}


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pool = [self.fresh_name() for _ in range(12)]

    def label(self, size_max=12):
        letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_'
        return ''.join(self.random.choice(letters) for _ in range(self.random.randint(1, size_max)))

    def fresh_name(self):
        return '.'.join(self.label() for _ in range(self.random.randint(1, 5))) + '.example.'

    def name(self):
        """Often one that was there, or below one: so that it is compressed."""
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(self.pool)
        if kind < 0.6:
            return self.label() + '.' + self.random.choice(self.pool)
        if kind < 0.65:  # as long as can be
            return '.'.join([self.label(63).ljust(63, 'x')] * 3) + '.example.'
        return self.fresh_name()

    def address4(self):
        return str(ipaddress.IPv4Address(self.random.getrandbits(32)))

    def address6(self):
        return str(ipaddress.IPv6Address((0x2001 << 112) | self.random.getrandbits(100)))

    def data(self, type_name):
        text = self.random.choice(RECORDS[type_name])
        for mark, make in (('{n}', self.name), ('{4}', self.address4), ('{6}', self.address6),
                           ('{#}', lambda: str(self.random.randint(1, 200)))):
            while mark in text:
                text = text.replace(mark, make(), 1)
        return dns.rdata.from_text('IN', type_name, text)

    def rrset(self):
        type_name = self.random.choice(sorted(RECORDS))
        rrset = dns.rrset.RRset(dns.name.from_text(self.name()), dns.rdataclass.IN,
                                dns.rdatatype.from_text(type_name))
        rrset.update_ttl(60)
        rrset.add(self.data(type_name))
        return rrset

    def response(self):
        query = dns.message.make_query(self.name(), self.random.choice(['A', 'ANY', 'HTTPS']),
                                       use_edns=self.random.random() < 0.5)
        message = dns.message.make_response(query)
        for section in (message.answer, message.authority, message.additional):
            section += [self.rrset() for _ in range(self.random.randint(0, 4))]
        return message

    def message(self):
        kind = self.random.random()
        if kind < 0.2:
            options = [dns.edns.ECSOption('192.0.2.0', 24), dns.edns.GenericOption(10, b'12345678')]
            return dns.message.make_query(self.name(), 'MX', use_edns=0, options=options)
        if kind < 0.25:
            update = dns.update.UpdateMessage('example.')
            update.absent('a.b')
            update.add('c', 60, self.data('A'))
            update.delete('d', 'MX')
            return update
        return self.response()


def spell(name):
    return name.to_text(omit_final_dot=True).lower() if isinstance(name, dns.name.Name) else name


def fields_of(value):
    """Names and whole addresses in a field of a record, wherever they lie."""
    if isinstance(value, dns.name.Name):
        yield 'dns.answer.name', spell(value)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from fields_of(part)
    elif hasattr(value, 'values'):  # parameters of a service
        for part in value.values():
            yield from fields_of(part)
    elif hasattr(value, 'addresses'):  # hints
        for address in value.addresses:
            yield 'dns.answer.address', str(ipaddress.ip_address(address))
    elif hasattr(value, 'family') and hasattr(value, 'prefix'):  # an APL item
        if value.prefix == ipaddress.ip_address(value.address).max_prefixlen:
            yield 'dns.answer.address', str(ipaddress.ip_address(value.address))
    elif type(value).__name__ in ('Gateway', 'Relay'):
        yield from fields_of(getattr(value, 'gateway', None) or getattr(value, 'relay', None))


def of_record(record):
    type_name = dns.rdatatype.to_text(record.rdtype)
    if type_name == 'URI':
        url = record.target.decode()
        if url.startswith('http'):
            scheme, _, rest = url.partition('://')
            host, slash, path = rest.partition('/')
            host = host.replace('.:', ':').removesuffix('.').lower()
            yield 'dns.answer.url', f'{scheme}://{host}{slash}{path}'
            yield 'dns.answer.name', host.partition(':')[0]
        return
    for field in record.__slots__ if hasattr(record, '__slots__') else ():
        if (type_name, field) in LEFT_OUT:
            continue
        value = getattr(record, field, None)
        if isinstance(value, str) and (field == 'address' or field in ('gateway', 'relay')):
            if type_name not in ('L32', 'L64'):
                yield 'dns.answer.address', str(ipaddress.ip_address(value))
        elif field != 'rdclass' and field != 'rdtype':
            yield from fields_of(value)


def expected(wire):
    """What dnspython reads in the message."""
    message = dns.message.from_wire(wire, one_rr_per_rrset=True)
    told = set()
    questions = {spell(question.name) for question in message.question} - {''}
    for section in (message.answer, message.authority, message.additional):
        for rrset in section:
            told.add(('dns.answer.name', spell(rrset.name)))
            for record in rrset:
                told |= set(of_record(record))
    told = {(where, value) for where, value in told
            if value not in ('', '@', '.') and not (where == 'dns.answer.name' and value in questions)}
    told |= {('dns.query', name) for name in questions}
    if any(isinstance(option, dns.edns.ECSOption) for option in message.options):
        told.add(('dns.client_subnet', '192.0.2.0/24'))
    return told


def carried(wire, index, port):
    """Every third over TCP. Each message is a flow of its own."""
    ip = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / IP(
        src='192.0.2.1', dst='192.0.2.53')
    client = 10000 + index
    if index % 3 == 0:
        return ip / TCP(sport=client, dport=port, flags='PA', seq=1) / (
            len(wire).to_bytes(2, 'big') + wire)
    return ip / UDP(sport=client, dport=port) / wire


def observe(path):
    run = subprocess.run([SEKISHO, 'observe', '-q', path], capture_output=True, text=True, check=True)
    told = {}
    for line in run.stdout.splitlines():
        event = json.loads(line)
        where, value = event['observable']['where'], event['observable']['value']
        is_reversed = where == 'dns.query' and event['observable']['type'] != 'domain-name'
        if where.startswith('dns.') and not is_reversed:
            told.setdefault(event['capture']['packet'], []).append((where, value))
    return told


@pytest.mark.parametrize('port', [53, 5300])
def test_all_that_dnspython_reads_is_told_and_nothing_else(port, tmp_path):
    maker = Maker(port)
    wires = [maker.message().to_wire(max_size=65535) for _ in range(MESSAGES)]
    packets = [carried(wire, index, port) for index, wire in enumerate(wires)]
    wrpcap(str(tmp_path / 'dns.pcap'), packets)
    told = observe(tmp_path / 'dns.pcap')
    for index, wire in enumerate(wires):
        ours = told.get(index + 1, [])
        assert set(ours) == expected(wire), f'message {index}: {dns.message.from_wire(wire)}'
        assert len(ours) == len(set(ours)), f'message {index}: something twice'
