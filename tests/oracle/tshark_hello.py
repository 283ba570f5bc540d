"""TLS as tshark sees it, per connection: what a ClientHello says of itself and its JA4, which this
tshark does not know, from the fields that make it (technical details of FoxIO's JA4, BSD licence)."""
import hashlib

FIELDS = ('tls.handshake.type', 'tls.handshake.version', 'tls.handshake.ciphersuite',
          'tls.handshake.extension.type', 'tls.handshake.extensions_server_name',
          'tls.handshake.extensions_alpn_str', 'tls.handshake.extensions.supported_version',
          'tls.handshake.sig_hash_alg_len', 'tls.handshake.sig_hash_alg', 'tls.handshake.ja3',
          'tls.handshake.ja3s')
CLIENT_HELLO = '1'
SERVER_NAME, SIGNATURE_ALGORITHMS, ALPN, ENCRYPTED_HELLO = 0, 13, 16, 0xfe0d
# Extensions whose lists tshark shows in one field, in the order in which they come.
SIGNATURE_LISTS = (SIGNATURE_ALGORITHMS, 34, 50)
VERSIONS = {0x0304: '13', 0x0303: '12', 0x0302: '11', 0x0301: '10', 0x0300: 's3', 0x0002: 's2',
            0xfeff: 'd1', 0xfefd: 'd2', 0xfefc: 'd3'}


def numbers(texts):
    return [int(text, 0) for text in texts]


def is_grease(number):
    """RFC 8701, section 2."""
    return number & 0x0f0f == 0x0a0a and number >> 8 == number & 0xff


def without_grease(texts):
    return [number for number in numbers(texts) if not is_grease(number)]


def signature_algorithms(row, extensions):
    lengths = numbers(row['tls.handshake.sig_hash_alg_len'])
    algorithms = numbers(row['tls.handshake.sig_hash_alg'])
    for extension in extensions:
        if extension not in SIGNATURE_LISTS or not lengths:
            continue
        count = lengths.pop(0) // 2
        if extension == SIGNATURE_ALGORITHMS:
            return [number for number in algorithms[:count] if not is_grease(number)]
        del algorithms[:count]
    return []


def short_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else '0' * 12


def alpn_mark(row):
    names = row['tls.handshake.extensions_alpn_str']
    if not names or not names[0]:
        return '00'
    first, last = names[0][0], names[0][-1]
    if first.isascii() and first.isalnum() and last.isascii() and last.isalnum():
        return first + last
    data = names[0].encode('utf-8', 'surrogateescape').hex()
    return data[0] + data[-1]


def ja4(row, is_quic):
    ciphers = without_grease(row['tls.handshake.ciphersuite'])
    extensions = without_grease(row['tls.handshake.extension.type'])
    versions = without_grease(row['tls.handshake.extensions.supported_version'])
    version = max(versions) if versions else numbers(row['tls.handshake.version'])[0]
    head = ('q' if is_quic else 't') + VERSIONS.get(version, '00')
    head += 'd' if SERVER_NAME in extensions else 'i'
    head += f'{min(len(ciphers), 99):02}{min(len(extensions), 99):02}{alpn_mark(row)}'
    hashed = ','.join(f'{number:04x}' for number in sorted(ciphers))
    rest = ','.join(f'{number:04x}' for number in sorted(
        number for number in extensions if number not in (SERVER_NAME, ALPN)))
    algorithms = ','.join(f'{number:04x}' for number in signature_algorithms(row, numbers(
        row['tls.handshake.extension.type'])))
    if rest and algorithms:
        rest += '_' + algorithms
    return f'{head}_{short_hash(hashed)}_{short_hash(rest)}'


def hello_observables(row, is_quic):
    """{field: [value …]} of a row with a ClientHello."""
    extensions = numbers(row['tls.handshake.extension.type'])
    return {
        'tls.alpn': sorted(set(row['tls.handshake.extensions_alpn_str'])),
        'tls.ech': ['present'] if ENCRYPTED_HELLO in extensions else [],
        'tls.ja3': row['tls.handshake.ja3'][:1],
        'tls.ja4': [ja4(row, is_quic)] if row['tls.handshake.ciphersuite'] else [],
    }
