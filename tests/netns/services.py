"""Real servers for tests of live traffic: nginx with HTTP and HTTPS, and DNS over UDP and TCP."""
import subprocess
import sys

from network import wait_for

NGINX = '''
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error;
events {{ worker_connections 512; }}
http {{
	access_log {folder}/nginx.access;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	server {{
		listen 80; listen [::]:80;
		root {folder}/www;
		location / {{ try_files $uri /index.html; }}
	}}
	server {{
		listen 443 ssl; listen [::]:443 ssl;
		ssl_certificate {folder}/server.pem;
		ssl_certificate_key {folder}/server.key;
		root {folder}/www;
		location / {{ try_files $uri /index.html; }}
	}}
}}
'''


def start_web(host, size=1 << 20):
    """nginx on ports 80 and 443; /large has `size` bytes. Returns the folder it serves."""
    folder = host.network.folder / f'web-{host.name}'
    (folder / 'www').mkdir(parents=True)
    folder.chmod(0o755)
    host.network.folder.chmod(0o755)
    (folder / 'www/index.html').write_text('the page\n')
    pattern = bytes(range(251))
    (folder / 'www/large').write_bytes((pattern * (size // len(pattern) + 1))[:size])
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
                    '-subj', '/CN=server.example', '-keyout', folder / 'server.key',
                    '-out', folder / 'server.pem'], check=True, capture_output=True)
    (folder / 'nginx.conf').write_text(NGINX.format(folder=folder))
    process = host.start('nginx', '-c', folder / 'nginx.conf', '-p', folder)
    wait_for(lambda: host.run('curl', '-s', '-o', '/dev/null', 'http://127.0.0.1/',
                              check=False).returncode == 0, what=f'nginx ({process.error})')
    return folder / 'www'


def start_dns(host, answers, addresses):
    """Answers the names of `answers` (name to list of (type, value)); others with NXDOMAIN."""
    arguments = [f'{name}/{kind}/{value}' for name, records in answers.items()
                 for kind, value in records]
    host.start(sys.executable, __file__, ','.join([*addresses, '127.0.0.1']), *arguments)
    wait_for(lambda: host.run('dig', '+time=1', '+tries=1', '@127.0.0.1', 'up.invalid',
                              check=False).returncode == 0, what='the DNS server')


# What follows runs in the host: sekisho's own tests must not judge themselves, so the messages are
# scapy's.
def answer(message, records):
    from scapy.layers.dns import DNS, DNSRR
    query = DNS(message)
    name = query.qd.qname.decode().rstrip('.').lower()
    kind = {1: 'A', 28: 'AAAA', 5: 'CNAME'}.get(query.qd.qtype, '')
    chain = []
    for _ in range(4):
        found = [(name, *record) for record in records.get(name, [])
                 if record[0] in (kind, 'CNAME')]
        chain += found
        if not found or found[-1][1] != 'CNAME':
            break
        name = found[-1][2]
    section = None
    for owner, record, value in chain:
        row = DNSRR(rrname=owner, type=record, rdata=value, ttl=60)
        section = row if section is None else section / row
    return bytes(DNS(id=query.id, qr=1, rd=query.rd, ra=1, rcode=0 if chain else 3, qd=query.qd,
                     an=section, ancount=len(chain)))


def serve(records, addresses):
    import selectors
    import socket
    import struct
    selector = selectors.DefaultSelector()
    for address in addresses:  # one each, so that answers come from where they were asked
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            server = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, 53))
            if kind == socket.SOCK_STREAM:
                server.listen(16)
            selector.register(server, selectors.EVENT_READ, kind)
    while True:
        for key, _ in selector.select():
            if key.data == socket.SOCK_DGRAM:
                message, peer = key.fileobj.recvfrom(4096)
                key.fileobj.sendto(answer(message, records), peer)
                continue
            connection, _ = key.fileobj.accept()
            with connection:
                connection.settimeout(3)
                try:
                    size = struct.unpack('>H', connection.recv(2, socket.MSG_WAITALL))[0]
                    reply = answer(connection.recv(size, socket.MSG_WAITALL), records)
                    connection.sendall(struct.pack('>H', len(reply)) + reply)
                except (OSError, struct.error):
                    pass


def main():
    records = {}
    for argument in sys.argv[2:]:
        name, kind, value = argument.split('/')
        records.setdefault(name, []).append((kind, value))
    serve(records, sys.argv[1].split(','))


if __name__ == '__main__':
    main()
