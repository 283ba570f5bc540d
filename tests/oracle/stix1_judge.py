"""python-stix and python-cybox's reading of STIX 1.x packages, as JSON. Runs in their environment.

Each file named in the arguments gives one line: {"path", "error"} or {"path", "indicators": [{"id",
"negate", "values": [[kind, text]], "others": how many parts that are no such values}]}. Values of an
AND of several parts are none.
"""
import json
import sys
import tempfile
import warnings

warnings.simplefilter('ignore')

import stix.extensions.marking.ais  # noqa: E402, F401 (registers its type)
from cybox.objects import (address_object, domain_name_object, email_message_object,  # noqa: E402
                           file_object, hostname_object, link_object, socket_address_object, uri_object)
from stix.core import STIXPackage  # noqa: E402

ALGORITHMS = ('MD5', 'SHA1', 'SHA256', 'SHA512')
ADDRESSES = ('ipv4-addr', 'ipv6-addr', 'cidr', 'ipv4-net', 'ipv6-net', None)


class Judge:
    def __init__(self, package):
        self.observables, self.objects, self.indicators = {}, {}, []
        self.collect(package)
        self.by_id = {indicator.id_: indicator for indicator in self.indicators}

    def collect(self, package):
        for observable in (package.observables or []):
            self.define(observable)
        containers = [package] + list(package.incidents or []) + list(package.campaigns or [])
        for container in containers:
            for found in list(getattr(container, 'indicators', None) or []) + \
                    [r.item for r in getattr(container, 'related_indicators', None) or []]:
                if found is not None and found.id_:
                    self.indicators.append(found)
                    if found.observable is not None:
                        self.define(found.observable)
        for related in package.related_packages or []:
            if related.item is not None:
                self.collect(related.item)

    def define(self, observable):
        if observable.id_:
            self.observables[observable.id_] = observable
        made = observable.object_
        if made is not None:
            self.objects[made.id_] = made.properties
            for related in made.related_objects or []:
                self.objects[related.id_] = related.properties
        composition = observable.observable_composition
        for part in (composition.observables if composition else None) or []:
            self.define(part)

    # Values, and how many parts are none.
    def of_observable(self, observable, depth=0):
        if observable.idref:
            found = self.observables.get(observable.idref)
            return self.of_observable(found, depth + 1) if found and depth < 10 else ([], 1)
        composition = observable.observable_composition
        if composition is not None:
            return self.combine(composition.operator,
                                [self.of_observable(part, depth + 1)
                                 for part in composition.observables or []])
        if observable.object_ is None or observable.object_.properties is None:
            return [], 1
        return self.of_object(observable.object_.properties)

    @staticmethod
    def combine(operator, parts):
        if operator != 'OR' and len(parts) > 1:
            return [], len(parts)
        return ([value for values, _ in parts for value in values],
                sum(others for _, others in parts))

    def of_object(self, made):
        if isinstance(made, address_object.Address):
            if made.category not in ADDRESSES or made.is_spoofed:
                return [], 1
            return self.of_field('address', made.address_value)
        if isinstance(made, domain_name_object.DomainName):
            return self.of_field('name', made.value)
        if isinstance(made, hostname_object.Hostname):
            return self.of_field('name', made.hostname_value)
        if isinstance(made, (uri_object.URI, link_object.Link)):
            return self.of_field('name' if made.type_ == 'Domain Name' else 'url', made.value)
        if isinstance(made, socket_address_object.SocketAddress) and made.ip_address:
            return self.of_field('address', made.ip_address.address_value)
        if isinstance(made, email_message_object.EmailMessage):
            links = [self.objects.get(link.object_reference) for link in made.links or []]
            values = [self.of_object(link)[0] for link in links if link is not None]
            return sum(values, []), 1
        if isinstance(made, file_object.File) and made.hashes:
            return self.of_hashes(made.hashes)
        return [], 1

    def of_hashes(self, hashes):
        values, others = [], 0
        for made in hashes:
            if made.simple_hash_value is None or str(made.type_) not in ALGORITHMS:
                others += 1
                continue
            values += self.of_field('hash', made.simple_hash_value)[0]
        return values, others

    @staticmethod
    def of_field(kind, field):
        if field is None or str(field.condition or 'Equals').lower() != 'equals':
            return [], 1
        if str(field.apply_condition or 'ANY') != 'ANY':
            return [], 1
        texts = field.value if isinstance(field.value, list) else [field.value]
        return [[kind, str(text).strip()] for text in texts], 0

    def of_indicator(self, indicator, depth=0):
        # `observable`, not `observables`: those are the parts of its composition.
        observable = indicator.observable
        values, others = self.of_observable(observable) if observable is not None else ([], 0)
        expression = indicator.composite_indicator_expression
        if expression:
            inner = []
            for part in expression:
                part = self.by_id.get(part.idref, part)
                inner.append(self.of_indicator(part, depth + 1) if depth < 10 else ([], 1))
            more, more_others = self.combine(expression.operator, inner)
            values, others = values + more, others + more_others
        return values, others + len(indicator.test_mechanisms or [])

    def result(self):
        for indicator in self.indicators:
            values, others = self.of_indicator(indicator)
            yield {'id': indicator.id_, 'negate': bool(indicator.negate), 'values': values,
                   'others': others}


def read(path):
    # Some are not quite XML with name spaces: a prefix without a name.
    with open(path, encoding='utf-8') as file:
        text = file.read().replace('xmlns:=', 'xmlns:nobody=')
    with tempfile.NamedTemporaryFile('w', suffix='.xml', encoding='utf-8') as file:
        file.write(text)
        file.flush()
        return list(Judge(STIXPackage.from_xml(file.name)).result())


for name in sys.argv[1:]:
    try:
        print(json.dumps({'path': name, 'indicators': read(name)}))
    except Exception as error:  # what the judge cannot read it does not judge
        print(json.dumps({'path': name, 'error': f'{type(error).__name__}: {error}'}))
