"""scripts/demo-gateway in every mode: what gets through is what docs/gateway-example.md shows."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from daemon import ROOT, SEKISHO, need_backend

SCRIPT = ROOT / 'scripts/demo-gateway'
BACKENDS = {'inline-xdp': 'xdp-copy', 'inline-afxdp': 'afxdp', 'inline-dpdk': 'dpdk',
            'tap': 'af-packet'}
PAGE = {
    'curl -sS -m 2 http://good.example/': 'the page / of good.example',
    'curl -sS -m 2 -k https://good.example/': 'the page / of good.example',
    'curl -sS -m 2 -6 http://good.example/': 'the page / of good.example',
    'curl -sS -m 2 http://files.example/index.html': 'the page /index.html of files.example',
    'curl -sS -m 2 http://198.51.100.77/': 'the page / of 198.51.100.77',
    'curl -sS -m 2 http://told.example/': 'the page / of told.example',
}
LISTED = {
    'curl -sS -m 1 http://198.51.100.66/': 'the page / of 198.51.100.66',
    "curl -sS -m 1 'http://[2001:db8:2::66]/'": 'the page / of [2001:db8:2::66]',
    'curl -sS -m 1 -k --resolve bad.example:443:198.51.100.10 https://bad.example/':
        'the page / of bad.example',
    'curl -sS -m 1 http://files.example/gate.php': 'the page /gate.php of files.example',
}
DIG = "dig www.bad.example | grep -e status: -e '^[^;]' -e 'timed out'"
SHAKE = ('timeout 2 openssl s_client -brief -connect 198.51.100.10:443 -servername {} 2>&1 | '
         'grep -e ESTAB -e errno')


def left():
    """What a run that has ended leaves of itself."""
    done = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith('sekisho-demo-')]


def answers(text):
    """What came back, by what was typed."""
    found = {}
    for part in re.split(r'^(?:client|gateway)\$ ', text, flags=re.M)[1:]:
        typed, _, rest = part.partition('\n')
        found[typed] = ''.join(line.strip() + '\n' for line in rest.splitlines()
                               if line.startswith('    '))
    return found


@pytest.mark.parametrize('mode', BACKENDS)
def test_the_demo_shows_what_gets_through(mode):
    need_backend(BACKENDS[mode])
    done = subprocess.run([SCRIPT, mode], capture_output=True, text=True, timeout=180,
                          env={**os.environ, 'SEKISHO': str(pathlib.Path(SEKISHO).resolve())})
    assert done.returncode == 0, done.stdout + done.stderr
    came = answers(done.stdout)
    for typed, page in PAGE.items():
        assert came[typed] == page + '\n', typed
    assert 'CONNECTION ESTABLISHED' in came[SHAKE.format('good.example')]
    for typed, page in LISTED.items():
        if mode != 'inline-xdp' or 'gate.php' not in typed:  # a short answer may outrun the verdict
            assert (page in came[typed]) == (mode == 'tap'), typed
    assert ('status: NXDOMAIN' in came[DIG]) == (mode in ('inline-afxdp', 'inline-dpdk'))
    shaken = 'CONNECTION ESTABLISHED' in came[SHAKE.format('bad.example')]
    assert shaken == (mode == 'tap') or mode == 'inline-xdp'

    outcome = '-' if mode == 'tap' else 'dropped'
    hits = came['./show.py hits hits.json']
    for observable, where in (('198[.]51[.]100[.]66', r'ip\.\w+'), ('bad[.]example', r'tls\.sni'),
                              ('2001[:]db8[:]2[:][:]66', r'ip\.\w+'),
                              ('hxxp://files[.]example/gate[.]php', r'http\.url')):
        assert re.search(rf'{re.escape(observable)} +{where} +drop +{outcome} ', hits), hits
    assert re.search(r'told\[\.]example +dns\.query +alert +- ', hits), hits
    assert '198[.]51[.]100[.]77' not in hits
    assert f'mode: {mode}' in came['sekisho ctl -s control.sock status']
    if mode == 'tap':
        told = came['./show.py sightings sightings hits.json']
        assert '5 of them sightings' in told
        sighting = json.loads(told[told.index('{'):])
        assert sighting['type'] == 'sighting' and sighting['count'] == 2


def test_the_demo_cleans_up_when_it_is_interrupted():
    process = subprocess.Popen([SCRIPT, 'tap'], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, 'SEKISHO': str(pathlib.Path(SEKISHO).resolve())})
    mine = f'sekisho-demo-{process.pid}'
    for line in process.stdout:
        if 'Not listed' in line:
            break
    assert any(line.startswith(mine) for line in left())
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.wait(20) == 130
    assert not any(line.startswith(mine) for line in left())
    assert not list(pathlib.Path('/etc').glob(f'netns/{mine}*'))


def test_the_demo_refuses_what_it_does_not_know():
    done = subprocess.run([SCRIPT, 'outline'], capture_output=True, text=True)
    assert done.returncode == 2 and 'usage: demo-gateway' in done.stderr
