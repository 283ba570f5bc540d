#!/usr/bin/env python3
"""Writes the broken inputs into the current folder."""
import json
import pathlib
import struct


def indicator(number, pattern, **changes):
    return {'type': 'indicator', 'spec_version': '2.1',
            'id': f'indicator--00000000-0000-4000-8000-{number:012}',
            'created': '2025-01-01T00:00:00.000Z', 'modified': '2025-01-01T00:00:00.000Z',
            'pattern': pattern, 'pattern_type': 'stix', 'valid_from': '2025-01-01T00:00:00Z',
            **changes}


def bundle(objects):
    return json.dumps({'type': 'bundle', 'id': 'bundle--00000000-0000-4000-8000-000000000000',
                       'objects': objects})


def write(name, content):
    pathlib.Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def pcap(link_type, records, snaplen=65535):
    head = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link_type)
    return head + b''.join(struct.pack('<IIII', 1767225600, i, size, size) + data
                           for i, (size, data) in enumerate(records))


GOOD = [indicator(1, "[domain-name:value = 'one.bad.example']"),
        indicator(2, "[domain-name:value = 'two.bad.example']")]
# Ethernet, IPv4, UDP from 192.0.2.1 to 203.0.113.9
PACKET = bytes.fromhex(
    '0200000000010200000000020800' '450000200000000040110000' 'c0000201' 'cb007109'
    '1389138a000c0000' '00000000')

whole = bundle(GOOD)
write('1-cut.json', whole[:whole.index('two.bad')])
deep = '{"type":"x-deep","id":"x-deep--1","a":' + '[' * 10000 + ']' * 10000 + '}'
parts = bundle(GOOD)
write('2-deep.json', parts.replace('}, {', '}, ' + deep + ', {', 1))
write('3-wrong.json', bundle(GOOD + [
    indicator(3, "[domain-name:value = 'x'"), indicator(4, 17), indicator(5, "[ipv4-addr:value]"),
    indicator(6, "[ipv4-addr:value = '300.1.2.3']"),
    indicator(7, "[ipv4-addr:value = '203.0.113.9']", valid_from='yesterday'),
    indicator(8, 'alert tcp any any', pattern_type='snort'), 'no object', 12, None]))
write('4-large.json', bundle([GOOD[0], indicator(9, "[domain-name:value = '%s']" % ('a' * 17000000)),
                              GOOD[1]]))
write('5-list.txt', b'one.bad.example\nnul\0byte.example\n\xff\xfe.example\n0.0.0.0/0\ncom\n*.co.jp\n'
      b'two.bad.example\n' + b'x' * 70000 + b'\n203.0.113.9\n')
write('6-no-feed', bytes(range(256)) * 16)
write('7-no-database', 'this is no database\n' * 100)
write('9-cut.pcap', pcap(1, [(len(PACKET), PACKET)] * 3)[:-10])
write('10-lying.pcap', pcap(1, [(len(PACKET), PACKET), (0x7fffffff, PACKET)]))
write('11-link.pcap', pcap(147, [(len(PACKET), PACKET)]))
write('11-no-capture', 'GET / HTTP/1.1\r\n\r\n')
write('good.txt', '203.0.113.9\none.bad.example\n')
