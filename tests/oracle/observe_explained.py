"""Why sekisho and tshark differ, where they do: each reason with the capture and field it is for.

A reason without a pattern is for all values of the field in the capture.
"""
import re

# Captures in a wrapping that is not decoded: they count in the first figure, not in the second.
OUT_OF_SCOPE = {}

# capture, field, 'missed' or 'extra', pattern of the value or None, reason
EXPLAINED = ()


def explain(capture, field, side, value):
    """The reason for a difference, or None."""
    if side == 'missed' and capture in OUT_OF_SCOPE:
        return 'not decoded: ' + OUT_OF_SCOPE[capture]
    for where, of_field, of_side, pattern, reason in EXPLAINED:
        if (where, of_field, of_side) == (capture, field, side) and \
                (pattern is None or re.fullmatch(pattern, value)):
            return reason
    return None
