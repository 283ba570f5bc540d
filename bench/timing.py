"""Runs programs and says what they took."""
import os
import statistics
import subprocess
import time

RUNS = 3
READ_BYTES = 1 << 20


def finish(process, begin, arguments, statuses):
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    assert os.waitstatus_to_exitcode(status) in statuses, arguments
    return {'wall_s': wall, 'user_s': usage.ru_utime, 'system_s': usage.ru_stime,
            'peak_bytes': usage.ru_maxrss * 1024}


def start(arguments):
    return subprocess.Popen([str(item) for item in arguments], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def timed(arguments, statuses=(0,)):
    """Seconds of wall and processor time and the peak memory in bytes of one run."""
    begin = time.monotonic()
    return finish(start(arguments), begin, arguments, statuses)


def timed_together(commands, statuses=(0,)):
    """As timed(), of commands at the same time: until all have ended, with all their processor time."""
    begin = time.monotonic()
    processes = [(start(command), command) for command in commands]
    rows = [finish(process, begin, command, statuses) for process, command in processes]
    return {'wall_s': max(row['wall_s'] for row in rows),
            **{name: sum(row[name] for row in rows) for name in ('user_s', 'system_s')},
            'peak_bytes': max(row['peak_bytes'] for row in rows)}


def pinned(core, command):
    """The command, on this core alone."""
    return ['taskset', '-c', str(core), *command]


def read_back(path):
    """A file that was just written lies in the page cache in single pages, which cost more to read
    than the larger ones of a file that came from the disk."""
    with open(path, 'rb') as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while stream.read(READ_BYTES):
            pass


def best(arguments, statuses=(0,), prepare=lambda run: None, runs=RUNS):
    """The shortest of some runs. `prepare` is not timed; it is told how many runs were before."""
    results = []
    for run in range(runs):
        prepare(run)
        results.append(timed(arguments, statuses))
    return {**min(results, key=lambda result: result['wall_s']),
            'all_wall_s': [round(result['wall_s'], 4) for result in results]}


def medians(jobs, runs=RUNS):
    """Jobs are functions by name, that give what timed() gives. They take turns, so that whatever
    else runs on the machine disturbs all alike. Gives each one's median by wall time, and all."""
    results = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            results[name].append(job())
    return {name: {**sorted(rows, key=lambda row: row['wall_s'])[len(rows) // 2],
                   'wall_s': statistics.median(row['wall_s'] for row in rows),
                   'all_wall_s': [round(row['wall_s'], 4) for row in rows]}
            for name, rows in results.items()}


def write_feed(build, path, count, kind, form='text', seed=1):
    subprocess.run([build / 'bench/generate_indicators', '-n', str(count), '--kind', kind,
                    '--format', form, '--seed', str(seed), '-o', path], check=True)
