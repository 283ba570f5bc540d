"""What a feed of values holds, by a reading of its own: nothing here comes from the program.

count(path, format) gives how many values a text list, a hosts file, a CSV file, a warninglist or a
report has, and the distinct ones by type. Python's csv, json, ipaddress, urllib and re do the work.
"""
import csv
import io
import ipaddress
import json
import re
import urllib.parse

HASH = re.compile(r'[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128}')
DOT = re.compile(r'\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)', re.I)


def refang(text):
    text = DOT.sub('.', text).replace('[:]', ':').replace('[://]', '://').replace('[@]', '@')
    return re.sub(r'^h(xx|tx|xt)p', 'http', text, flags=re.I)


def network_of(text):
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def url_key(text):
    scheme, mark, rest = text.partition('://')
    if not mark:
        scheme, rest = '', text
    parts = urllib.parse.urlsplit('//' + rest.replace('\\', '/'))
    host = (parts.hostname or '').rstrip('.')
    port = parts.port
    if (scheme.lower(), port) in (('http', 80), ('https', 443)):
        port = None
    path = re.sub(r'%([0-9A-Fa-f]{2})', unreserved, parts.path or '/')
    query = '?' + re.sub(r'%([0-9A-Fa-f]{2})', unreserved, parts.query) if '?' in rest.split('#')[0] \
        else ''
    return scheme.lower(), host, port, path, query


def unreserved(match):
    char = chr(int(match.group(1), 16))
    return char if char.isascii() and (char.isalnum() or char in '-._~') else match.group().upper()


def classify(text):
    """(type, what makes it differ from others)"""
    text = refang(text.strip().strip('"\'')).strip()
    if HASH.fullmatch(text):
        return 'hashes', text.lower()
    network = network_of(text)
    if network is not None:
        return 'addresses', str(network)
    address, _, port = text.rpartition(':')
    if port.isdigit() and network_of(address.strip('[]')) is not None:
        return 'addresses', f'{network_of(address.strip("[]"))}:{port}'
    if '://' in text or '/' in text or ':' in text:
        try:
            return 'urls', url_key(text)
        except ValueError:
            return 'urls', text
    name = text.lower().rstrip('.')
    if not name.isascii():
        name = name.encode('idna').decode()
    return 'names', name[2:] if name.startswith('*.') else name.removeprefix('.')


def text_values(text):
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in '#;![' or line.startswith('//'):
            continue
        line = re.sub(r'^(address|server|local)=/([^/]*)/.*', r'\2', line)
        line = re.sub(r'^\|\|([^$^]*)\^.*', r'\1', line)
        word = line.split()[0]
        yield word.rstrip(',;') if '://' in word else re.split('[,;]', word)[0]


OWN_NAMES = {'localhost', 'localhost.localdomain', 'local', 'broadcasthost', '0.0.0.0'}


def hosts_values(text):
    for line in text.splitlines():
        words = line.split('#')[0].split()
        if len(words) > 1 and words[0] in ('0.0.0.0', '127.0.0.1', '::', '::1'):
            yield from (w for w in words[1:]
                        if w not in OWN_NAMES and not w.startswith('ip6-'))


VALUE_COLUMNS = ('value', 'ioc', 'indicator', 'domain', 'associated url')
TWEET_TYPES = {'ip', 'url', 'domain', 'md5', 'sha256', 'sha1'}


def cell_values(cell):
    """One value, or the digests of one file beside each other."""
    parts = re.split(r'[\s|,;]+', cell.strip())
    yield from parts if all(HASH.fullmatch(part) for part in parts) else [cell]


def csv_values(text):
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if all(len(row) > 3 and row[2] in TWEET_TYPES for row in rows):
        yield from (row[3] for row in rows)
        return
    head = [cell.strip().lower() for cell in rows[0]]
    columns = [i for i, cell in enumerate(head) if cell in VALUE_COLUMNS]
    if columns:
        rows = rows[1:]
    else:  # by the first row: the column that is a value
        columns = [i for i, cell in enumerate(rows[0]) if classify(cell)[0] != 'names'
                   or re.fullmatch(r'[\w-]+(\.[\w-]+)+', cell)][:1]
    for row in rows:
        if len(row) > columns[0] and row[columns[0]].strip():
            yield from cell_values(row[columns[0]])


DEFANGED_URL = re.compile(r'h(?:xx|tt)ps?(?:\[:\]|:)//[^\s"<>]+', re.I)
DEFANGED = re.compile(r'(?<![\w\]./-])(?:[\w-]+(?:\[\.\]|\.))+[\w-]+(?::\d+)?(?:/[^\s"<>)]*)?')
PLAIN_IP = re.compile(r'(?<![\w./])\d{1,3}(?:\.\d{1,3}){3}(?![\w\[]|\.\w)(?::\d+)?')


def prose_values(text):
    """A report of one house style: [.] and hxxp, hashes, and no plain links."""
    for line in text.splitlines():
        for found in re.finditer(r'(?<![\w/.@])(?:' + HASH.pattern + r')(?![\w@]|\.\w)', line):
            yield found.group()
        for found in DEFANGED_URL.finditer(line):
            if 'xx' in found.group()[:4].lower() or '[.]' in found.group():
                yield found.group().rstrip('.,;)')
        rest = DEFANGED_URL.sub(' ', line)
        for found in DEFANGED.finditer(rest):
            if '[.]' in found.group() and '@' not in rest[max(0, found.start() - 1):found.start()]:
                yield found.group().rstrip('.,;)')
        for found in PLAIN_IP.finditer(rest):
            if (address := network_of(found.group().split(':')[0])) is not None and address.is_global:
                yield found.group()


READERS = {'text': text_values, 'hosts': hosts_values, 'csv': csv_values, 'prose': prose_values}


def count(path, form):
    """(values seen, {type: distinct ones})"""
    text = path.read_text(encoding='utf-8-sig', errors='replace')
    seen = 0
    distinct = {'addresses': set(), 'names': set(), 'urls': set(), 'hashes': set()}
    for value in READERS[form](text):
        seen += 1
        kind, key = classify(value)
        distinct[kind].add(key)
    return seen, {kind: len(keys) for kind, keys in distinct.items()}


def warninglist_size(path):
    return len(json.loads(path.read_text())['list'])
