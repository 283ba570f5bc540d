"""The exposition of /metrics, judged by Prometheus' own Python library."""
import math
import os
import pathlib
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

SEKISHO = pathlib.Path(os.environ['SEKISHO']).resolve()
WRITE_METRICS = SEKISHO.parents[1] / 'tests/helpers/write_metrics'


def write(factor):
    return subprocess.run([WRITE_METRICS, 'text', str(factor)], capture_output=True, text=True,
                          check=True).stdout


@pytest.fixture(scope='module')
def families():
    return {family.name: family for family in text_string_to_metric_families(write(1))}


def value(families, name, **labels):
    """Of the one sample with exactly these labels."""
    found = [sample.value for family in families.values() for sample in family.samples
             if sample.name == name and sample.labels == labels]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def test_every_family_has_a_type_a_help_and_samples(families):
    assert len(families) > 60
    for family in families.values():
        assert family.type in ('counter', 'gauge', 'histogram')
        assert family.documentation.endswith('.') and family.samples


def test_no_sample_comes_twice(families):
    keys = [(sample.name, tuple(sorted(sample.labels.items())))
            for family in families.values() for sample in family.samples]
    assert len(keys) == len(set(keys))


def test_figures_arrive_as_they_were(families):
    assert value(families, 'sekisho_start_time_seconds') == 1790000000.123456789
    assert value(families, 'sekisho_packets_total', worker='1') == 2000000
    assert value(families, 'sekisho_dropped_packets_total', worker='0', cause='tls') == 102
    assert value(families, 'sekisho_link_up', device='a"b\\c') == 0
    assert value(families, 'sekisho_xdp_bytes_total', device='eth1', reason='vetoed') == 18000016
    assert value(families, 'sekisho_info', version='0.1.0', mode='inline-xdp',
                 backend='xdp-copy') == 1


def test_histograms_add_up(families):
    for family in families.values():
        if family.type != 'histogram':
            continue
        for worker in ('0', '1'):
            buckets = [(float(sample.labels['le']), sample.value) for sample in family.samples
                       if sample.name.endswith('_bucket') and sample.labels['worker'] == worker]
            assert buckets == sorted(buckets) and buckets[-1][0] == math.inf
            counts = [count for _, count in buckets]
            assert counts == sorted(counts)
            assert counts[-1] == value(families, family.name + '_count', worker=worker) > 0
            assert value(families, family.name + '_sum', worker=worker) > 0


def test_only_counters_grow(families):
    later = {family.name: family for family in text_string_to_metric_families(write(2))}
    for name, family in later.items():
        before = {(sample.name, tuple(sample.labels.items())): sample.value
                  for sample in families[name].samples}
        for sample in family.samples:
            assert sample.value >= before[sample.name, tuple(sample.labels.items())]
