"""Golden cases: each folder has `commands`, a line each, and `expected`, what they print.

A case runs in an empty folder, after its make.py, if it has one, has written the inputs there.
$CASE is the case's folder, $ROOT the project's. Times and rates become '#'. To accept what is
printed now: SEKISHO_GOLDEN_UPDATE=1 pytest tests/golden
"""
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CASES = sorted(path.parent.name for path in HERE.glob('*/commands'))
CHANGING = re.compile(r'[0-9.,]+( [kMG])? ?(s\b|packets/s|[kMG]?bit/s)')


def run_command(line, folder, environment):
    done = subprocess.run(['sh', '-c', line], cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors='replace')
    output = CHANGING.sub('#', done.stdout)
    return f'$ {line}\n{output}(exit {done.returncode})\n'


@pytest.mark.parametrize('case', CASES)
def test_case_prints_what_is_expected(case, tmp_path):
    programs = tmp_path / 'bin'
    folder = tmp_path / 'run'
    programs.mkdir()
    folder.mkdir()
    for name in ('SEKISHO', 'GENERATE_TRAFFIC'):
        (programs / name.lower()).symlink_to(pathlib.Path(os.environ[name]).resolve())
    environment = {**os.environ, 'PATH': f'{programs}:{os.environ["PATH"]}', 'LC_ALL': 'C.UTF-8',
                   'CASE': str(HERE / case), 'ROOT': str(HERE.parent.parent)}
    if (HERE / case / 'make.py').exists():
        subprocess.run([sys.executable, HERE / case / 'make.py'], cwd=folder, check=True)
    lines = (HERE / case / 'commands').read_text().splitlines()
    printed = '\n'.join(run_command(line, folder, environment) for line in lines if line)
    expected = HERE / case / 'expected'
    if os.environ.get('SEKISHO_GOLDEN_UPDATE'):
        expected.write_text(printed)
    assert printed == expected.read_text()
