"""A small TAXII 1.1 server that does wrong what a test asks for, and everything else right.

Blocks are STIX 1.2 XML and STIX 2.1 JSON in turn, PART of them in a part. A fault is a function that
is given the request's handler, its number among the polls and fulfilments (1, 2, 3 ...), and the
good answer; it returns another answer, or None when it has answered by itself.
"""
import dataclasses
import datetime
import http.server
import threading
import xml.etree.ElementTree as ElementTree
import xml.sax.saxutils as saxutils

from opentaxii_server import bundle, package
from taxii_server import Answer, cut_short, cut_without_length, hang_up  # noqa: F401

SPACE = 'http://taxii.mitre.org/messages/taxii_xml_binding-1.1'
MEDIA_TYPE = 'application/xml'
COLLECTION = 'samples'
PART = 10
FIRST = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)


def message(name, content='', **attributes):
    words = ''.join(f' {key}={saxutils.quoteattr(str(text))}' for key, text in attributes.items())
    return f'<t:{name} xmlns:t="{SPACE}" message_id="1"{words}>{content}</t:{name}>'


def answer(text, content_type=MEDIA_TYPE, code=200):
    return Answer(code, text.encode(), {'X-TAXII-Content-Type':
                                        'urn:taxii.mitre.org:message:xml:1.1'}, content_type)


def block(content, binding, label='2024-03-01T00:00:00Z'):
    return (f'<t:Content_Block><t:Content_Binding binding_id="{binding}"/><t:Content>{content}'
            f'</t:Content><t:Timestamp_Label>{label}</t:Timestamp_Label></t:Content_Block>')


def status(kind, text='no, and here is why', **details):
    said = ''.join(f'<t:Detail name="{name}">{what}</t:Detail>' for name, what in details.items())
    content = (f'<t:Status_Detail>{said}</t:Status_Detail>' if said else '') + \
        f'<t:Message>{text}</t:Message>'
    return lambda *_: answer(message('Status_Message', content, in_response_to='1',
                                     status_type=kind))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, made, length=None):
        self.send_response(made.status)
        self.send_header('Content-Type', made.content_type)
        for name, content in made.headers.items():
            self.send_header(name, content)
        self.send_header('Content-Length', str(len(made.body) if length is None else length))
        self.end_headers()
        self.wfile.write(made.body)

    def hang_up(self):
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(2)
        except OSError:
            pass

    def do_POST(self):
        server = self.server.taxii
        request = ElementTree.fromstring(self.rfile.read(int(self.headers['Content-Length'])))
        kind = request.tag.rpartition('}')[2]
        server.requests.append((kind, dict(request.attrib)))
        try:
            if kind == 'Discovery_Request':
                self.send(answer(message('Discovery_Response', server.services())))
            elif kind == 'Collection_Information_Request':
                self.send(answer(message('Collection_Information_Response', server.collection())))
            else:
                self.poll(server, kind, request)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def poll(self, server, kind, request):
        server.poll_requests += 1
        if kind == 'Poll_Request':
            begin = request.findtext(f'{{{SPACE}}}Exclusive_Begin_Timestamp', '')
            made = server.part(server.result(begin), 1)
        else:
            made = server.part(request.get('result_id'), int(request.get('result_part_number')))
        if server.fault is not None:
            made = server.fault(self, server.poll_requests, made)
        if made is not None:
            self.send(made)


class Taxii1Server:
    """Serves `count` indicators on loopback until close()."""

    def __init__(self, count=30, fault=None, tls=None):
        self.blocks = [self.made(number) for number in range(count)]
        self.fault = fault
        self.results = {}
        self.requests = []  # (message, attributes)
        self.poll_requests = 0
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.http.taxii = self
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.scheme = 'https' if tls is not None else 'http'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @staticmethod
    def made(number):
        label = (FIRST + datetime.timedelta(hours=number)).isoformat().replace('+00:00', 'Z')
        content, binding = (package if number % 2 == 0 else bundle)(number)
        return label, block(content if number % 2 == 0 else saxutils.escape(content), binding,
                            label)

    def url(self, path='/discovery'):
        return f'{self.scheme}://localhost:{self.http.server_address[1]}{path}'

    def services(self):
        return ''.join(
            f'<t:Service_Instance service_type="{kind}" service_version="'
            'urn:taxii.mitre.org:services:1.1" available="true"><t:Protocol_Binding>'
            f'urn:taxii.mitre.org:protocol:{self.scheme}:1.0</t:Protocol_Binding><t:Address>'
            f'{self.url(path)}</t:Address><t:Message_Binding>'
            'urn:taxii.mitre.org:message:xml:1.1</t:Message_Binding></t:Service_Instance>'
            for kind, path in (('COLLECTION_MANAGEMENT', '/collections'), ('POLL', '/poll')))

    def collection(self):
        return (f'<t:Collection collection_name="{COLLECTION}" available="true">'
                '<t:Description>made up</t:Description><t:Polling_Service><t:Protocol_Binding>'
                f'urn:taxii.mitre.org:protocol:{self.scheme}:1.0</t:Protocol_Binding><t:Address>'
                f'{self.url("/poll")}</t:Address><t:Message_Binding>'
                'urn:taxii.mitre.org:message:xml:1.1</t:Message_Binding></t:Polling_Service>'
                '</t:Collection>')

    def result(self, begin):
        found = [made for label, made in self.blocks if label > begin]
        self.results[f'r{len(self.results)}'] = found
        return f'r{len(self.results) - 1}'

    def part(self, result, number):
        if result not in self.results:
            return status('INVALID_RESPONSE_PART')()
        found = self.results[result]
        begin = (number - 1) * PART
        more = begin + PART < len(found)
        return self.response(found[begin:begin + PART], more, result, number)

    @staticmethod
    def response(blocks, more, result, number):
        words = {'more': str(more).lower(), 'collection_name': COLLECTION, 'in_response_to': '1'}
        if result is not None:
            words |= {'result_id': result}
        if number is not None:
            words |= {'result_part_number': number}
        return answer(message('Poll_Response', ''.join(blocks), **words))

    def close(self):
        self.http.shutdown()
        self.http.server_close()


# ---- faults: those of the way alone are taxii_server's ----------------------------------------

def part(blocks, more='true', result='r0', number=None):
    """An answer of one's own."""
    def fault(handler, count, good):
        return Taxii1Server.response(blocks, more == 'true', result, number or count)
    return fault


def same_part(handler, count, good):
    """The first part again and again, whatever was asked for."""
    return handler.server.taxii.part('r0', 1)


def same_blocks(handler, count, good):
    """The same blocks under the right number, with more to come."""
    taxii = handler.server.taxii
    return taxii.response(taxii.results['r0'][:PART], True, 'r0', count)


def endless(handler, count, good):
    """Ever new blocks."""
    return Taxii1Server.response([Taxii1Server.made(count)[1]], True, 'r0', count)


def without_result(handler, count, good):
    taxii = handler.server.taxii
    return taxii.response(taxii.results['r0'][:PART], True, None, None)


def without_number(handler, count, good):
    """The attribute left out, as if each were the first."""
    number = f' result_part_number="{count}"'.encode()
    return dataclasses.replace(good, body=good.body.replace(number, b''))


def with_block(content, binding='urn:example:unknown'):
    """One more block in each part."""
    def fault(handler, count, good):
        end = b'</t:Poll_Response>'
        more = block(content, binding).encode()
        return dataclasses.replace(good, body=good.body.replace(end, more + end))
    return fault


def entity_bomb(handler, count, good):
    lines = ''.join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "bang" * 100}">'
                    for i in range(12))
    return answer(f'<!DOCTYPE t [{lines}]>' + message('Poll_Response', '<t:Message>&e11;'
                                                      '</t:Message>', more='false'))
