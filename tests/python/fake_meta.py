"""A meta server on the loopback interface that sends the responses that a test requests.

It has its own implementation of the frames, and of as much thrift as the responses need. It shares
no code with the library under test.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

HEADER = 48
BOOL, I32, I64, STRING, STRUCT, MAP, LIST = 2, 8, 10, 11, 12, 13, 15
STOP = b"\0"

CONFIG = "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX"
ADD = "RPC_CM_ADD_DUPLICATION"
LIST_DUPLICATION = "RPC_CM_LIST_DUPLICATION"
MODIFY = "RPC_CM_MODIFY_DUPLICATION"
QUERY = "RPC_CM_QUERY_DUPLICATION"


class HangUp(Exception):
    """Raised by a reply to close the connection without a response."""


class Garbage(Exception):
    """Raised by a reply to send its bytes as they are, instead of a frame."""


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">i", len(data)) + data


def error(code: str) -> bytes:
    # The bare type is marked as a struct, but is a string without any field.
    return struct.pack(">bh", STRUCT, 1) + text(code)


def i32(number: int, value: int) -> bytes:
    return struct.pack(">bhi", I32, number, value)


def string(number: int, value: str) -> bytes:
    return struct.pack(">bh", STRING, number) + text(value)


@dataclass
class Entry:
    dupid: int
    status: int = 3
    cluster: str = "target"
    create_ts: int = 1_700_000_000_123
    fail_mode: int = 0
    remote_table: str = "temp"
    replicas: int = 3

    def encode(self) -> bytes:
        return (
            i32(1, self.dupid)
            + i32(2, self.status)
            + string(3, self.cluster)
            + struct.pack(">bhq", I64, 4, self.create_ts)
            + i32(7, self.fail_mode)
            + string(8, self.remote_table)
            + i32(9, self.replicas)
            + STOP
        )


def add_answer(
    code: str,
    *,
    appid: int = 0,
    dupid: int = 0,
    hint: str = "",
    remote_table: str | None = None,
    replicas: int | None = None,
) -> bytes:
    body = error(code) + i32(2, appid) + i32(3, dupid) + string(4, hint)
    if remote_table is not None:
        body += string(5, remote_table)
    if replicas is not None:
        body += i32(6, replicas)
    return body + STOP


Reply = Callable[["FakeMeta"], bytes | None]


@dataclass
class FakeMeta:
    """A server that lists `entries` for one table. `replies` overrides the response to an RPC: a
    reply returns the bytes of a response struct, returns `None` to send no response, or raises
    `HangUp` or `Garbage`."""

    table: str = "temp"
    appid: int = 1
    entries: list[Entry] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    unhandled: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    address: str = ""

    def has_seen(self, name: str) -> bool:
        return name in self.seen

    def list_duplication(self) -> bytes:
        entries = b"".join(
            struct.pack(">i", entry.dupid) + entry.encode() for entry in self.entries
        )
        state = (
            i32(1, self.appid)
            + struct.pack(">bhbbi", MAP, 2, I32, STRUCT, len(self.entries))
            + entries
            + string(3, self.table)
            + i32(4, 8)
            + STOP
        )
        return (
            error("ERR_OK")
            + string(2, "")
            + struct.pack(">bhbbi", MAP, 3, STRING, STRUCT, 1)
            + text(self.table)
            + state
            + STOP
        )

    def query(self) -> bytes:
        entries = b"".join(entry.encode() for entry in self.entries)
        return (
            error("ERR_OK")
            + i32(3, self.appid)
            + struct.pack(">bhbi", LIST, 4, STRUCT, len(self.entries))
            + entries
            + STOP
        )

    def config(self) -> bytes:
        """Return a response that says that this server is the leader and has the table."""
        return (
            error("ERR_OK")
            + i32(2, self.appid)
            + i32(3, 8)
            + struct.pack(">bhb", BOOL, 4, 1)
            + struct.pack(">bhbi", LIST, 5, STRUCT, 0)
            + STOP
        )

    def _answer(self, name: str, seqid: int) -> bytes | None:
        envelope = struct.pack(">I", 0x8001_0002) + text(name + "_ACK") + struct.pack(">i", seqid)
        if name in self.replies:
            body = self.replies[name](self)
        elif name == CONFIG:
            body = self.config()
        elif name == LIST_DUPLICATION and name not in self.unhandled:
            body = self.list_duplication()
        elif name == QUERY and name not in self.unhandled:
            body = self.query()
        else:
            return _frame(text("ERR_HANDLER_NOT_FOUND") + envelope)
        if body is None:
            return None
        return _frame(text("ERR_OK") + envelope + struct.pack(">bh", STRUCT, 0) + body + STOP)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, HangUp):
            while header := _exactly(connection, HEADER):
                if header[:4] != b"THFT":
                    return
                body = _exactly(connection, struct.unpack(">I", header[16:20])[0])
                length = struct.unpack(">i", body[4:8])[0]
                name = body[8 : 8 + length].decode()
                seqid = struct.unpack(">i", body[8 + length : 12 + length])[0]
                self.seen.append(name)
                try:
                    answer = self._answer(name, seqid)
                except Garbage as garbage:
                    connection.sendall(garbage.args[0])
                    continue
                if answer is not None:
                    connection.sendall(answer)

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeMeta]:
        listener = socket.create_server(("127.0.0.1", 0))
        host, port = listener.getsockname()
        self.address = f"{host}:{port}"
        connections: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connections.append(connection)
                    threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            # Closing alone does not wake a thread that waits in accept().
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(5)
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()


def _frame(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload) + 4) + payload


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            return b""
        data += chunk
    return data
