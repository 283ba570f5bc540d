"""Small files of each format, made up."""
import base64
import json
import pathlib


def uuid(number):
    return f'00000000-0000-4000-8000-{number:012}'


def attribute(number, kind, value, **more):
    return {'uuid': uuid(number), 'type': kind, 'category': 'Network activity', 'to_ids': True,
            'timestamp': '1700000000', 'value': value, **more}


EVENT = {'Event': {
    'info': 'A campaign', 'date': '2023-11-14', 'uuid': uuid(100),
    'Attribute': [
        attribute(1, 'ip-dst', '198.18.0.1'),
        attribute(2, 'domain|ip', 'evil.example.com|198.18.0.2'),
        attribute(3, 'hostname', 'host.example.net'),
        attribute(4, 'url', 'hxxp://evil.example.org/gate.php'),
        attribute(5, 'email-src', 'someone@example.com'),
        attribute(6, 'domain', 'seen.example.com', to_ids=False),
        attribute(7, 'domain', 'gone.example.com', deleted=True),
    ],
    'Object': [{'name': 'ip-port', 'Attribute': [attribute(8, 'ip-dst', '198.18.0.3'),
                                                 attribute(9, 'port', '8443')]}],
    'Tag': [{'name': 'tlp:green'}, {'name': 'misp-galaxy:ransomware="X"'}],
}}
FILES = {
    'event.json': json.dumps(EVENT),
    'zeek.intel': '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n'
                  '198.18.1.1\tIntel::ADDR\tcert\tscanner\n'
                  'evil.example.net/a\tIntel::URL\tcert\t-\n'
                  'someone@example.com\tIntel::EMAIL\tcert\t-\n',
    'policy.rpz': '$ORIGIN rpz.example.\n@ 60 IN SOA a. b. (1 2 3 4 5)\n'
                  '*.evil.example.com CNAME .\ngood.example.com CNAME rpz-passthru.\n'
                  '32.1.2.18.198.rpz-ip CNAME rpz-drop.\n'
                  'ns.example.rpz-nsdname CNAME .\n',
    'names.lst': ''.join(base64.b64encode(text.encode()).decode() + '\n'
                         for text in ('evil.example.com', 'http://evil.example.org/a')),
    'difference.csv': 'what;when;list\nadd;2024-01-01;a.example.com\nadd;2024-01-01;b.example.com\n'
                      'del;2024-01-02;a.example.com\nmaybe;2024-01-02;c.example.com\n',
}

for name, content in FILES.items():
    pathlib.Path(name).write_text(content, encoding='utf-8')
