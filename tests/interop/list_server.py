"""A web server on loopback with one document, which tests change while it runs."""
import gzip
import http.server
import threading


class ListServer:
    """Use as a context manager; `requests` holds (path, headers, status) of each answer."""

    def __init__(self):
        self.body = b''
        self.status = 200
        self.has_etag = True
        self.has_gzip = False
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}/list.txt'

    def etag(self):
        return f'"{hash(self.body) & 0xffffffff:08x}"'

    def answer(self, handler):
        status = self.status
        body = self.body
        if status == 200 and self.has_etag and handler.headers['If-None-Match'] == self.etag():
            status, body = 304, b''
        self.requests.append((handler.path, dict(handler.headers), status))
        handler.send_response(status)
        if self.has_etag:
            handler.send_header('ETag', self.etag())
        if self.has_gzip and status == 200:
            body = gzip.compress(body)
            handler.send_header('Content-Encoding', 'gzip')
        if status != 304:
            handler.send_header('Content-Length', str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def statuses(self):
        return [status for _, _, status in self.requests]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()
