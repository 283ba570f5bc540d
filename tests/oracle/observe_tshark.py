#!/usr/bin/env python3
"""Compare `sekisho observe` with tshark over captures from outside.

DNS names and addresses, TLS server names, HTTP hosts and URLs, as multisets per capture. Prints, per
field and capture, recall (of what tshark sees, how much we see) and precision (of what we see, how
much tshark sees), then each difference with its explanation. A difference without one is a failure;
so is a field below 0.99 over the captures that are within scope. What is no difference: a name
twice in one DNS packet, or twice in one TLS connection, counts once.

usage: observe_tshark.py [--sekisho PATH] [--capture NAME]...
The captures: $SEKISHO_MATERIAL/pcaps.
"""
import argparse
import collections
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEKISHO = pathlib.Path(os.environ.get('SEKISHO', ROOT / 'build/app/sekisho'))
SKIPPED = 77
THRESHOLD = 0.99

# Captures whose traffic comes in a wrapping that is not decoded (yet): they count in the first
# figure and not in the second.
OUT_OF_SCOPE = {
    'arkime__80211http.pcap': 'link type IEEE 802.11',
    'arkime__gtp-iphone.pcap': 'GTP tunnel',
    'ndpi__vxlan.pcap': 'VXLAN tunnel',
    'sv__hdlc-http_1tx.pcap': 'link type Cisco HDLC',
    'zeek__erspan.pcap': 'ERSPAN in GRE',
    'zeek__gtp1_gn_normal_incl_fragmentation.pcap': 'GTP tunnel',
    'zeek__nflog-http.pcap': 'link type NFLOG',
    'zeek__pppoe-over-qinq.pcap': 'PPPoE',
    'zeek__vxlan-encapsulated-http.pcap': 'VXLAN tunnel',
}

# What tshark has to be told, since it knows a protocol by its port or by a segment's first bytes.
DECODE_AS = {
    'sv__tcp-urgent1.pcap': 'tcp.port==9090,http',  # the request's line is cut in two
}

FIELDS = ('dns.query', 'dns.answer.name', 'dns.answer.address', 'tls.sni', 'http.host', 'http.url')
DNS_TARGETS = ('dns.cname', 'dns.ns', 'dns.ptr.domain_name', 'dns.mx.mail_exchange',
               'dns.srv.target', 'dns.soa.mname', 'dns.dname', 'dns.svcb.targetname',
               'dns.afsdb.hostname', 'dns.kx.key_exchange')
DNS_ADDRESSES = ('dns.a', 'dns.aaaa', 'dns.svcb.svcparam.ipv4hint.ip', 'dns.svcb.svcparam.ipv6hint.ip')
TSHARK_FIELDS = ('frame.number', 'frame.protocols', 'tcp.stream', 'udp.stream', 'dns.qry.name',
                 'dns.resp.name', *DNS_TARGETS,
                 *DNS_ADDRESSES, 'tls.handshake.extensions_server_name', 'http.host',
                 'http.request.full_uri')
TSHARK_OPTIONS = ('tcp.desegment_tcp_streams:TRUE', 'tcp.reassemble_out_of_order:TRUE',
                  'tcp.try_heuristic_first:TRUE', 'tls.desegment_ssl_records:TRUE',
                  'http.desegment_headers:TRUE', 'http.desegment_body:TRUE')
WANTED = ('(dns && !mdns && !llmnr && !nbns) || tls.handshake.extensions_server_name'
          ' || http.request.full_uri || http.host')


# --- one spelling, written anew from the rules of engine/normalize.h -------------------------------

UNRESERVED = set(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~')
PLAIN = UNRESERVED | set(b"!$&'()*+,;=:@/?[]")


def spell_percent(text):
    """Percent-encoding: unreserved decoded, hex in upper case, all but plain characters encoded."""
    data = text.encode('utf-8', 'surrogateescape')
    out = bytearray()
    at = 0
    while at < len(data):
        hexa = re.match(rb'%([0-9A-Fa-f]{2})', data[at:at + 3])
        byte = int(hexa[1], 16) if hexa else data[at]
        keep = byte in UNRESERVED if hexa else byte in PLAIN
        out += bytes([byte]) if keep else b'%%%02X' % byte
        at += 3 if hexa else 1
    return out.decode('ascii')


def drop_dots(path):
    out = []
    segments = path.replace('\\', '/').split('/')[1:]
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment in ('.', '..'):
            if segment == '..' and out:
                out.pop()
            if is_last:
                out.append('')
        else:
            out.append(segment)
    return '/' + '/'.join(out)


def spell_host(host):
    try:
        address = ipaddress.ip_address(host.strip('[]'))
    except ValueError:
        name = host.lower()
        return name[:-1] if name.endswith('.') else name
    mapped = getattr(address, 'ipv4_mapped', None)
    return str(mapped or address)


def split_authority(authority):
    authority = authority.rpartition('@')[2]
    host, port = re.fullmatch(r'(\[[^]]*\]|[^:]*)(?::(.*))?', authority).groups()
    return host, port


def spell_url(url):
    scheme, _, rest = url.partition('://')
    authority, path = re.fullmatch(r'([^/?#\\]*)(.*)', rest, re.S).groups()
    path, query_mark, query = path.partition('#')[0].partition('?')
    host, port = split_authority(authority)
    host = spell_host(host)
    if ':' in host:
        host = f'[{host}]'
    if port and not port.isdecimal():
        return url  # no URL, as "OPTIONS *" has none
    if port and int(port) != {'http': 80, 'https': 443}[scheme.lower()]:
        host += f':{int(port)}'
    path = drop_dots(spell_percent(path.replace('\\', '/') or '/'))
    return f'{scheme.lower()}://{host}{path}{query_mark}{spell_percent(query)}'


# --- what the two see ------------------------------------------------------------------------------

def tshark_rows(capture):
    command = ['tshark', '-n', '-2', '-r', str(capture), '-Y', WANTED, '-T', 'json']
    if capture.name in DECODE_AS:
        command += ['-d', DECODE_AS[capture.name]]
    for option in TSHARK_OPTIONS:
        command += ['-o', option]
    for field in TSHARK_FIELDS:
        command += ['-e', field]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    text = output.stdout.decode('utf-8', 'surrogateescape').strip()
    # A capture that is cut short ends the list without its bracket.
    if text and not text.endswith(']'):
        text += ']'
    for packet in json.loads(text or '[]'):
        yield collections.defaultdict(list, packet['_source']['layers'])


def tshark_observables(capture):
    """{field: Counter}; DNS values once a packet, as we tell them once a message, and server names
    once a connection (a second ClientHello repeats the name after a HelloRetryRequest), over TCP or
    QUIC."""
    hellos = {}
    seen = {field: collections.Counter() for field in FIELDS}
    for row in tshark_rows(capture):
        protocols = row['frame.protocols'][0].split(':')
        if 'dns' in protocols:
            queries = {spell_host_name(name) for name in row['dns.qry.name']} - {''}
            names = {spell_host_name(name) for field in ('dns.resp.name', *DNS_TARGETS)
                     for name in row[field]} - queries - {''}
            addresses = {spell_host(text) for field in DNS_ADDRESSES for text in row[field]}
            seen['dns.query'].update(queries)
            seen['dns.answer.name'].update(names)
            seen['dns.answer.address'].update(addresses)
        if 'dtls' not in protocols:
            stream = tuple(row['udp.stream' if 'quic' in protocols else 'tcp.stream'])
            stream = ('quic' in protocols, stream)
            names = set(map(spell_host, row['tls.handshake.extensions_server_name']))
            seen['tls.sni'].update(names - hellos.get(stream, set()))
            hellos.setdefault(stream, set()).update(names)
        if 'tcp' in protocols:  # SSDP has the same fields
            seen['http.host'].update(spell_host(split_authority(host.strip())[0])
                                     for host in row['http.host'] if host.strip())
            seen['http.url'].update(spell_url(url) for url in row['http.request.full_uri']
                                    if url.lower().startswith(('http://', 'https://')))
    return seen


def spell_host_name(name):
    """tshark shows a label's odd bytes as U+FFFD or as the characters they happen to encode, we as
    "\\DDD", or as '?' in a long name: a run of them is written '*'."""
    if name in ('<Root>', '<Name too long>'):
        return ''
    return re.sub(r'(?:\\[0-9]{3}|[^!-~]|[?\\])+', '*', name.lower())


def our_observables(sekisho, capture):
    seen = {field: collections.Counter() for field in FIELDS}
    of_packet = {}
    output = subprocess.run([sekisho, 'observe', '-q', str(capture)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    if output.returncode not in (0, 1, 2):
        raise RuntimeError(f'sekisho observe {capture}: status {output.returncode}\n'
                           f'{output.stderr.decode(errors="replace")}')
    for line in output.stdout.decode('utf-8').splitlines():
        event = json.loads(line)
        where, value = event['observable']['where'], event['observable']['value']
        if where not in FIELDS:
            continue
        if where.startswith('dns.'):
            value = spell_host_name(value)
            if where == 'dns.query' and event['observable']['type'] != 'domain-name':
                continue  # the address that a reversed name stands for
            of_packet.setdefault((event['capture']['packet'], where), set()).add(value)
        else:
            seen[where][value] += 1
    for (_, where), values in of_packet.items():
        seen[where].update(values)
    return seen


# --- the comparison --------------------------------------------------------------------------------

class Tally:
    def __init__(self):
        self.both = self.missed = self.extra = 0

    def add(self, theirs, ours):
        self.both += (theirs & ours).total()
        self.missed += (theirs - ours).total()
        self.extra += (ours - theirs).total()

    @property
    def recall(self):
        return self.both / (self.both + self.missed) if self.both + self.missed else 1.0

    @property
    def precision(self):
        return self.both / (self.both + self.extra) if self.both + self.extra else 1.0

    def __str__(self):
        return (f'tshark {self.both + self.missed:6}  sekisho {self.both + self.extra:6}  '
                f'recall {self.recall:.4f}  precision {self.precision:.4f}')


def explain(capture, side):
    """The reason for a difference, or None."""
    if side == 'missed' and capture in OUT_OF_SCOPE:
        return 'not decoded: ' + OUT_OF_SCOPE[capture]
    return None


def differences(capture, theirs, ours):
    """(field, side, value, count, reason or None)"""
    for field in FIELDS:
        for side, counter in (('missed', theirs[field] - ours[field]),
                              ('extra', ours[field] - theirs[field])):
            for value, count in sorted(counter.items()):
                yield field, side, value, count, explain(capture, side)


def print_capture(capture, theirs, ours):
    for field in FIELDS:
        if theirs[field] or ours[field]:
            tally = Tally()
            tally.add(theirs[field], ours[field])
            print(f'{capture[:60]:60} {field:18} {tally}')


def print_differences(found):
    unexplained = 0
    grouped = collections.OrderedDict()
    for capture, (field, side, value, count, reason) in found:
        grouped.setdefault((capture, field, side, reason), []).append((value, count))
    for (capture, field, side, reason), values in grouped.items():
        total = sum(count for _, count in values)
        unexplained += total if reason is None else 0
        print(f'{capture}: {field}: {total} {side}: {reason or "NOT EXPLAINED"}')
        for value, count in values if reason is None else values[:3]:
            print(f'    {count} x {value[:150]}')
        if reason is not None and len(values) > 3:
            print(f'    and {len(values) - 3} more')
    return unexplained


def compare(sekisho, captures):
    tallies = {scope: {field: Tally() for field in FIELDS} for scope in ('all', 'in scope')}
    found = []
    for capture in captures:
        theirs, ours = tshark_observables(capture), our_observables(sekisho, capture)
        print_capture(capture.name, theirs, ours)
        found += [(capture.name, difference)
                  for difference in differences(capture.name, theirs, ours)]
        for field in FIELDS:
            tallies['all'][field].add(theirs[field], ours[field])
            if capture.name not in OUT_OF_SCOPE:
                tallies['in scope'][field].add(theirs[field], ours[field])
    print('\nDifferences')
    unexplained = print_differences(found)
    is_good = unexplained == 0
    for scope, fields in tallies.items():
        print(f'\nBefore explanations, captures {scope}')
        for field, tally in fields.items():
            low = scope == 'in scope' and min(tally.recall, tally.precision) < THRESHOLD
            is_good = is_good and not low
            print(f'  {field:18} {tally}{"  BELOW " + str(THRESHOLD) if low else ""}')
    print(f'\n{len(captures)} captures, {unexplained} differences without an explanation')
    return is_good


def material():
    """(captures, why there are none)"""
    folder = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere'))
    captures = sorted(path for path in (folder / 'pcaps').glob('*') if path.suffix != '.tsv')
    if shutil.which('tshark') is None:
        return [], 'no tshark'
    return captures, None if captures else f'no captures in SEKISHO_MATERIAL, {folder}/pcaps'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sekisho', default=str(SEKISHO))
    parser.add_argument('--capture', action='append', help='only captures whose name contains this')
    options = parser.parse_args()
    captures, reason = material()
    if reason:
        print(f'skipped: {reason}')
        return SKIPPED
    if options.capture:
        captures = [path for path in captures if any(name in path.name for name in options.capture)]
    return 0 if compare(options.sekisho, captures) else 1


if __name__ == '__main__':
    sys.exit(main())
