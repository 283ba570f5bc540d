"""Suricata (7 or later) beside sekisho: the same indicators as lists of its own, and its alerts.

Addresses and networks become an IP reputation list, names and the paths of URLs datasets of
strings, hashes of files a list of SHA-256. What it cannot say in these lists is left out: names
below a listed one, a URL's host together with its path, ports.
"""
import base64
import ipaddress
import json
import re
import shutil
import subprocess
import urllib.parse

CONFIG = '''%YAML 1.1
---
vars:
  address-groups: {{HOME_NET: "any", EXTERNAL_NET: "any"}}
default-log-dir: {folder}
reputation-categories-file: {folder}/categories.txt
default-reputation-path: {folder}
reputation-files: [addresses.list]
classification-file: {folder}/empty
reference-config-file: {folder}/empty
outputs:
  - eve-log:
      enabled: yes
      filename: eve.json
      types: [{{alert: {{metadata: yes}}}}]
app-layer:
  protocols:
    dns: {{udp: {{enabled: yes, detection-ports: {{dp: 53}}}},
           tcp: {{enabled: yes, detection-ports: {{dp: 53}}}}}}
    tls: {{enabled: yes, detection-ports: {{dp: 443}}}}
    quic: {{enabled: yes}}
    http:
      enabled: yes
      libhtp: {{default-config: {{personality: IDS, request-body-limit: 0, response-body-limit: 0}}}}
flow: {{memcap: 2gb, hash-size: 262144, prealloc: 10000}}
host: {{memcap: 2gb, hash-size: 1048576, prealloc: 1000}}
defrag: {{memcap: 256mb}}
datasets: {{defaults: {{memcap: 2gb, hashsize: 2097152}}, limits: {{single-hashsize: 4194304, total-hashsizes: 67108864}}}}
stream:
  memcap: 2gb
  midstream: true
  async-oneside: true
  reassembly: {{memcap: 4gb, depth: 0}}
max-pending-packets: 4096
'''

# sid, kind, the rule's protocol and options
RULES = (
    (1, 'address', 'ip', 'iprep:any,listed,>,1;'),
    (2, 'name', 'dns', 'dns.query; dataset:isset,names,type string,load {folder}/names.list;'),
    (3, 'name', 'tls', 'tls.sni; dataset:isset,names;'),
    (4, 'name', 'http', 'http.host; dataset:isset,names;'),
    (5, 'url', 'http', 'http.uri.raw; dataset:isset,paths,type string,load {folder}/paths.list;'),
    (6, 'name', 'quic', 'quic.sni; dataset:isset,names;'),
)
HASH_RULES = ((7, 'file', 'http', 'filesha256:{folder}/hashes.list;'),)


def find_suricata():
    return shutil.which('suricata')


def version(program):
    told = subprocess.run([program, '-V'], capture_output=True, text=True, check=False).stdout
    return re.search(r'[0-9][0-9.]*', told)[0]


def is_address(value):
    try:
        return bool(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return False


def kind_of(value):
    if re.fullmatch(r'[0-9a-f]{64}', value):
        return 'file'
    if '/' in value and not is_address(value):
        return 'url'
    return 'address' if is_address(value) else 'name'


def path_of(url):
    parts = urllib.parse.urlsplit(url if '://' in url else 'http://' + url)
    return (parts.path or '/') + ('?' + parts.query if parts.query else '')


class Suricata:
    """A folder with its configuration, rules and lists."""

    def __init__(self, program, folder, values, has_hashes=False):
        self.program, self.folder = program, folder
        folder.mkdir()
        self.write_lists(values)
        rules = RULES + (HASH_RULES if has_hashes else ())
        (folder / 'suricata.yaml').write_text(CONFIG.format(folder=folder))
        (folder / 'categories.txt').write_text('1,listed,listed\n')
        (folder / 'empty').write_text('')
        (folder / 'rules').write_text(''.join(
            f'alert {protocol} any any -> any any (msg:"{kind}"; '
            f'{options.format(folder=folder)} sid:{sid};)\n'
            for sid, kind, protocol, options in rules))

    def write_lists(self, values):
        writers = {
            'address': ('addresses.list', lambda value: f'{value},1,100\n'),
            'name': ('names.list', lambda value: encode(value) + '\n'),
            'url': ('paths.list', lambda value: encode(path_of(value)) + '\n'),
            'file': ('hashes.list', lambda value: value + '\n'),
        }
        streams = {kind: open(self.folder / name, 'w', encoding='utf-8')
                   for kind, (name, _) in writers.items()}
        for value in values:
            kind = kind_of(value)
            streams[kind].write(writers[kind][1](value))
        for stream in streams.values():
            stream.close()

    def command(self, capture, runmode='single'):
        """Its checksums are not looked at, as ours are not."""
        return [self.program, '-c', self.folder / 'suricata.yaml', '-S', self.folder / 'rules',
                '-l', self.folder, '-k', 'none', '--runmode', runmode, '-r', capture]

    def clear(self, _run=0):
        (self.folder / 'eve.json').unlink(missing_ok=True)

    def alerts(self):
        """The events of eve.json that are alerts, of the last run."""
        path = self.folder / 'eve.json'
        lines = path.read_text(errors='replace').splitlines() if path.exists() else []
        return [event for event in map(json.loads, lines) if event['event_type'] == 'alert']


def encode(text):
    return base64.b64encode(text.encode()).decode()


def flow_of(event):
    """The two ends of an alert's or hit's flow, whichever side is told first."""
    return frozenset((ipaddress.ip_address(event[side + '_ip']), event.get(side + '_port'))
                     for side in ('src', 'dest'))
