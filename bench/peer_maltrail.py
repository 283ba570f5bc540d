"""Maltrail's sensor (3.1, MALTRAIL: the path of its program) beside sekisho: the same addresses,
names and URLs as its trails, without heuristics. It knows no networks and no hashes of files.

MALTRAIL_MENDED is another build of it, whose costliest regular expression was mended.
"""
import ipaddress
import os
import pathlib

CONFIG = '''PROCESS_COUNT 1
DISABLE_CPU_AFFINITY true
USE_FEED_UPDATES false
UPDATE_PERIOD 86400
DISABLE_TRAIL_UPDATES true
USE_CONDENSED_STORAGE false
CUSTOM_TRAILS_DIR {folder}/none
CAPTURE_BUFFER 10MB
MONITOR_INTERFACE any
CAPTURE_FILTER
SENSOR_NAME bench
USE_HEURISTICS false
CHECK_MISSING_HOST false
CHECK_HOST_DOMAINS false
SHOW_DEBUG false
LOG_DIR {folder}/log
TRAILS_FILE {folder}/trails.csv
'''


def find_maltrail():
    """{name: program}"""
    paths = {'maltrail': os.environ.get('MALTRAIL'),
             'maltrail, mended': os.environ.get('MALTRAIL_MENDED')}
    return {name: pathlib.Path(path) for name, path in paths.items() if path}


def is_network(value):
    try:
        return ipaddress.ip_network(value, strict=False).num_addresses > 1
    except ValueError:
        return False


class Maltrail:
    """A folder with its configuration and trails, for one build or the other."""

    def __init__(self, folder, values):
        self.folder = folder
        (folder / 'log').mkdir(parents=True)
        (folder / 'maltrail.conf').write_text(CONFIG.format(folder=folder))
        with open(folder / 'trails.csv', 'w', encoding='utf-8') as stream:
            for value in values:
                if not is_network(value):
                    stream.write(f'"{value.split("://")[-1]}","malware","(bench)"\n')

    def command(self, program, capture):
        return [program, '-c', self.folder / 'maltrail.conf', '-r', capture, '--offline', '-q']

    def clear(self):
        for path in (self.folder / 'log').iterdir():
            path.unlink()

    def event_count(self):
        return sum(len(path.read_text(errors='replace').splitlines())
                   for path in (self.folder / 'log').glob('[0-9]*.log'))
