"""Puts a capture's flows into tunnels and its packets into fragments, some of each as drawn: what
they hold stays the same. Reads Ethernet in pcap with nanoseconds, as bench/generate_traffic writes."""
import random
import struct
import zlib

ETHERNET_BYTES = 14
MACS = bytes.fromhex('020000000001020000000002')
IPV4, IPV6, TRANSPARENT_ETHERNET = 0x0800, 0x86dd, 0x6558
GRE, IP_IN_IP, IPV6_IN_IP, UDP, FRAGMENT = 47, 4, 41, 17, 44
VXLAN_PORT, GTP_PORT = 4789, 2152
ENDS = (bytes((10, 255, 0, 1)), bytes((10, 255, 0, 2)))  # of all tunnels
FRAGMENT_BYTES_MIN = 200


def read_packets(path):
    """[(record's head without sizes, frame)], and the file's head."""
    data = path.read_bytes()
    packets, at = [], 24
    while at < len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from('<IIII', data, at)
        packets.append(((seconds, nanoseconds), data[at + 16:at + 16 + size]))
        at += 16 + size
    return data[:24], packets


def write_packets(path, head, packets):
    with open(path, 'wb') as stream:
        stream.write(head)
        for time, frame in packets:
            stream.write(struct.pack('<IIII', *time, len(frame), len(frame)) + frame)


def flow_of(packet):
    """A number that both directions have in common."""
    is_ipv4 = packet[0] >> 4 == 4
    addresses, ports = (packet[12:20], 20) if is_ipv4 else (packet[8:40], 40)
    half = len(addresses) // 2
    sides = sorted((addresses[:half] + packet[ports:ports + 2],
                    addresses[half:] + packet[ports + 2:ports + 4]))
    return zlib.crc32(b''.join(sides))


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(protocol, payload, identification=0, flags=0):
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), identification, flags, 64,
                       protocol, 0) + ENDS[0] + ENDS[1]
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def udp(port, payload):
    return struct.pack('>HHHH', 50000, port, 8 + len(payload), 0) + payload


def frame_of(packet):
    return MACS + struct.pack('>H', IPV4 if packet[0] >> 4 == 4 else IPV6) + packet


# Each puts a packet into another one.
TUNNELS = (
    lambda packet: packet,
    lambda packet: ipv4(UDP, udp(VXLAN_PORT, bytes.fromhex('0800000000002a00') + frame_of(packet))),
    lambda packet: ipv4(UDP, udp(GTP_PORT, struct.pack('>BBHI', 0x30, 255, len(packet), 7) + packet)),
    lambda packet: ipv4(GRE, struct.pack('>HH', 0, IPV4 if packet[0] >> 4 == 4 else IPV6) + packet),
    lambda packet: ipv4(GRE, struct.pack('>HH', 0, TRANSPARENT_ETHERNET) + frame_of(packet)),
    lambda packet: ipv4(IP_IN_IP if packet[0] >> 4 == 4 else IPV6_IN_IP, packet),
)


def cut(draw, payload):
    """[(offset, piece)]: all but the last are of whole eights."""
    pieces, at = [], 0
    while at < len(payload):
        size = draw.randrange(8, max(16, len(payload)), 8)
        pieces.append((at, payload[at:at + size]))
        at += size
    return pieces


def fragments_ipv4(draw, packet, identification):
    head, payload = packet[:20], packet[20:]
    for at, piece in cut(draw, payload):
        is_last = at + len(piece) == len(payload)
        fragment = head[:2] + struct.pack('>HHH', 20 + len(piece), identification,
                                          at // 8 | (0 if is_last else 0x2000)) + head[8:10]
        fragment += b'\0\0' + head[12:]
        yield fragment[:10] + struct.pack('>H', checksum(fragment)) + fragment[12:] + piece


def fragments_ipv6(draw, packet, identification):
    head, payload = packet[:40], packet[40:]
    for at, piece in cut(draw, payload):
        is_last = at + len(piece) == len(payload)
        extra = struct.pack('>BBHI', head[6], 0, at | (0 if is_last else 1), identification)
        yield head[:4] + struct.pack('>HB', 8 + len(piece), FRAGMENT) + head[7:] + extra + piece


def wrap(source, target, seed, per_thousand):
    """Fragments of a packet come in any order, and together."""
    draw = random.Random(seed)
    head, packets = read_packets(source)
    wrapped = []
    for number, (time, frame) in enumerate(packets, 1):
        packet = TUNNELS[(flow_of(frame[ETHERNET_BYTES:]) ^ seed) % len(TUNNELS)](
            frame[ETHERNET_BYTES:])
        pieces = [packet]
        if len(packet) > FRAGMENT_BYTES_MIN and draw.randrange(1000) < per_thousand:
            cutter = fragments_ipv4 if packet[0] >> 4 == 4 else fragments_ipv6
            pieces = list(cutter(draw, packet, number & 0xffff))
            draw.shuffle(pieces)
        wrapped += [(time, frame_of(piece)) for piece in pieces]
    write_packets(target, head, wrapped)
