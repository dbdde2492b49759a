"""Between a program and PostgreSQL: it can lose an answer after the server has committed."""
import contextlib
import socket
import threading
import time

CLAIM = b"CLAIM_JOBS"  # the statement's name, as it crosses the wire
READY = b"Z\0\0\0\5I"  # the server has done all, and is in no transaction


class Relay:
    """Swallows the answer to the first claim of the second connection that claims, ends that
    connection, and lets new ones wait for hold_s."""

    def __init__(self, port, hold_s):
        self.server_port = port
        self.hold_s = hold_s
        self.held_until = 0
        self.swallowed = 0
        self.claimers = []  # connections, in the order of their first claims
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        time.sleep(max(0, self.held_until - time.monotonic()))
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            losing = threading.Event()
            threading.Thread(target=self.answers, args=(server, client, losing),
                             daemon=True).start()
            with contextlib.suppress(OSError):
                while data := client.recv(1 << 16):
                    if CLAIM in data and self.is_to_be_lost(client):
                        losing.set()
                    server.sendall(data)

    def is_to_be_lost(self, client):
        with self.lock:
            is_first = client not in self.claimers
            if is_first:
                self.claimers.append(client)
            return is_first and len(self.claimers) == 2

    def answers(self, server, client, losing):
        lost = b""
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if not losing.is_set():
                    client.sendall(data)
                    continue
                lost += data
                if lost.endswith(READY):
                    self.swallowed += 1
                    self.held_until = time.monotonic() + self.hold_s
                    break
        for end in (server, client):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
