"""A small TAXII 2.1 server that does wrong what a test asks for, and everything else right.

Objects are sorted by date of addition, `next` is where the next page begins. A fault is a function
that is given the request's handler, its number among the requests for objects (1, 2, 3 ...), and
the good answer; it returns another answer, or None when it has answered by itself.
"""
import dataclasses
import gzip
import http.server
import json
import socket
import threading
import time
import urllib.parse

import samples

MEDIA_TYPE = 'application/taxii+json;version=2.1'
COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116'
PAGE = 10


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b''
    headers: dict = dataclasses.field(default_factory=dict)
    content_type: str = MEDIA_TYPE


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, answer, length=None):
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header('Content-Type', answer.content_type)
        for name, content in answer.headers.items():
            self.send_header(name, content)
        self.send_header('Content-Length', str(len(answer.body) if length is None else length))
        self.end_headers()
        self.wfile.write(answer.body)

    def hang_up(self):
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def do_GET(self):
        server = self.server.taxii
        url = urllib.parse.urlsplit(self.path)
        server.requests.append((self.path, dict(self.headers)))
        try:
            if server.token is not None and self.headers.get('X-Key') != server.token:
                self.send(Answer(401, b'{"title":"who are you?"}'))
            elif url.path == f'/api/collections/{COLLECTION}/objects/':
                self.objects(server, dict(urllib.parse.parse_qsl(url.query)))
            else:
                self.resource(server, url.path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def resource(self, server, path):
        collection = {'id': COLLECTION, 'title': 'Samples', 'can_read': True, 'can_write': False,
                      'media_types': ['application/stix+json;version=2.1']}
        found = {
            '/taxii2/': {'title': 'Faulty', 'api_roots': ['/api/']},
            '/api/': {'title': 'Root', 'versions': [MEDIA_TYPE], 'max_content_length': 1 << 20},
            '/api/collections/': {'collections': [collection]},
            f'/api/collections/{COLLECTION}/': collection,
            f'/api/collections/{COLLECTION}/manifest/': {'objects': [
                {'id': made['id'], 'date_added': added, 'version': made.get('modified', made['created'])}
                for made, added in server.objects]},
        }.get(path)
        if found is None:
            self.send(Answer(404, b'{"title":"not here"}'))
        else:
            self.send(Answer(200, json.dumps(found).encode()))

    def objects(self, server, query):
        server.object_requests += 1
        answer = server.page(query)
        if server.fault is not None:
            answer = server.fault(self, server.object_requests, answer)
        if answer is not None:
            self.send(answer)


class TaxiiServer:
    """Serves `count` indicators on loopback until close()."""

    def __init__(self, count=30, fault=None, tls=None):
        self.objects = [(samples.indicator(i), samples.date_added(i)) for i in range(count)]
        self.fault = fault
        self.token = None
        self.requests = []  # (path with query, headers)
        self.object_requests = 0
        self.has_next = True
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.http.taxii = self
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.scheme = 'https' if tls is not None else 'http'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.http.server_address[1]

    def url(self, path='/taxii2/', host='localhost'):
        return f'{self.scheme}://{host}:{self.port}{path}'

    def page(self, query):
        objects = [(made, added) for made, added in self.objects
                   if added > query.get('added_after', '')]
        begin = int(query.get('next', 0))
        end = min(begin + min(PAGE, int(query.get('limit', PAGE))), len(objects))
        page = objects[begin:end]
        envelope = {'more': end < len(objects), 'objects': [made for made, _ in page]}
        if end < len(objects) and self.has_next:
            envelope['next'] = str(end)
        headers = {}
        if page:
            headers = {'X-TAXII-Date-Added-First': page[0][1],
                       'X-TAXII-Date-Added-Last': page[-1][1]}
        return Answer(200, json.dumps(envelope).encode(), headers)

    def close(self):
        self.http.shutdown()
        self.http.server_close()


# ---- faults ----------------------------------------------------------------------------------

def on(numbers, fault):
    """The fault at these requests for objects alone, numbered from 1."""
    return lambda handler, number, good: (fault(handler, number, good) if number in numbers
                                          else good)


def behind_first(fault):
    """The first page is fine, all else is not."""
    return lambda handler, number, good: fault(handler, number, good) if number > 1 else good


def status(code, **headers):
    named = {name.replace('_', '-'): content for name, content in headers.items()}
    return lambda handler, number, good: Answer(code, b'{"title":"no, and here is why"}', named)


def retry_after_date(seconds):
    def fault(handler, *_):
        return Answer(429, b'', {'Retry-After': handler.date_time_string(time.time() + seconds)})
    return fault


def body(content, content_type=MEDIA_TYPE, **headers):
    named = {name.replace('_', '-'): text for name, text in headers.items()}
    return lambda handler, number, good: Answer(200, content, named, content_type)


def cut_short(handler, number, good):
    handler.send(dataclasses.replace(good, body=good.body[:len(good.body) // 2]),
                 length=len(good.body))
    handler.hang_up()


def cut_without_length(handler, number, good):
    """Half of the body; nothing tells but the JSON itself."""
    handler.send_response(200)
    handler.send_header('Content-Type', MEDIA_TYPE)
    handler.send_header('Connection', 'close')
    handler.end_headers()
    handler.wfile.write(good.body[:len(good.body) // 2])
    handler.hang_up()


def cut_chunk(handler, number, good):
    handler.send_response(200)
    handler.send_header('Content-Type', MEDIA_TYPE)
    handler.send_header('Transfer-Encoding', 'chunked')
    handler.end_headers()
    handler.wfile.write(f'{len(good.body):x}\r\n'.encode() + good.body[:100])
    handler.hang_up()


def compressed(handler, number, good):
    return dataclasses.replace(good, body=gzip.compress(good.body),
                               headers=good.headers | {'Content-Encoding': 'gzip'})


def cut_gzip(handler, number, good):
    """A compressed body that ends too early, of the right length."""
    small = gzip.compress(good.body)
    return dataclasses.replace(good, body=small[:len(small) - 20],
                               headers=good.headers | {'Content-Encoding': 'gzip'})


def bomb(handler, number, good):
    return Answer(200, gzip.compress(b'{"objects":[' + b' ' * 50_000_000 + b']}'),
                  {'Content-Encoding': 'gzip'})


def large_by_objects(handler, number, good):
    """30 KB an object; from the second page on."""
    envelope = json.loads(good.body)
    if number > 1:
        for made in envelope['objects']:
            made['x_filling'] = 'x' * 30_000
    return dataclasses.replace(good, body=json.dumps(envelope).encode())


def hang_up(handler, number, good):
    handler.hang_up()


def drip(handler, number, good):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header('Content-Type', MEDIA_TYPE)
    handler.end_headers()
    for byte in good.body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.2)


def same_page(handler, number, good):
    """The first page again and again, always with more to come."""
    return handler.server.taxii.page({})


def same_objects(handler, number, good):
    """The same, with a `next` that is always new."""
    envelope = json.loads(handler.server.taxii.page({}).body)
    envelope['next'] = f'x{number}'
    return dataclasses.replace(good, body=json.dumps(envelope).encode())


def endless(handler, number, good):
    """Ever new objects behind an ever new `next`."""
    added = f'2020-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z'
    return Answer(200, json.dumps({'more': True, 'next': str(number),
                                   'objects': [samples.indicator(number)]}).encode(),
                  {'X-TAXII-Date-Added-First': added, 'X-TAXII-Date-Added-Last': added})


def empty_with_more(handler, number, good):
    return Answer(200, json.dumps({'more': True, 'next': '10', 'objects': []}).encode())


def no_way_on(handler, number, good):
    """More, but neither `next` nor a date."""
    envelope = json.loads(good.body)
    envelope.pop('next', None)
    return dataclasses.replace(good, body=json.dumps(envelope | {'more': True}).encode(),
                               headers={})


def redirect(url):
    return lambda handler, number, good: Answer(302, b'', {'Location': url})


def redirect_here(handler, number, good):
    return Answer(302, b'', {'Location': handler.path})


def endless_headers(handler, number, good):
    handler.send_response(200)
    for i in range(100_000):
        handler.send_header(f'X-{i}', 'x' * 50)
        if i % 1000 == 0:
            handler.flush_headers()
    handler.end_headers()
