"""Real captures as they are, cut short, and with bytes changed: nothing crashes, and a sanitizer
has nothing to say. Skipped without SEKISHO_MATERIAL, a folder with pcaps/ in it."""
import os
import pathlib
import random
import subprocess

import pytest

from observe_ours import SEKISHO

MATERIAL = os.environ.get('SEKISHO_MATERIAL')
pytestmark = pytest.mark.skipif(not MATERIAL, reason='SEKISHO_MATERIAL is not set')


def captures():
    folder = pathlib.Path(MATERIAL) / 'pcaps'
    return sorted(path for path in folder.iterdir() if path.suffix in ('.pcap', '.pcapng', '.snoop'))


def assert_survives(paths):
    run = subprocess.run([SEKISHO, 'observe', *map(str, paths)], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, errors='replace', timeout=300)
    assert run.returncode in (0, 1, 2), run.stderr[-4000:]
    for word in ('Sanitizer', 'runtime error'):
        assert word not in run.stderr, run.stderr[-4000:]


def test_captures_as_they_are():
    assert_survives(captures())


def test_captures_cut_short(tmp_path):
    paths = []
    for path in captures():
        whole = path.read_bytes()
        for share in (1, 2, 3):
            cut = tmp_path / f'{share}-{path.name}'
            cut.write_bytes(whole[:len(whole) * share // 4 + share])
            paths.append(cut)
    assert_survives(paths)


@pytest.mark.parametrize('seed', range(4))
def test_captures_with_changed_bytes(tmp_path, seed):
    rng = random.Random(seed)
    paths = []
    for path in captures():
        content = bytearray(path.read_bytes())
        for _ in range(1 + len(content) // 200):
            content[rng.randrange(len(content))] = rng.randrange(256)
        changed = tmp_path / path.name
        changed.write_bytes(content)
        paths.append(changed)
    assert_survives(paths)
