"""Between a program and PostgreSQL: it can lose an answer after the server has committed."""
import contextlib
import re
import socket
import threading
import time

# Statements by their names, as they cross the wire.
CLAIM = b"CLAIM_JOBS"
ANY_CLAIM = b"CLAIM_(JOBS|TOLD)"
ENQUEUE = b"ENQUEUE_NEW"
COMMIT = b"COMMIT\0"
READY = b"Z\0\0\0\5I"  # the server has done all, and is in no transaction


class Relay:
    """Swallows the answer to the first such statement of the nth connection that sends it, ends that
    connection, and lets new ones wait for hold_s; None: there will be no new ones. The statement is a
    pattern, and may be set later; None: no answer is swallowed until then. Nor is one without the
    answer's word, where that is given: the next one is then the first."""

    def __init__(self, port, hold_s, statement=CLAIM, nth=2, answer=b""):
        self.server_port = port
        self.hold_s = hold_s
        self.statement = statement
        self.nth = nth
        self.answer = answer
        self.held_until = 0
        self.swallowed = 0
        self.senders = []  # connections, in the order in which they sent it first
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
                    if self.is_such(data) and self.is_to_be_lost(client):
                        losing.set()
                    server.sendall(data)

    def is_such(self, data):
        return self.statement is not None and re.search(self.statement, data)

    def is_to_be_lost(self, client):
        with self.lock:
            is_first = client not in self.senders
            if is_first:
                self.senders.append(client)
            return is_first and len(self.senders) == self.nth

    def answers(self, server, client, losing):
        lost = b""
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if not losing.is_set():
                    client.sendall(data)
                    continue
                lost += data
                if lost.endswith(READY) and self.answer not in lost:
                    with self.lock:
                        self.senders.remove(client)
                    losing.clear()
                    client.sendall(lost)
                    lost = b""
                elif lost.endswith(READY):
                    self.swallowed += 1
                    if self.hold_s is None:
                        self.close()
                    else:
                        self.held_until = time.monotonic() + self.hold_s
                    break
        for end in (server, client):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # accept() holds it, too
        self.listener.close()


class StalledRelay(Relay):
    """Keeps the first such statement from the server, and ends the client's connection and so many
    that it makes then: the server reads the statement when it is let go."""

    def __init__(self, port, statement, refusals=0):
        super().__init__(port, hold_s=0, statement=statement, nth=1)
        self.refusals = refusals
        self.kept = threading.Event()
        self.going_on = threading.Event()

    def is_to_be_lost(self, client):
        return not self.kept.is_set() and super().is_to_be_lost(client)

    def is_refused(self):
        with self.lock:
            refused = self.kept.is_set() and self.refusals > 0
            self.refusals -= refused
            return refused

    def serve(self, client):
        if self.is_refused():
            client.close()
            return
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            threading.Thread(target=self.answers, args=(server, client, threading.Event()),
                             daemon=True).start()
            with contextlib.suppress(OSError):
                while data := client.recv(1 << 16):
                    if self.is_such(data) and self.is_to_be_lost(client):
                        self.stall(client, server, data)
                        return
                    server.sendall(data)

    def stall(self, client, server, data):
        self.kept.set()  # first: the client may come again at once, and is to be refused
        client.shutdown(socket.SHUT_RDWR)
        self.going_on.wait(60)
        with contextlib.suppress(OSError):
            server.sendall(data)
            time.sleep(0.5)

    def answers(self, server, client, losing):
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
