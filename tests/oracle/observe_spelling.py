"""One spelling of names, addresses and URLs, written anew from the rules of engine/normalize.h."""
import ipaddress
import re

TEXT_CHARACTERS = 1000
UNRESERVED = set(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~')
PLAIN = UNRESERVED | set(b"!$&'()*+,;=:@/?[]")


def spell_percent(text):
    """Percent-encoding: unreserved decoded, hex in upper case, all but plain characters encoded."""
    data = text.encode('utf-8', 'surrogateescape')
    out = bytearray()
    at = 0
    while at < len(data):
        hexa = re.match(rb'%([0-9A-Fa-f]{2})', data[at:at + 3])
        byte = int(hexa[1], 16) if hexa else data[at]
        keep = byte in UNRESERVED if hexa else byte in PLAIN
        out += bytes([byte]) if keep else b'%%%02X' % byte
        at += 3 if hexa else 1
    return out.decode('ascii')


def drop_dots(path):
    out = []
    segments = path.replace('\\', '/').split('/')[1:]
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment in ('.', '..'):
            if segment == '..' and out:
                out.pop()
            if is_last:
                out.append('')
        else:
            out.append(segment)
    return '/' + '/'.join(out)


def spell_host(host):
    try:
        address = ipaddress.ip_address(host.strip('[]'))
    except ValueError:
        name = host.lower()
        return name[:-1] if name.endswith('.') else name
    mapped = getattr(address, 'ipv4_mapped', None)
    return str(mapped or address)


def split_authority(authority):
    authority = authority.rpartition('@')[2]
    host, port = re.fullmatch(r'(\[[^]]*\]|[^:]*)(?::(.*))?', authority).groups()
    return host, port


def spell_url(url):
    scheme, _, rest = url.partition('://')
    authority, path = re.fullmatch(r'([^/?#\\]*)(.*)', rest, re.S).groups()
    path, query_mark, query = path.partition('#')[0].partition('?')
    host, port = split_authority(authority)
    host = spell_host(host)
    if ':' in host:
        host = f'[{host}]'
    if port and not port.isdecimal():
        return url  # no URL, as "OPTIONS *" has none
    if port and int(port) != {'http': 80, 'https': 443}[scheme.lower()]:
        host += f':{int(port)}'
    path = drop_dots(spell_percent(path.replace('\\', '/') or '/'))
    return f'{scheme.lower()}://{host}{path}{query_mark}{spell_percent(query)}'


def spell_dns_name(name):
    """tshark shows a label's odd bytes as U+FFFD or as the characters they happen to encode, we as
    "\\DDD", or as '?' in a long name: a run of them is written '*'."""
    if name in ('<Root>', '<Name too long>'):
        return ''
    return re.sub(r'(?:\\[0-9]{3}|[^!-~]|[?\\])+', '*', name.lower())


def spell_text(text):
    """What is shown as it was sent: whatever is no printable ASCII is written '*', because the two
    show it in their own ways; and long texts are cut."""
    return re.sub(r'[^ -~]+', '*', text.strip())[:TEXT_CHARACTERS]
