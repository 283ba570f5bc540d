"""A control socket that answers as a sensor does."""
import socket
import threading


class Listener:
    """Takes one request a connection, and gives `answer`, or what it returns when it can be called;
    None: closes without a word."""

    def __init__(self, path, answer=b'ok\nfine\n'):
        self.path = path
        self.answer = answer
        self.requests = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            with client, client.makefile('rb') as lines:
                self.requests.append(lines.readline().decode())
                answer = self.answer() if callable(self.answer) else self.answer
                if answer is not None:
                    client.sendall(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)
