"""Runs a program and says what it took."""
import os
import subprocess
import time

RUNS = 3


def timed(arguments, statuses=(0,)):
    """Seconds of wall and processor time and the peak memory in bytes of one run."""
    begin = time.monotonic()
    process = subprocess.Popen([str(item) for item in arguments], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    assert os.waitstatus_to_exitcode(status) in statuses, arguments
    return {'wall_s': wall, 'user_s': usage.ru_utime, 'system_s': usage.ru_stime,
            'peak_bytes': usage.ru_maxrss * 1024}


def best(arguments, statuses=(0,), prepare=lambda run: None, runs=RUNS):
    """The shortest of some runs. `prepare` is not timed; it is told how many runs were before."""
    results = []
    for run in range(runs):
        prepare(run)
        results.append(timed(arguments, statuses))
    return {**min(results, key=lambda result: result['wall_s']),
            'all_wall_s': [round(result['wall_s'], 4) for result in results]}


def write_feed(build, path, count, kind, form='text', seed=1):
    subprocess.run([build / 'bench/generate_indicators', '-n', str(count), '--kind', kind,
                    '--format', form, '--seed', str(seed), '-o', path], check=True)
