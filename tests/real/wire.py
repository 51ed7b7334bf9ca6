"""A second implementation of the wire format of a Pegasus meta server.

It shares no code with the crate, so that a mistake in the crate's codec shows as a difference. The
encoder encodes any values, sensible or not. The decoder reads responses of every version.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import Any

# A type is a name, or ("list", element type), or ("map", key type, value type).
Type = str | tuple[Any, ...]
Fields = list[tuple[int, Type, Any]]

CODES = {
    "bool": 2,
    "byte": 3,
    "double": 4,
    "i16": 6,
    "i32": 8,
    "i64": 10,
    "string": 11,
    "struct": 12,
    "map": 13,
    "set": 14,
    "list": 15,
}
NAMES = {code: name for name, code in CODES.items()}

ADD = "RPC_CM_ADD_DUPLICATION"
MODIFY = "RPC_CM_MODIFY_DUPLICATION"
QUERY = "RPC_CM_QUERY_DUPLICATION"
LIST = "RPC_CM_LIST_DUPLICATION"
LIST_APPS = "RPC_CM_LIST_APPS"
QUERY_CONFIG = "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX"
MAX_REPLICA_COUNT = "RPC_CM_GET_MAX_REPLICA_COUNT"
LIST_NODES = "RPC_CM_LIST_NODES"
CLUSTER_INFO = "RPC_CM_CLUSTER_INFO"
CREATE_APP = "RPC_CM_CREATE_APP"
DROP_APP = "RPC_CM_DROP_APP"
RECALL_APP = "RPC_CM_RECALL_APP"
ADD_POLICY = "RPC_CM_ADD_BACKUP_POLICY"
QUERY_POLICY = "RPC_CM_QUERY_BACKUP_POLICY"
MODIFY_POLICY = "RPC_CM_MODIFY_BACKUP_POLICY"

# The fields that have a bare value (without field headers and without a stop) although their field
# header announces a struct. Field 1 of every response is an error code.
BARE: dict[str, dict[int, Any]] = {
    QUERY_CONFIG: {
        5: {
            1: "i64",
            4: "i64",
            5: "i64",
            6: "i64",
            9: "host_port",
            10: "host_port",
            11: "host_port",
        }
    },
    LIST_NODES: {2: {2: "i64", 3: "host_port"}},
}


def code_of(of: Type) -> int:
    """Returns the byte of a type."""
    return CODES[of if isinstance(of, str) else of[0]]


def encode(of: Type, value: Any) -> bytes:
    """Encodes one value."""
    match of:
        case "bool":
            return bytes([1 if value else 0])
        case "i32":
            return struct.pack(">i", value)
        case "i64":
            return struct.pack(">q", value)
        case "string":
            return struct.pack(">i", len(value)) + bytes(value)
        case "struct":
            return encode_struct(value)
        case ("list", element):
            items = b"".join(encode(element, one) for one in value)
            return struct.pack(">bi", code_of(element), len(value)) + items
        case ("map", key, element):
            items = b"".join(encode(key, k) + encode(element, v) for k, v in value.items())
            return struct.pack(">bbi", code_of(key), code_of(element), len(value)) + items
    raise TypeError(f"a type that is never sent: {of}")


def encode_struct(fields: Fields) -> bytes:
    """Encodes fields in the given order, followed by the stop."""
    heads = (struct.pack(">bh", code_of(of), number) for number, of, _ in fields)
    return b"".join(h + encode(of, v) for h, (_, of, v) in zip(heads, fields, strict=True)) + b"\0"


@dataclass(frozen=True)
class Shape:
    """The frame of a request. The defaults are the values that every client sends."""

    header_version: int = 0
    old_envelope: bool = False
    oneway: bool = False
    trailing: bytes = b""


def frame(name: str, fields: Fields, seqid: int, shape: Shape = Shape()) -> bytes:
    """Returns the complete request."""
    kind = 4 if shape.oneway else 1
    text = name.encode()
    if shape.old_envelope:
        envelope = struct.pack(">i", len(text)) + text + struct.pack(">bi", kind, seqid)
    else:
        envelope = struct.pack(">Ii", 0x80010000 | kind, len(text)) + text
        envelope += struct.pack(">i", seqid)
    body = envelope + b"\x0c\x00\x01" + encode_struct(fields) + b"\0" + shape.trailing
    if shape.header_version == 1:
        meta = encode_struct([(1, "i32", 0), (2, "i32", 0), (3, "i32", 1000)])
        return b"THFT" + struct.pack(">III", 1, len(meta), len(body)) + meta + body
    return b"THFT" + struct.pack(">IIIIIiiIiQ", 0, 48, 0, len(body), 0, 0, 0, 1000, 0, 0) + body


class Garbage(Exception):
    """The bytes are no response."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise Garbage(f"{count} bytes at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self) -> bytes:
        return self.take(self.number(">i"))

    def value(self, code: int, bare: Any) -> Any:
        name = NAMES.get(code)
        numbers = {"byte": ">b", "i16": ">h", "i32": ">i", "i64": ">q", "double": ">d"}
        if name in numbers:
            return self.number(numbers[name])
        if name == "bool":
            return self.number(">b") != 0
        if name == "string":
            return self.text()
        if name == "struct":
            return self.bare_or_struct(bare)
        if name in ("list", "set"):
            element, count = self.number(">b"), self.number(">i")
            return [self.value(element, bare) for _ in range(count)]
        if name == "map":
            key, of, count = self.number(">b"), self.number(">b"), self.number(">i")
            return {self.value(key, None): self.value(of, None) for _ in range(count)}
        raise Garbage(f"type {code}")

    def bare_or_struct(self, bare: Any) -> Any:
        match bare:
            case "error":
                return self.text()
            case "i64":
                return self.number(">q")
            case "host_port":
                return [self.text(), self.number(">H"), self.number(">b")]
        return self.fields(bare or {})

    def fields(self, bare: dict[int, Any]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        while code := self.number(">b"):
            number = self.number(">h")
            found[number] = self.value(code, bare.get(number))
        return found


@dataclass
class Response:
    """A response: the error of the RPC layer, and the fields if there are any."""

    seqid: int
    name: str
    framework: str
    fields: dict[int, Any] = field(default_factory=dict)

    @property
    def err(self) -> str:
        """The error code in the body, or that of the RPC layer."""
        return self.fields[1].decode() if 1 in self.fields else self.framework


@dataclass(frozen=True)
class Request:
    """A request as a server receives it, with header version 0."""

    name: str
    seqid: int
    fields: Fields


def decode_request(body: bytes) -> Request:
    """Reads the body after the header."""
    reader = _Reader(body)
    if reader.number(">I") >> 16 != 0x8001:
        raise Garbage("no version word")
    name, seqid = reader.text().decode(), reader.number(">i")
    reader.take(3)
    fields: Fields = []
    while code := reader.number(">b"):
        number = reader.number(">h")
        fields.append((number, NAMES.get(code, str(code)), reader.value(code, None)))
    return Request(name, seqid, fields)


def decode(payload: bytes, rpc: str) -> Response:
    """Reads a response to the given RPC, without the length before it."""
    reader = _Reader(payload)
    framework = reader.text().decode(errors="replace")
    if reader.number(">I") != 0x80010002:
        raise Garbage("no reply")
    name = reader.text().decode(errors="replace")
    response = Response(reader.number(">i"), name, framework)
    if framework == "ERR_OK":
        if reader.take(3) != b"\x0c\x00\x00":
            raise Garbage("no result")
        response.fields = reader.fields({1: "error", **BARE.get(rpc, {})})
    return response


class Closed(Exception):
    """The server closed the connection."""


class Connection:
    """A connection with one request at a time."""

    def __init__(self, address: str, patience: float = 5.0) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host.strip("[]"), int(port)), patience)
        self.seqid = 0

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def call(self, name: str, fields: Fields, shape: Shape = Shape()) -> Response:
        """Sends a request and waits. Raises `Closed` or `TimeoutError` if there is no response."""
        self.seqid += 1
        try:
            self.socket.sendall(frame(name, fields, self.seqid, shape))
            length = int.from_bytes(self._take(4), "big")
            # The server keeps 47 bytes of a name, and takes the suffix of a response off it.
            return decode(self._take(length - 4), name.removesuffix("_ACK"))
        except ConnectionError as error:
            raise Closed from error

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise Closed
            data += more
        return data
