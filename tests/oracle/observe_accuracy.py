"""Recall and precision of each field, printed and as a page's table."""
import collections

from observe_explained import explain
from tshark_fields import FIELDS

BEGIN, END = '<!-- table: begin -->\n', '<!-- table: end -->\n'
SAMPLES = 3


class Tally:
    """Of what both tell, what only tshark tells, and what nobody else does."""

    def __init__(self):
        self.both = self.missed = self.told = self.extra = 0

    def add(self, theirs, possible, ours):
        self.both += (theirs & ours).total()
        self.missed += (theirs - ours).total()
        self.told += ours.total()
        self.extra += (ours - possible).total()

    @property
    def recall(self):
        return self.both / (self.both + self.missed) if self.both + self.missed else 1.0

    @property
    def precision(self):
        return 1 - self.extra / self.told if self.told else 1.0

    @property
    def counts(self):
        return self.both + self.missed, self.told

    def __str__(self):
        return (f'tshark {self.counts[0]:6}  sekisho {self.counts[1]:6}  '
                f'recall {self.recall:.4f}  precision {self.precision:.4f}')


def differences(capture, theirs, possible, ours):
    """(capture, field, side, reason or None, value, count)"""
    for field in FIELDS:
        for side, counter in (('missed', theirs[field] - ours[field]),
                              ('extra', ours[field] - possible[field])):
            for value, count in sorted(counter.items()):
                yield capture, field, side, explain(capture, field, side, value), value, count


def group(found):
    """[((capture, field, side, reason), [(value, count)])]"""
    grouped = collections.OrderedDict()
    for capture, field, side, reason, value, count in found:
        grouped.setdefault((capture, field, side, reason), []).append((value, count))
    return list(grouped.items())


def print_capture(capture, theirs, possible, ours):
    for field in FIELDS:
        if theirs[field] or ours[field]:
            tally = Tally()
            tally.add(theirs[field], possible[field], ours[field])
            print(f'{capture[:60]:60} {field:19} {tally}')


def print_differences(found):
    """Returns how many have no reason."""
    unexplained = 0
    for (capture, field, side, reason), values in group(found):
        total = sum(count for _, count in values)
        unexplained += total if reason is None else 0
        print(f'{capture}: {field}: {total} {side}: {reason or "NOT EXPLAINED"}')
        shown = values if reason is None else values[:SAMPLES]
        for value, count in shown:
            print(f'    {count} x {value[:150]}')
        if len(values) > len(shown):
            print(f'    and {len(values) - len(shown)} more')
    return unexplained


def markdown(tallies, found, capture_count):
    """tallies: {scope: {field: Tally}}"""
    yield f'{capture_count} captures.\n\n'
    for scope, fields in tallies.items():
        yield f'Before explanations, captures {scope}:\n\n'
        yield '| field | tshark | sekisho | recall | precision |\n|---|---|---|---|---|\n'
        for field, tally in fields.items():
            theirs, ours = tally.counts
            yield (f'| {field} | {theirs:,} | {ours:,} | {tally.recall:.4f} | '
                   f'{tally.precision:.4f} |\n')
        yield '\n'
    yield 'Differences (missed: only tshark tells it; extra: only sekisho):\n\n'
    yield '| capture | field | | | why |\n|---|---|---|---|---|\n'
    for (capture, field, side, reason), values in group(found):
        total = sum(count for _, count in values)
        yield f'| {capture} | {field} | {total} | {side} | {reason or "not explained"} |\n'


def write_page(path, lines):
    """Puts the table between the page's two marks."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(before + BEGIN + '\n' + ''.join(lines) + '\n' + END + after)
