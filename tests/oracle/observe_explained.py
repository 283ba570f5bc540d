"""Why sekisho and tshark differ, where they do: each reason with the capture and field it is for.

A reason without a pattern is for all values of the field in the capture.
"""
import re

# What is not read at all, or what tshark is no measure for: it counts in the first figure, not in the
# second. A capture, or a capture and a field.
OUT_OF_SCOPE = {
    ('phish-analysis__smtp-malicious-indicators.pcap', 'file.sha256'):
        'segments behind a hole in the capture, each exported under the name of the file with the hole',
    ('zeek__concurrent-range-requests.pcap', 'file.sha256'):
        'ranges of a file of 100 MB, each exported as a file; a part has no hash',
    ('zeek__smuggle-http-request.pcap', 'file.sha256'):
        'a gzip stream without its end, exported as far as it goes; a damaged coding has no hash',
    ('zeek__http-lower-case-nonstandard-port.pcap', 'http.status'):
        'http/1.1 in lower case, which browsers take and tshark does not',
}

# capture, field, 'missed' or 'extra', pattern of the value or None, reason
EXPLAINED = (
    ('zeek__bro.org.pcap', 'http.status', 'extra', '200',
     'tshark says nothing of a response whose first segment is put together with a body that is cut'),
)


def out_of_scope(capture, field):
    """Why a capture's field is not compared in the second figure, or None."""
    return OUT_OF_SCOPE.get(capture) or OUT_OF_SCOPE.get((capture, field))


def explain(capture, field, side, value):
    """The reason for a difference, or None."""
    reason = out_of_scope(capture, field)
    if reason:
        return reason
    for where, of_field, of_side, pattern, reason in EXPLAINED:
        if (where, of_field, of_side) == (capture, field, side) and \
                (pattern is None or re.fullmatch(pattern, value)):
            return reason
    return None
