#!/usr/bin/env python3
"""The servers behind the example's gateway: DNS, HTTP and HTTPS, all in one process.

Usage: servers.py ADDRESS CERTIFICATE KEY. DNS listens at ADDRESS, HTTP and HTTPS at every address.
As if it were some way off, a connection is answered after 0.2 s.
"""
import http.server
import socket
import ssl
import struct
import sys
import threading
import time

ADDRESSES = {  # every name of the example that exists, and what is below bad.example
    'good.example': ('198.51.100.10', '2001:db8:2::10'),
    'bad.example': ('198.51.100.10', '2001:db8:2::10'),
    'www.bad.example': ('198.51.100.10', '2001:db8:2::10'),
    'files.example': ('198.51.100.10', '2001:db8:2::10'),
    'told.example': ('198.51.100.10', '2001:db8:2::10'),
}
TYPE_A, TYPE_AAAA = 1, 28
NAME_ERROR = 3
FAR_S = 0.2


def dns_question(message):
    """The name, its type, and where the question ends."""
    labels, position = [], 12
    while message[position] != 0:
        end = position + 1 + message[position]
        labels.append(message[position + 1:end].decode('ascii').lower())
        position = end
    return '.'.join(labels), struct.unpack_from('>H', message, position + 1)[0], position + 5


def dns_answer(message):
    name, kind, end = dns_question(message)
    pair = ADDRESSES.get(name)
    data = b''
    if pair is not None and kind == TYPE_A:
        data = socket.inet_pton(socket.AF_INET, pair[0])
    elif pair is not None and kind == TYPE_AAAA:
        data = socket.inet_pton(socket.AF_INET6, pair[1])
    flags = 0x8580 | (0 if pair else NAME_ERROR)  # an answer, authoritative, recursion available
    header = message[:2] + struct.pack('>HHHHH', flags, 1, 1 if data else 0, 0, 0)
    record = struct.pack('>HHHIH', 0xc00c, kind, 1, 60, len(data)) + data if data else b''
    return header + message[12:end] + record


def serve_dns(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            message, peer = server.recvfrom(4096)
            try:
                server.sendto(dns_answer(message), peer)
            except (IndexError, UnicodeDecodeError, struct.error):
                pass  # not a question


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = f'the page {self.path} of {self.headers["Host"]}\n'.encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6  # IPv4 as well

    def __init__(self, port, context=None):
        self.context = context
        super().__init__(('::', port), Page)

    def process_request_thread(self, request, client_address):
        time.sleep(FAR_S)
        try:
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except OSError:
            request.close()

    def handle_error(self, request, client_address):
        pass  # a connection that the gateway ended


def main():
    address, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for server in (Server(80), Server(443, context)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    serve_dns(address)


if __name__ == '__main__':
    main()
