"""What tshark sees in a capture, counted as `sekisho observe` tells it."""
import collections
import hashlib
import re

import tshark_certificate
import tshark_hello
from observe_spelling import spell_dns_name, spell_host, spell_text, spell_url, split_authority
from tshark_run import run_tshark

ADDRESS_FIELDS = ('ip', 'tunnel', 'icmp.quoted')
DNS_FIELDS = ('dns.query', 'dns.answer.name', 'dns.answer.address')
TLS_FIELDS = ('tls.sni', 'tls.alpn', 'tls.ech', 'tls.ja3', 'tls.ja3s', 'tls.ja4')
CERTIFICATE_FIELDS = ('certificate.sha1', 'certificate.sha256', 'certificate.name',
                      'certificate.subject', 'certificate.issuer')
HTTP_FIELDS = ('http.host', 'http.url', 'http.method', 'http.version', 'http.user_agent',
               'http.header', 'http.status')
FILE_FIELDS = ('file.sha256',)
FIELDS = (*ADDRESS_FIELDS, *DNS_FIELDS, *TLS_FIELDS, *CERTIFICATE_FIELDS, *HTTP_FIELDS,
          *FILE_FIELDS)
DNS_TARGETS = ('dns.cname', 'dns.ns', 'dns.ptr.domain_name', 'dns.mx.mail_exchange',
               'dns.srv.target', 'dns.soa.mname', 'dns.dname', 'dns.svcb.targetname',
               'dns.afsdb.hostname', 'dns.kx.key_exchange', 'dns.md', 'dns.mf', 'dns.mb', 'dns.mg',
               'dns.mr', 'dns.minfo.r', 'dns.minfo.e', 'dns.rp.mailbox', 'dns.rp.txt_rr',
               'dns.rt.intermediate_host', 'dns.nsap_ptr.owner', 'dns.px.map822', 'dns.px.map400',
               'dns.rrsig.signers_name', 'dns.nsec.next_domain_name', 'dns.nxt.next_domain_name',
               'dns.naptr.replacement', 'dns.a6.prefix_name', 'dns.ipseckey.gateway_dns',
               'dns.hip.rendezvous_server', 'dns.ilnp.lp')
DNS_ADDRESSES = ('dns.a', 'dns.aaaa', 'dns.svcb.svcparam.ipv4hint.ip', 'dns.svcb.svcparam.ipv6hint.ip',
                 'dns.wks.address', 'dns.ipseckey.gateway_ipv4', 'dns.ipseckey.gateway_ipv6')
# Multicast DNS and LLMNR are compared, too; NetBIOS' names are not.
DNS_PROTOCOLS = {'dns', 'mdns', 'llmnr'}
HTTP = ('http.host', 'http.request.full_uri', 'http.request.method', 'http.request.version',
        'http.user_agent', 'http.request.line', 'http.response.code')
IP = ('ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst')
TSHARK_FIELDS = ('frame.protocols', 'tcp.stream', 'udp.stream', *IP, 'dns.qry.name',
                 'dns.resp.name', *DNS_TARGETS, *DNS_ADDRESSES, *tshark_hello.FIELDS,
                 *tshark_certificate.FIELDS, *HTTP)


# Header fields that are told by names of their own.
TOLD_APART = ('host', 'user-agent')
IN_ORDER = ('tcp.reassemble_out_of_order:FALSE',)


class Capture:
    """A Counter for each field, and one of what may be there besides. TLS is counted once a
    connection, whose packets come one by one."""

    def __init__(self):
        self.seen = {field: collections.Counter() for field in FIELDS}
        self.possible = {field: collections.Counter() for field in FIELDS}
        self.of_connection = collections.defaultdict(set)

    def add_once(self, connection, field, values):
        known = self.of_connection[connection, field]
        new = set(values) - known
        self.seen[field].update(new)
        known.update(new)

    def add_first(self, message, values_of_field):
        """What only the first message of a kind tells."""
        if not self.of_connection[message, 'told']:
            self.of_connection[message, 'told'].add(True)
            for field, values in values_of_field.items():
                self.seen[field].update(values)


def add_addresses(capture, row, protocols):
    """The innermost header's are the packet's; those around it a tunnel's; those behind an ICMP
    header are quoted. A capture's set, since a flow's addresses are told once."""
    left = {4: list(zip(row['ip.src'], row['ip.dst'])), 6: list(zip(row['ipv6.src'], row['ipv6.dst']))}
    layers, is_quoted = [], False
    for protocol in protocols:
        is_quoted = is_quoted or protocol in ('icmp', 'icmpv6')
        version = {'ip': 4, 'ipv6': 6}.get(protocol)
        if version and left[version]:
            layers.append((is_quoted, left[version].pop(0)))
    own = [pair for is_quoted, pair in layers if not is_quoted]
    groups = {'icmp.quoted': [pair for is_quoted, pair in layers if is_quoted],
              'tunnel': own[:-1], 'ip': own[-1:]}
    for field, pairs in groups.items():
        for address in {spell_host(text) for pair in pairs for text in pair}:
            capture.seen[field][address] = 1


def add_dns(capture, row):
    """Once a packet, as we tell them once a message."""
    queries = {spell_dns_name(name) for name in row['dns.qry.name']} - {''}
    names = {spell_dns_name(name) for field in ('dns.resp.name', *DNS_TARGETS)
             for name in row[field]} - queries - {''}
    capture.seen['dns.query'].update(queries)
    capture.seen['dns.answer.name'].update(names)
    capture.seen['dns.answer.address'].update(
        {spell_host(text) for field in DNS_ADDRESSES for text in row[field]})


def add_tls(capture, row, is_quic):
    """Once a connection: a second ClientHello, after a HelloRetryRequest, repeats the first. QUIC's
    certificates can be read with secrets from elsewhere only."""
    connection = (is_quic, *row['udp.stream' if is_quic else 'tcp.stream'])
    capture.add_once(connection, 'tls.sni',
                     map(spell_host, row['tls.handshake.extensions_server_name']))
    if tshark_hello.CLIENT_HELLO in row['tls.handshake.type']:
        capture.add_first(('client', connection), tshark_hello.hello_observables(row, is_quic))
    if row['tls.handshake.ja3s']:
        capture.add_first(('server', connection), {'tls.ja3s': row['tls.handshake.ja3s'][:1]})
    for certificate in row['tls.handshake.certificate'] if not is_quic else ():
        capture.add_first((certificate, connection),
                          tshark_certificate.read_certificate(certificate))


def is_other_field(line):
    name, colon, value = line.partition(':')
    return colon and value.strip() and name.strip().lower() not in TOLD_APART


def add_http(capture, row):
    seen = capture.seen
    seen['http.host'].update(spell_host(split_authority(host.strip())[0])
                             for host in row['http.host'] if host.strip())
    seen['http.url'].update(spell_url(url) for url in row['http.request.full_uri']
                            if url.lower().startswith(('http://', 'https://')))
    seen['http.method'].update(row['http.request.method'])
    seen['http.version'].update(row['http.request.version'])
    seen['http.user_agent'].update(map(spell_text, row['http.user_agent']))
    seen['http.header'].update(spell_text(line) for line in row['http.request.line']
                               if is_other_field(line))
    seen['http.status'].update(row['http.response.code'])


def hash_files(files):
    """What no URL names comes from no message that tshark has read."""
    return collections.Counter(hashlib.sha256(data).hexdigest() for name, data in files.items()
                               if data and not re.fullmatch(r'object\d+', name))


def add_answers(capture, path, files):
    """Behind segments that are missing for good, tshark finds answers only when it does not wait for
    those out of order; and it does not show an answer whose body is not whole, when it puts bodies
    together. Other runs, which miss others, say what may be there besides."""
    capture.seen['file.sha256'] = hash_files(files)
    for options in (IN_ORDER, (*IN_ORDER, 'http.desegment_body:FALSE')):
        rows, more_files = run_tshark(path, ('http.response.code',), *options)
        capture.possible['http.status'] |= collections.Counter(
            code for row in rows for code in row['http.response.code'])
        capture.possible['file.sha256'] |= hash_files(more_files)


def forget_outer(capture):
    """Of a tunnel, packets that hold no IP, or a fragment of it, have no header around another one:
    such a flow is told once, as the tunnel that it is."""
    for address in capture.seen['tunnel'].keys() & capture.seen['ip'].keys():
        del capture.seen['ip'][address]
        capture.possible['ip'][address] = 1


def tshark_observables(path):
    """({field: Counter} of what is there, the same of what may be there)"""
    capture = Capture()
    rows, files = run_tshark(path, TSHARK_FIELDS, 'tcp.reassemble_out_of_order:TRUE')
    for row in rows:
        protocols = row['frame.protocols'][0].split(':')
        add_addresses(capture, row, protocols)
        if DNS_PROTOCOLS & set(protocols):
            add_dns(capture, row)
        if 'dtls' not in protocols:
            add_tls(capture, row, 'quic' in protocols)
        if 'tcp' in protocols:  # SSDP has the same fields
            add_http(capture, row)
    add_answers(capture, path, files)
    forget_outer(capture)
    return capture.seen, {field: capture.seen[field] | capture.possible[field] for field in FIELDS}
