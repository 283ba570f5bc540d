"""By way of a proxy: the one of the configuration, or that of the environment, or none."""
import http.server
import threading
import urllib.request

import pytest

import taxii_server as taxii
from sensor import Sensor


class Proxy(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        request = urllib.request.Request(self.path)
        for name in ('Accept', 'X-Key'):
            if name in self.headers:
                request.add_header(name, self.headers[name])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            body = answer.read()
            self.send_response(answer.status)
            for name, content in answer.headers.items():
                if name.lower() in ('content-type', 'x-taxii-date-added-first',
                                    'x-taxii-date-added-last'):
                    self.send_header(name, content)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(name='proxy')
def run_proxy():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Proxy)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(name='server')
def run_server():
    server = taxii.TaxiiServer(5)
    yield server
    server.close()


def url(proxy):
    return f'http://user:pass-phrase@127.0.0.1:{proxy.server_address[1]}'


def test_the_configured_proxy_holds_whatever_the_environment_says(server, proxy, tmp_path):
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'), proxy=url(proxy))
    done = sensor.sync(environment={'no_proxy': '*', 'http_proxy': 'http://127.0.0.1:9'})
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(proxy.asked) == len(server.requests) > 0
    assert all('Proxy-Authorization' in headers for _, headers in proxy.asked)


def test_the_environments_proxy_is_used_without_one(server, proxy, tmp_path):
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'))
    done = sensor.sync(environment={'http_proxy': url(proxy), 'no_proxy': ''})
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(proxy.asked) == len(server.requests) > 0


def test_none_is_no_proxy(server, proxy, tmp_path):
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'), proxy='none')
    done = sensor.sync(environment={'http_proxy': url(proxy), 'no_proxy': ''})
    assert done.returncode == 0, done.stdout + done.stderr
    assert not proxy.asked and server.requests


def test_a_dead_proxy_is_told_without_its_password(server, tmp_path):
    sensor = Sensor(tmp_path, kind='taxii21', address=server.url('/api/'), retries=0,
                    proxy='http://user:pass-phrase@127.0.0.1:9')
    done = sensor.sync()
    assert done.returncode != 0
    assert 'pass-phrase' not in done.stdout + done.stderr
    assert not server.requests
