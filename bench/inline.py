"""What verdicts cost a packet: the generated mix from memory, as a capture, on a tap, inline."""
import json
import pathlib
import subprocess
import tempfile


def measure_inline(build):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([build / 'bench/generate_traffic', '-o', folder / 'mix.pcap', '--feed',
                        folder / 'planted.txt', '--packets=1000000'],
                       check=True, capture_output=True)
        subprocess.run([build / 'bench/generate_indicators', '-n', '1000', '-o',
                        folder / 'more.txt'], check=True)
        subprocess.run([build / 'app/sekisho', 'compile', '-q', folder / 'planted.txt',
                        folder / 'more.txt', '-o', folder / 'mix.skdb'], check=True)
        output = subprocess.run([build / 'bench/bench_inline', folder / 'mix.skdb',
                                 folder / 'mix.pcap'], check=True, capture_output=True,
                                text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def print_inline(result):
    print('Verdicts (one worker, frames from memory)')
    for row in result:
        print(f"  {row['mode']:10} {row['ns_per_packet']:6.1f} ns a packet, dropped "
              f"{row['dropped']:,} of {row['packets']:,}, hits {row['hits']:,}")
