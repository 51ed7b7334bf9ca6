"""A proxy in front of a meta server: it guards the server, notes what passes, and loses things.

The client under test talks to the server through this proxy only. Whatever would end a real server
is not forwarded, and the check in which it came has failed.
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

#: What may befall a request. `drop`: it is forwarded, and its response is lost. `close_after`: it
#: is forwarded, and the connection ends instead of a response. `garble`: it is forwarded, and its
#: response makes no sense. `swallow`: the request is lost. `close`: it is lost, and the connection
#: ends.
FAULTS = ("drop", "close_after", "garble", "swallow", "close")


@dataclass
class Fault:
    """What befalls the first `times` requests of an RPC."""

    rpc: str
    what: str | None = None
    times: int = 1
    #: Is called just before such a request is forwarded: a rival who is quicker.
    before: Callable[[], None] | None = None


@dataclass
class Proxy:
    """Listens on a free port and forwards to one server until it is closed."""

    server: str
    generation: str
    faults: list[Fault] = field(default_factory=list)
    #: The requests that came, in order.
    seen: list[Request] = field(default_factory=list)
    #: Requests that would have ended a real server, with the reason.
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        # Closing alone would not wake the thread that accepts.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def reset(self, *faults: Fault) -> None:
        """Forgets what came, and sets what befalls what comes next."""
        with self.lock:
            self.seen, self.refused, self.faults = [], [], list(faults)

    def names(self) -> list[str]:
        """Returns the RPCs that came, in order."""
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
        """Notes a request and says what befalls it."""
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
    """One connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        #: What befalls the response to a request, by seqid.
        self.fates: dict[int, str] = {}

    def run(self) -> None:
        try:
            # HTTP is passed on in the pieces in which it comes: 2.5 takes no head in several.
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
