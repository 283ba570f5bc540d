"""The XDP program, and the filling of its maps: bench/xdp.c, which needs root."""
import json
import os
import statistics
import subprocess


def measure_xdp(build, hosts):
    program = build / 'bench/bench_xdp'
    if os.geteuid() != 0 or not program.exists():
        return []
    run = subprocess.run([program, str(hosts)], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def print_xdp(rows):
    if not rows:
        print('\nXDP: not measured; it takes root, and a build with bpf')
        return
    print('\nXDP, ns a packet (median, least), without the writing of the address; times the '
          'address verdict')
    programs = [row for row in rows if 'program' in row]
    verdicts = {(row['family'], row['hosts']): row for row in programs
                if row['program'] == 'address verdict'}
    for row in programs:
        verdict = verdicts[row['family'], row['hosts']]
        ratio = row['ns'] / max(verdict['ns'], 1)
        least_ratio = row['least_ns'] / max(verdict['least_ns'], 1)
        print(f"  {row['family']}  {row['hosts']:>9,} hosts {row['networks']:>7,} networks  "
              f"{row['program']:22} of {row['addresses']:>13,} addresses "
              f"{row['ns']:7.1f} {row['least_ns']:7.1f}  {ratio:6.2f} {least_ratio:6.2f}  "
              f"dropped {row['dropped_share']:.5f}")
    print('Filling the maps')
    for row in rows:
        if 'peer' in row:
            print(f"  {row['family']}  {row['peer']} of {row['hosts']:,}: {row['fill_s']:.3f} s")
    mirrors = [row for row in rows if 'mirror' in row]
    for key in dict.fromkeys((row['family'], row['mirror'], row['hosts'] // 2000)
                             for row in mirrors):
        same = [row for row in mirrors
                if (row['family'], row['mirror'], row['hosts'] // 2000) == key]
        seconds = statistics.median(row['seconds'] for row in same)
        print(f"  {key[0]}  {key[1]:10} {same[-1]['hosts']:>9,} hosts, +{same[-1]['added']:,} "
              f"-{same[-1]['removed']:,}: {seconds:.4f} s")
