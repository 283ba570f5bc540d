"""Certificates as tshark cuts them out, read by openssl: what each says of itself."""
import functools
import hashlib
import ipaddress
import re
import subprocess

from observe_spelling import spell_host

FIELDS = ('tls.handshake.certificate',)
# A value's own commas and such are escaped in the same way by all who follow RFC 2253.
NAME_OPTIONS = 'dn_rev,sep_comma_plus,utf8,esc_2253,esc_ctrl,sname,dump_der,dump_unknown'


def openssl(der, *options):
    done = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-noout', *options], input=der,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode('utf-8', 'replace')


def is_host_name(text):
    """Two labels or more, the first of which may be '*', the last of which is no number."""
    return is_address(text) or re.fullmatch(
        r'(\*\.)?([\w-]+\.)*(?=[^.]*[^.0-9])[\w-]+', text, re.A) is not None and '.' in text


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def common_names(subject):
    return re.findall(r'(?:^|[,+])CN=((?:[^,+\\]|\\.)*)', subject)


@functools.cache
def read_certificate(text):
    """{field: [value …]} of a certificate, which tshark shows in hexadecimal."""
    der = bytes.fromhex(text.replace(':', ''))
    said = openssl(der, '-subject', '-issuer', '-nameopt', NAME_OPTIONS)
    names = openssl(der, '-ext', 'subjectAltName')
    seen = dict(re.findall(r'^(subject|issuer)=(.*)$', said, re.M))
    return {
        'certificate.sha1': [hashlib.sha1(der).hexdigest()],
        'certificate.sha256': [hashlib.sha256(der).hexdigest()],
        'certificate.subject': [seen.get('subject', '').strip()],
        'certificate.issuer': [seen.get('issuer', '').strip()],
        'certificate.name': sorted({
            spell_host(name) for name in re.findall(r'(?:DNS|IP Address):([^,\s]+)', names)} | {
            spell_host(name) for name in common_names(seen.get('subject', '').strip())
            if is_host_name(name)}),
    }
