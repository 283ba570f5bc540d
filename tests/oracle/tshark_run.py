"""Runs tshark over a capture: one row a packet, and the files that HTTP transferred."""
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile

# What tshark has to be told, since it knows a protocol by its port or by a segment's first bytes.
DECODE_AS = {
    'sv__tcp-urgent1.pcap': 'tcp.port==9090,http',  # the request's line is cut in two
}
OPTIONS = ('tcp.desegment_tcp_streams:TRUE', 'tcp.reassemble_out_of_order:TRUE',
           'tcp.try_heuristic_first:TRUE', 'tls.desegment_ssl_records:TRUE',
           'http.desegment_headers:TRUE', 'http.desegment_body:TRUE',
           'http.dechunk_body:TRUE', 'http.decompress_body:TRUE',
           'ip.defragment:TRUE', 'ipv6.defragment:TRUE')


def rows_of(text):
    # A capture that is cut short ends the list without its bracket.
    text = text.strip()
    if text and not text.endswith(']'):
        text += ']'
    return [collections.defaultdict(list, packet['_source'].get('layers', {}))
            for packet in json.loads(text or '[]')]


def run(capture, arguments):
    command = ['tshark', '-n', '-r', str(capture), *arguments]
    if capture.name in DECODE_AS:
        command += ['-d', DECODE_AS[capture.name]]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return output.stdout.decode('utf-8', 'surrogateescape')


def run_tshark(capture, fields):
    """[{field: [value …]} of each packet]"""
    command = ['-2', '-T', 'json']
    for option in OPTIONS:
        command += ['-o', option]
    for field in fields:
        command += ['-e', field]
    return rows_of(run(capture, command))


def run_pieces(capture):
    """Counter of the SHA-256 of segments that tshark calls a continuation, of it knows not what."""
    text = run(capture, ['-Y', 'http && tcp && !http.request && !http.response', '-T', 'fields',
                         '-e', 'tcp.payload'])
    return collections.Counter(hashlib.sha256(bytes.fromhex(line)).hexdigest()
                               for line in text.split())


def run_files(capture):
    """Counter of the SHA-256 of files. Each continuation is a file of its own to tshark, and what has
    no message is one called object: those are left out. Putting segments in order first, it would
    lose half of the bodies."""
    with tempfile.TemporaryDirectory(prefix='sekisho-export-') as folder:
        run(capture, ['-q', '--export-objects', f'http,{folder}'])
        files = [path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())
                 if not re.fullmatch(r'object\d+', path.name)]
    seen = collections.Counter(hashlib.sha256(data).hexdigest() for data in files if data)
    return seen - run_pieces(capture)


def run_statuses(capture):
    """Counter of the status codes of responses. Putting bodies together, tshark is silent of a
    response whose body is cut; not doing so, of one whose head is in two segments."""
    seen = collections.Counter()
    for option in ('TRUE', 'FALSE'):
        text = run(capture, ['-o', f'http.desegment_body:{option}', '-Y', 'http.response',
                             '-T', 'fields', '-e', 'http.response.code'])
        seen |= collections.Counter(text.replace(',', '\n').split())
    return seen
