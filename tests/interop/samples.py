"""STIX objects for the servers of these tests, made up here."""
import datetime
import uuid

NAMESPACE = uuid.UUID('5e1c1b6e-8f0f-4f2b-9d3e-0a8f3b1d2c4e')
FIRST = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)


def timestamp(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%S.%fZ')


def value(number):
    return f'c2-{number}.sample-{number % 7}-net.com'


def identifier(number):
    return f'indicator--{uuid.uuid5(NAMESPACE, str(number))}'


def indicator(number, version=0, spec_version='2.1'):
    """Indicator `number` as it is in its version 0, 1, 2 ..."""
    created = FIRST + datetime.timedelta(minutes=number)
    modified = created + datetime.timedelta(days=version)
    made = {
        'type': 'indicator',
        'id': identifier(number),
        'created': timestamp(created)[:-4] + 'Z',
        'modified': timestamp(modified)[:-4] + 'Z',
        'name': f'sample {number}, version {version}',
        'pattern': f"[domain-name:value = '{value(number)}']",
        'valid_from': timestamp(created)[:-4] + 'Z',
        'labels' if spec_version == '2.0' else 'indicator_types': ['malicious-activity'],
    }
    if spec_version == '2.1':
        made |= {'spec_version': '2.1', 'pattern_type': 'stix'}
    return made


def date_added(position, together=1):
    """When object 0, 1, 2 ... of a collection was added, `together` of them at one moment."""
    return timestamp(FIRST + datetime.timedelta(days=30, seconds=7 * (position // together),
                                                microseconds=123))
