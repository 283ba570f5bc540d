#!/usr/bin/env python3
"""Write a STIX 2.1 bundle of indicators, in the shape that platforms export: seeded, any size.

    generate_feed.py [--count 1000000] [--seed 1] [--lines] [-o FILE]

The mix: 40 % names, 25 % IPv4, 15 % URLs, 15 % SHA-256, 3 % IPv6, 2 % patterns of several
comparisons. One in twenty is a newer version of one of the first 10,000.
"""
import argparse
import random
import sys

WORDS = ('update', 'login', 'secure', 'mail', 'cdn', 'static', 'api', 'news', 'shop', 'cloud',
         'account', 'verify', 'portal', 'img', 'files', 'sync')
SUFFIXES = ('example', 'test', 'invalid', 'com.example', 'co.test')
TYPES = ('malicious-activity', 'anomalous-activity', 'compromised', 'attribution')
IDENTITY = 'identity--6d2f2fb5-3e5a-4f0b-9f0a-6a3c2f0b8a11'
TLP_GREEN = 'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da'


def uuid4(rng):
    text = f'{rng.getrandbits(128):032x}'
    return f'{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}'


def name(rng):
    return (f'{rng.choice(WORDS)}-{rng.getrandbits(40):x}.{rng.choice(WORDS)}'
            f'.{rng.choice(SUFFIXES)}')


def ipv4(rng):
    return f'{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}'


def pattern(rng):
    kind = rng.random()
    if kind < 0.40:
        return f"[domain-name:value = '{name(rng)}']"
    if kind < 0.65:
        return f"[ipv4-addr:value = '{ipv4(rng)}']"
    if kind < 0.80:
        return f"[url:value = 'http://{name(rng)}/{rng.choice(WORDS)}/{rng.getrandbits(32):x}.php']"
    if kind < 0.95:
        return f"[file:hashes.'SHA-256' = '{rng.getrandbits(256):064x}']"
    if kind < 0.98:
        return f"[ipv6-addr:value = '2001:db8:{rng.getrandbits(16):x}::{rng.getrandbits(16):x}']"
    return f"[domain-name:value = '{name(rng)}' OR ipv4-addr:value = '{ipv4(rng)}']"


def timestamp(rng):
    return (f'2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{rng.randrange(24):02}'
            f':{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000):03}Z')


def indicator(rng, identifier, modified=None):
    created = timestamp(rng)
    text = pattern(rng)
    return (f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{identifier}",'
            f'"created_by_ref":"{IDENTITY}","created":"{created}",'
            f'"modified":"{modified or created}","name":"{rng.choice(WORDS)} {rng.randrange(1000)}",'
            f'"indicator_types":["{rng.choice(TYPES)}"],"pattern":"{text}",'
            f'"pattern_type":"stix","pattern_version":"2.1","valid_from":"{created}",'
            f'"confidence":{rng.randrange(101)},"object_marking_refs":["{TLP_GREEN}"]}}')


def objects(rng, count):
    yield (f'{{"type":"identity","spec_version":"2.1","id":"{IDENTITY}",'
           '"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z",'
           '"name":"Feed generator","identity_class":"organization"}')
    kept = []
    for i in range(count):
        if i % 20 == 19:
            yield indicator(rng, rng.choice(kept), '2027-01-01T00:00:00.000Z')
            continue
        identifier = uuid4(rng)
        if len(kept) < 10000:
            kept.append(identifier)
        yield indicator(rng, identifier)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--count', type=int, default=1_000_000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--lines', action='store_true', help='one object a line, no bundle')
    parser.add_argument('-o', '--output', type=argparse.FileType('w'), default=sys.stdout)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    out = options.output

    if options.lines:
        for text in objects(rng, options.count):
            out.write(text + '\n')
        return
    out.write(f'{{"type":"bundle","id":"bundle--{uuid4(rng)}","objects":[')
    separator = ''
    for text in objects(rng, options.count):
        out.write(separator + text)
        separator = ',\n'
    out.write(']}\n')


if __name__ == '__main__':
    main()
