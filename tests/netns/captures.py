"""Capture files, as the helpers write them and the ports replay them: pcap with nanoseconds."""
import struct

MAGIC_NS = 0xa1b23c4d


def read(path):
    """The link type, and a list of (time in ns, captured bytes, bytes on the wire)."""
    data = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from('<IHHiiII', data)
    assert magic == MAGIC_NS
    packets, offset = [], 24
    while offset < len(data):
        seconds, ns, captured, wire = struct.unpack_from('<IIII', data, offset)
        offset += 16
        packets.append((seconds * 10**9 + ns, data[offset:offset + captured], wire))
        offset += captured
    return link, packets


def write(path, frames, link=1):
    """Frames one microsecond apart, of 2026-11-01."""
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiiII', MAGIC_NS, 2, 4, 0, 0, 1 << 18, link))
        for number, frame in enumerate(frames):
            seconds, us = divmod(number, 10**6)
            file.write(struct.pack('<IIII', 1793491200 + seconds, us * 1000, len(frame),
                                   len(frame)))
            file.write(frame)
