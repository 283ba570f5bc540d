"""The rules of what counts as a match, written a second time: plain loops over every observable
and every entry. Knows nothing of sekisho's tables; reads only what `sekisho observe` prints."""
import fnmatch
import ipaddress
import re
import urllib.parse

# Strongest first: an indicator is told once of an observable, with its strongest kind.
KINDS = ['exact', 'prefix', 'url-prefix', 'pattern', 'parent', 'url-host']


def address_kind(entry, event):
    """entry: {'net': network, 'port': number or None}"""
    observable = event['observable']
    if observable['type'] not in ('ipv4-addr', 'ipv6-addr'):
        return None
    address = ipaddress.ip_address(observable['value'])
    network = entry['net']
    if address.version != network.version or address not in network:
        return None
    if entry.get('port') is not None:
        side = {'ip.src': 'src_port', 'ip.dst': 'dest_port'}.get(observable['where'])
        port = event.get(side) if side else observable.get('port')
        if port != entry['port']:
            return None
    return 'exact' if network.prefixlen == network.max_prefixlen else 'prefix'


def name_kind(entry, event):
    """entry: {'name': text}"""
    observable = event['observable']
    if observable['type'] != 'domain-name':
        return None
    if observable['value'] == entry['name']:
        return 'exact'
    return 'parent' if observable['value'].endswith('.' + entry['name']) else None


def name_pattern_kind(entry, event):
    """entry: {'name_like': STIX LIKE} or {'name_matches': regular expression}"""
    observable = event['observable']
    if observable['type'] != 'domain-name':
        return None
    if 'name_matches' in entry:
        return 'pattern' if re.search(entry['name_matches'], observable['value']) else None
    glob = entry['name_like'].replace('[', '[[]').replace('%', '*').replace('_', '?')
    return 'pattern' if fnmatch.fnmatchcase(observable['value'], glob) else None


def url_kind(entry, event):
    """entry: {'url': text, with or without scheme, a prefix when it ends in '*'}"""
    observable = event['observable']
    url = entry['url']
    if observable['type'] == 'domain-name':
        if observable['where'] != 'tls.sni' or not url.startswith('https://'):
            return None
        host = urllib.parse.urlsplit(url.rstrip('*')).hostname
        return 'url-host' if observable['value'] == host else None
    if observable['type'] != 'url':
        return None
    seen = observable['value']
    if '://' not in url:
        seen = seen.split('://', 1)[1]
    if url.endswith('*'):
        return 'url-prefix' if seen.startswith(url[:-1]) else None
    return 'exact' if seen == url else None


def hash_kind(entry, event):
    """entry: {'hash': hexadecimal digits}, of files and certificates"""
    observable = event['observable']
    is_hash = observable['type'] in ('file', 'x509-certificate')
    return 'exact' if is_hash and observable['value'] == entry['hash'] else None


def entry_kind(entry, event):
    if 'hash' in entry:
        return hash_kind(entry, event)
    if 'net' in entry:
        return address_kind(entry, event)
    if 'name' in entry:
        return name_kind(entry, event)
    if 'url' in entry:
        return url_kind(entry, event)
    return name_pattern_kind(entry, event)


def match(indicators, events):
    """indicators: {key: [entry …]}. Yields (key, kind, event) of every hit."""
    for event in events:
        for key, entries in indicators.items():
            kinds = [kind for kind in (entry_kind(entry, event) for entry in entries) if kind]
            if kinds:
                yield key, min(kinds, key=KINDS.index), event
