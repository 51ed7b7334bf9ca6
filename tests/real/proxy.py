"""A proxy that protects a meta server, records requests, and drops requests and responses.

The client under test reaches the server only through this proxy. The proxy does not forward a
request that would end a real server, and the current check fails.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import deadly
from wire import Garbage, Request, decode_request

HEADER = 48

#: What may happen to a request. `drop` forwards it and drops its response. `close_after` forwards
#: it and closes the connection instead of sending the response. `garble` forwards it and sends a
#: response that makes no sense. `swallow` drops the request. `close` drops the request and closes
#: the connection.
FAULTS = ("drop", "close_after", "garble", "swallow", "close")


@dataclass
class Fault:
    """What happens to the first `times` requests of an RPC."""

    rpc: str
    what: str | None = None
    times: int = 1
    #: Called just before such a request is forwarded, to act as a faster client.
    before: Callable[[], None] | None = None


@dataclass
class Proxy:
    """Listens on a free port, and forwards to one server until it is closed."""

    server: str
    generation: str
    faults: list[Fault] = field(default_factory=list)
    #: The requests that arrived, in order.
    seen: list[Request] = field(default_factory=list)
    #: The requests that would have ended a real server, with the reasons.
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accepts no more connections."""
        # Closing alone would not wake the thread that waits for connections.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def reset(self, *faults: Fault) -> None:
        """Forgets the recorded requests, and sets what happens to the next ones."""
        with self.lock:
            self.seen, self.refused, self.faults = [], [], list(faults)

    def names(self) -> list[str]:
        """Returns the RPCs that arrived, in order."""
        return [request.name for request in self.seen]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        host, port = self.server.rsplit(":", 1)
        try:
            server = socket.create_connection((host.strip("[]"), int(port)), 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        _Carrier(self, client, server).run()

    def judge(self, request: Request) -> tuple[str | None, Callable[[], None] | None]:
        """Records a request, and returns what happens to it."""
        with self.lock:
            self.seen.append(request)
            if why := deadly.reason(self.generation, request.name, request.fields):
                self.refused.append(f"{request.name} {request.fields}: {why}")
                return "close", None
            for fault in self.faults:
                if fault.rpc == request.name and fault.times > 0:
                    fault.times -= 1
                    return fault.what, fault.before
            return None, None


class _Carrier:
    """A connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        #: What happens to the response to a request, by seqid.
        self.fates: dict[int, str] = {}

    def run(self) -> None:
        try:
            # HTTP is forwarded in the pieces in which it arrives, because 2.5 accepts no head that
            # is split.
            if self.client.recv(4, socket.MSG_PEEK) == b"THFT":
                threading.Thread(target=self._guarded, args=(self._responses,), daemon=True).start()
                self._guarded(self._requests)
            else:
                copy = lambda: _copy(self.server, self.client)  # noqa: E731
                threading.Thread(target=self._guarded, args=(copy,), daemon=True).start()
                self._guarded(lambda: _copy(self.client, self.server))
        except OSError:
            self._end()

    def _guarded(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError, Garbage, struct.error):
            work()
        self._end()

    def _end(self) -> None:
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _requests(self) -> None:
        while True:
            header = _take(self.client, HEADER)
            body = _take(self.client, struct.unpack(">I", header[16:20])[0])
            request = decode_request(body)
            fate, before = self.proxy.judge(request)
            if before is not None:
                before()
            if fate == "close":
                return
            if fate is not None:
                self.fates[request.seqid] = fate
            if fate != "swallow":
                self.server.sendall(header + body)

    def _responses(self) -> None:
        while True:
            length = _take(self.server, 4)
            payload = _take(self.server, struct.unpack(">i", length)[0] - 4)
            fate = self.fates.pop(_seqid(payload), None)
            if fate == "close_after":
                return
            if fate == "garble":
                payload = b"\xff" * len(payload)
            if fate != "drop":
                self.client.sendall(length + payload)


def _seqid(payload: bytes) -> int:
    at = 4 + int.from_bytes(payload[:4], "big") + 4
    at += 4 + int.from_bytes(payload[at : at + 4], "big")
    return int.from_bytes(payload[at : at + 4], "big", signed=True)


def _take(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def _copy(source: socket.socket, to: socket.socket) -> None:
    while data := source.recv(65536):
        to.sendall(data)
