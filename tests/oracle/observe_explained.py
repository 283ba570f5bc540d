"""Why sekisho and tshark differ, where they do: each reason with the capture and field it is for.

A reason without a pattern is for all values of the field in the capture.
"""
import re

# What the project does not claim to read: it counts in the first figure, not in the second.
OUT_OF_SCOPE = {
    'zeek__concurrent-range-requests.pcap': (
        ('file.sha256',), 'only parts of a file come, which has no hash then'),
    'zeek__http-lower-case-nonstandard-port.pcap': (
        ('file.sha256', 'http.status'), 'the answer is no HTTP to RFC 9112, which tshark takes for a body'),
    'zeek__http_09.pcap': (('file.sha256',), 'HTTP/0.9, which has no heads'),
    'zeek__mixed-vlan-mpls.pcap': (
        ('file.sha256', 'http.version'), 'HTTP/0.9, which has no heads'),
    'zeek__smuggle-http-request.pcap': (
        ('file.sha256',), 'the body is not in the coding that its head names'),
}

# capture, field, 'missed' or 'extra', pattern of the value or None, reason
EXPLAINED = (
    ('pcpp__ip6_fragments.pcap', 'dns.answer.name', 'extra', r'.*\._sleep-proxy\._udp\.local',
     'the owner of an SRV record, which tshark cuts into other fields'),
    ('sv__tcp-urgent1.pcap', 'http.url', 'missed', '.*malicXious',
     'urgent data is no part of the stream, as hosts take it; tshark leaves it in'),
    ('sv__tcp-urgent1.pcap', 'http.url', 'extra', '.*malicious', 'likewise'),
    ('sv__fuzz.pcap', 'ip', 'extra', None,
     'tshark takes the damaged file for another format; tcpdump reads it as we do'),
    ('zeek__bro.org.pcap', 'http.status', 'extra', '200',
     'segments are missing in one connection: no run of tshark shows all answers behind them'),
)


def is_in_scope(capture, field):
    fields, _ = OUT_OF_SCOPE.get(capture, ((), ''))
    return field not in fields


def explain(capture, field, side, value):
    """The reason for a difference, or None."""
    if not is_in_scope(capture, field):
        return 'not claimed: ' + OUT_OF_SCOPE[capture][1]
    for where, of_field, of_side, pattern, reason in EXPLAINED:
        if (where, of_field, of_side) == (capture, field, side) and \
                (pattern is None or re.fullmatch(pattern, value)):
            return reason
    return None
