#!/usr/bin/env python3
"""Our pattern parser and the OASIS validator (PyPI stix2-patterns) must give the same verdicts.

Over cases of our own for every production of the grammar, over the patterns of any feeds named in
SEKISHO_MATERIAL/feeds, and over mutations of both. Where the two differ, the
difference is one of those listed in EXPLAINED, or the test fails.
"""
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

validator = pytest.importorskip('stix2patterns.validator', reason='stix2-patterns not installed')

# Of the build that SEKISHO belongs to.
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('SEKISHO', ROOT / 'build/app/sekisho')).resolve().parents[1]
CHECK = os.environ.get('PATTERN_CHECK', BUILD / 'tests/helpers/pattern_check')
MUTATIONS = int(os.environ.get('PATTERN_MUTATIONS', '3000'))

TIME = "t'2021-02-03T04:05:06Z'"
LATER = "t'2022-02-03T04:05:06.789Z'"
MD5 = '44d88612fea8a8f36de82e1278abb02f'
SHA1 = '3395856ce81f2b7382dee72602f798b642f14140'

VALID = [
    # Comparison operators, with and without NOT, in both spellings.
    *(f'[x-thing:size {sign} 10]' for sign in ('=', '==', '!=', '<>', '<', '<=', '>', '>=')),
    *(f'[x-thing:size NOT {sign} 10]' for sign in ('=', '!=', '<', '>=')),
    *(f"[x-thing:name {word} 'a%_b']" for word in ('LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET')),
    *(f"[x-thing:name NOT {word} 'a']" for word in ('LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET')),
    '[EXISTS x-thing:name]', '[NOT EXISTS x-thing:name]',
    "[x-thing:name IN ('a', 2, 3.5, true)]", '[x-thing:name NOT IN (1)]', '[x-thing:name IN ()]',
    # Literals.
    *(f'[a:b = {number}]' for number in ('0', '+7', '-7', '1.5', '.5', '-.5', '+.5', '00.5')),
    "[a:b = true]", "[a:b = false]", "[a:b = '']", "[a:b = h'']", "[a:b = h'0aFF']",
    "[a:b = b'YQ==']", "[a:b = b'YWI=']", "[a:b = b'YWJj']", f'[a:b = {TIME}]',
    f'[a:b >= {LATER}]', "[a:b = t'2016-02-30T23:59:60Z']", r"[a:b = 'it\'s a \\ sign']",
    "[a:b = 'two\nlines']", "[a:b = '例え']",
    # Object paths.
    "[a-b-c:d.e.f = 1]", "[a:'quoted key' = 1]", "[a:b.'quoted-key'.c = 1]", '[a:b[0] = 1]',
    '[a:b[*].c = 1]', '[a:b[0][1].c = 1]', '[a:b[+1] = 1]', '[_a:_b = 1]', '[a : b . c [ 0 ] = 1]',
    '[and:or = 1]', '[t:h = 1]',
    # Combinations and precedence.
    '[a:b = 1 AND a:c = 2]', '[a:b = 1 OR a:c = 2 AND a:d = 3]', '[(a:b = 1)]',
    '[((a:b = 1 OR a:c = 2) AND (a:d = 3))]', '[a:b = 1] AND [a:b = 2]',
    '[a:b = 1] OR [a:b = 2] FOLLOWEDBY [a:b = 3]', '([a:b = 1])', '(([a:b = 1] OR [a:b = 2]))',
    "[a:b=1AND a:c='x'OR a:d IN(1)]",
    # Qualifiers.
    '[a:b = 1] WITHIN 5 SECONDS', '[a:b = 1] WITHIN 0.5 SECONDS', '[a:b = 1] REPEATS 3 TIMES',
    f'[a:b = 1] START {TIME} STOP {LATER}', f'[a:b = 1] START {LATER} STOP {TIME}',
    '[a:b = 1] REPEATS 5 TIMES WITHIN 60 SECONDS',
    '([a:b = 1] FOLLOWEDBY [a:b = 2]) WITHIN 5 SECONDS WITHIN 6 SECONDS',
    '([a:b = 1] WITHIN 5 SECONDS) WITHIN 6 SECONDS',
    f'[a:b = 1] WITHIN 1 SECONDS AND [a:b = 2] WITHIN 2 SECONDS START {TIME} STOP {LATER}',
    # White space and comments.
    '\t[a:b = 1]\r\n', '[a:b = 1] // to the end', '[a:b /* here */ = 1]', '[a:b\u00a0=\u30001]',
    # Hashes.
    f"[file:hashes.MD5 = '{MD5}']", f"[file:hashes.'SHA-1' = '{SHA1.upper()}']",
    "[file:hashes.TLSH = 'anything']", "[file:hashes[*] = 'anything']",
]

INVALID = [
    # Brackets and what stands around them.
    'a:b = 1', '[]', '()', '[a:b = 1', 'a:b = 1]', '[a:b = 1]]', '[[a:b = 1]]', '([a:b = 1]',
    '[a:b = 1] [a:b = 2]', '[a:b = 1] x', '[a:b = 1] AND', 'AND [a:b = 1]', '[a:b = 1 AND]',
    '[a:b = 1] AND a:b = 2', '[(a:b = 1]',
    # Operators.
    '[a:b 1]', '[a:b =]', '[a:b === 1]', '[a:b => 1]', '[a:b < = 1]', '[a:b ~ 1]', '[a:b LIKE 1]',
    '[a:b like \'x\']', "[a:b MATCHES /x/]", '[a:b IN 1]', '[a:b IN (1,)]', '[a:b IN (1 2)]',
    '[NOT a:b = 1]', '[a:b NOT NOT = 1]', '[EXISTS a]', "[EXISTS a:b = 1]", '[a:b > true]',
    "[a:b ISSUBSET h'00']",
    # Literals.
    '[a:b = x]', '[a:b = 01]', '[a:b = 1.]', '[a:b = 1e3]', '[a:b = +-1]', '[a:b = TRUE]',
    "[a:b = 'x]", "[a:b = x']", r"[a:b = 'a\n']", r"[a:b = '\']", "[a:b = h'abc']",
    "[a:b = h'xy']", "[a:b = b'']", "[a:b = b'YQ']", "[a:b = b'Y===']", "[a:b = b'YQ=a']",
    "[a:b = t'2016-00-01T00:00:00Z']", "[a:b = t'2016-01-32T00:00:00Z']",
    "[a:b = t'2016-01-01T24:00:00Z']", "[a:b = t'2016-01-01T00:60:00Z']",
    "[a:b = t'2016-01-01T00:00:61Z']", "[a:b = t'2016-01-01T00:00:00']",
    "[a:b = t'2016-01-01T00:00:00.Z']", "[a:b = t'2016-01-01 00:00:00Z']", "[a:b = t '2016']",
    # Object paths.
    '[a = 1]', '[:b = 1]', '[a: = 1]', '[a.b = 1]', '[a:b. = 1]', '[a:b.c-d = 1]', '[a:b-c = 1]',
    '[a:b[] = 1]', '[a:b[x] = 1]', '[a:b[1.5] = 1]', '[a:b[01] = 1]', '[1a:b = 1]', '[a:1b = 1]',
    '["a":b = 1]', "['a':b = 1]", '[AND:b = 1]', '[a:LIKE = 1]', '[a:b:c = 1]', '[é:b = 1]',
    # Qualifiers.
    '[a:b = 1] WITHIN 5', '[a:b = 1] WITHIN SECONDS', '[a:b = 1] WITHIN 5 MINUTES',
    '[a:b = 1] WITHIN -5 SECONDS', '[a:b = 1] REPEATS 1.5 TIMES', '[a:b = 1] REPEATS -1 TIMES',
    f'[a:b = 1] START {TIME}', f'[a:b = 1] STOP {TIME}', "[a:b = 1] START '2016' STOP '2017'",
    'WITHIN 5 SECONDS [a:b = 1]', '[a:b = 1 WITHIN 5 SECONDS]',
    '[a:b = 1] WITHIN 5 SECONDS WITHIN 5 SECONDS',
    '[a:b = 1] REPEATS 5 TIMES WITHIN 6 SECONDS REPEATS 5 TIMES',
    f'[a:b = 1] START {TIME} STOP {LATER} START {TIME} STOP {LATER}',
    # Comments and strange bytes.
    '[a:b = 1] /* not closed', '[a:b = 1] / comment', '[a:b = 1]\u200b', '\ufeff[a:b = 1]',
    # Hashes.
    "[file:hashes.MD5 = 'f00']", f"[file:hashes.'SHA-256' = '{MD5}']",
    "[file:hashes.sha1 = 'not hex, but as long as forty bytes are']",
]

# Where we differ on purpose: (what it is, a test of the pattern).
EXPLAINED = [
    ('the validator compares the whole set, parentheses and all, with one hash',
     lambda p: re.search(r"hashes.*\bIN\b", p, re.S)),
    ('the validator takes patterns and fragments of hashes for hashes',
     lambda p: re.search(r'hashes.*(LIKE|MATCHES|ISSUBSET|ISSUPERSET|<|>)', p, re.S)),
    ('the validator fails with an exception on a negative index, an index behind hashes, and '
     'nothing at all',
     lambda p: '[-' in p or re.search(r'hashes.*\[', p, re.S) or p.strip() == ''),
    ('the validator refuses a comment before the first bracket, though the grammar has it',
     lambda p: re.match(r'[\s(]*/[/*]', p)),
    ('the validator looks at a hash of SSDEEP, which is no hex',
     lambda p: re.search(r'ssdeep', p, re.I)),
    ('the validator does not anchor its expression for MD6',
     lambda p: re.search(r'md6', p, re.I)),
    ("the validator's hash expressions let a line feed end the value ($ in Python)",
     lambda p: re.search(r"hashes.*\n'", p, re.S)),
    ('the validator removes quotes from a hash before it looks at it',
     lambda p: re.search(r"hashes.*\\'", p, re.S)),
    ('the validator runs out of stack on a long run of operators',
     lambda p: len(re.findall(r'\b(?:AND|OR|FOLLOWEDBY)\b', p)) > 100),
    ('we bound the nesting', lambda p: p.count('(') > 64),
]


def theirs(pattern):
    try:
        return validator.validate(pattern, stix_version='2.1')
    except Exception:  # an exception is no verdict: it must be among the explained
        return None


def ours(patterns):
    text = b''.join(p.encode() + b'\0' for p in patterns)
    lines = subprocess.run([CHECK], input=text, stdout=subprocess.PIPE, check=True).stdout
    lines = lines.decode().splitlines()
    assert len(lines) == len(patterns)
    return lines


def differences(patterns):
    """(pattern, our line, their verdict) of those that differ and are not explained."""
    patterns = [p for p in patterns if '\0' not in p]
    for pattern, line in zip(patterns, ours(patterns)):
        verdict = theirs(pattern)
        if (line == 'valid') == verdict:
            continue
        if not any(matches(pattern) for _, matches in EXPLAINED):
            yield pattern, line, verdict


def patterns_of(node):
    if isinstance(node, dict):
        if isinstance(node.get('pattern'), str) and node.get('pattern_type', 'stix') == 'stix':
            yield node['pattern']
        for value in node.values():
            yield from patterns_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from patterns_of(value)


def feed_patterns():
    found = set()
    folder = pathlib.Path(os.environ.get('SEKISHO_MATERIAL', '/nowhere')) / 'feeds'
    for kind in ('stix20', 'stix21', 'stix-validator', 'taxii'):
        for path in (folder / kind).rglob('*'):
            if path.is_file() and path.suffix in ('.json', '.stix', '.stix2', ''):
                try:
                    found.update(patterns_of(json.loads(path.read_bytes())))
                except (ValueError, UnicodeDecodeError, RecursionError):
                    pass
    return sorted(found)


def mutate(random_source, pattern):
    pieces = ['[', ']', '(', ')', "'", '"', '\\', ':', '.', '=', '!=', '<', '>=', ' ', '\n', ',',
              '*', '0', '7', '-', 'x', 'AND', 'OR', 'NOT', 'IN', 'LIKE', 'EXISTS', 'FOLLOWEDBY',
              'WITHIN 5 SECONDS', 'REPEATS 2 TIMES', "t'", "h'", "b'", TIME, '/*', '*/', '//',
              'true', '\u00a0', 'é', '[*]', '#']
    for _ in range(random_source.randint(1, 3)):
        at = random_source.randint(0, len(pattern))
        end = min(len(pattern), at + random_source.randint(0, 4))
        what = random_source.random()
        if what < 0.4:
            pattern = pattern[:at] + random_source.choice(pieces) + pattern[at:]
        elif what < 0.7:
            pattern = pattern[:at] + pattern[end:]
        elif what < 0.85:
            pattern = pattern[:at] + random_source.choice(pieces) + pattern[end:]
        else:
            pattern = pattern[:end] + pattern[at:]
    return pattern


@pytest.mark.parametrize('pattern', VALID)
def test_a_valid_pattern_is_valid_for_both(pattern):
    assert theirs(pattern) is True
    assert ours([pattern]) == ['valid']


@pytest.mark.parametrize('pattern', INVALID)
def test_an_invalid_pattern_is_invalid_for_both(pattern):
    assert theirs(pattern) is False
    assert ours([pattern])[0].startswith('invalid')


def test_patterns_of_feeds_get_equal_verdicts():
    patterns = feed_patterns()
    if not patterns:
        pytest.skip('no STIX 2 feeds in SEKISHO_MATERIAL')
    limit = int(os.environ.get('PATTERN_FEED_LIMIT', '4000'))
    if len(patterns) > limit:
        patterns = random.Random(2).sample(patterns, limit)
    print(f'{len(patterns)} patterns')
    assert list(differences(patterns)) == []


def test_mutated_patterns_get_equal_verdicts():
    random_source = random.Random(1)
    origins = VALID + [p for p in feed_patterns() if len(p) < 300][:500]
    patterns = [mutate(random_source, random_source.choice(origins)) for _ in range(MUTATIONS)]
    assert list(differences(patterns)) == []
