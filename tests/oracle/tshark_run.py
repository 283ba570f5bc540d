"""Runs tshark over a capture: one row a packet, and the files that HTTP transferred."""
import collections
import json
import pathlib
import subprocess
import tempfile

# What tshark has to be told, since it knows a protocol by its port or by a segment's first bytes.
DECODE_AS = {
    'sv__tcp-urgent1.pcap': 'tcp.port==9090,http',  # the request's line is cut in two
}
OPTIONS = ('tcp.desegment_tcp_streams:TRUE',
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


def run_tshark(capture, fields, *options):
    """([{field: [value …]} of each packet], {name: content} of the files)"""
    with tempfile.TemporaryDirectory(prefix='sekisho-export-') as folder:
        command = ['tshark', '-n', '-2', '-r', str(capture), '-T', 'json',
                   '--export-objects', f'http,{folder}']
        if capture.name in DECODE_AS:
            command += ['-d', DECODE_AS[capture.name]]
        for option in (*OPTIONS, *options):
            command += ['-o', option]
        for field in fields:
            command += ['-e', field]
        output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                check=False)
        files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    rows = rows_of(output.stdout.decode('utf-8', 'surrogateescape'))
    return rows, files
