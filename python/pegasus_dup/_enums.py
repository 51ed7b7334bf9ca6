"""The enumerations. Each member is also the text that JSON and the other faces have for it."""

from __future__ import annotations

import enum


class _Text(str, enum.Enum):
    # Python 3.11 and 3.12 changed what str() and format() make of such a member; this way every
    # version prints the value.
    def __str__(self) -> str:
        return str(self.value)


class Evidence(_Text):
    """How an outcome is known."""

    SERVER_SAID_SO = "server_said_so"
    """Certain. The server's own answer tells the two apart."""
    LISTED_BEFORE = "listed_before"
    """Certain. It was listed before the add, and nothing was sent."""
    LISTED_AFTER = "listed_after"
    """Certain. What is listed after the add can't be what this call asked for."""
    APPEARED_DURING_CALL = "appeared_during_call"
    """Not certain. It was absent before and is listed afterwards as asked, as far as that can be
    compared: this call or a racing one made it."""

    @property
    def certain(self) -> bool:
        """Whether the outcome is certain: false for ``APPEARED_DURING_CALL`` alone."""
        return self is not Evidence.APPEARED_DURING_CALL


class Property(_Text):
    """A property of a duplication that an add can request."""

    CHECKPOINT = "checkpoint"
    """That what the table held already is shipped too."""
    REMOTE_TABLE = "remote_table"
    """The table's name in the remote cluster."""
    REMOTE_REPLICA_COUNT = "remote_replica_count"
    """The remote table's replica count."""


class Status(_Text):
    """Where a duplication stands in its life."""

    INIT = "DS_INIT"
    """Shown, but not stored yet: a crash of the server forgets it."""
    PREPARE = "DS_PREPARE"
    """The checkpoint is being made (2.4 and later)."""
    APP = "DS_APP"
    """The remote table is loading the checkpoint (2.4 and later)."""
    LOG = "DS_LOG"
    """Writes are being shipped: the steady state (2.4 and later)."""
    START = "DS_START"
    """Writes are being shipped (2.3 and older)."""
    PAUSE = "DS_PAUSE"
    """Stopped by an operator; writes pile up until it is started."""
    REMOVED = "DS_REMOVED"
    """Being removed: still listed, and about to be gone."""
    UNKNOWN = "DS_UNKNOWN"
    """A number that this server's generation has no name for."""

    @property
    def is_running(self) -> bool:
        """Whether it has been started: it ships writes, or its checkpoint before them.

        Does not say that anything gets through.
        """
        return self in (Status.PREPARE, Status.APP, Status.LOG, Status.START)


class Step(_Text):
    """What a call goes on to do, and then waits for."""

    WAITING_FOR_TURN = "waiting_for_turn"
    """Another change of the same table and cluster by this client has to end first."""
    LOOKING_FOR_LEADER = "looking_for_leader"
    """The meta servers are asked which of them leads."""
    ASKING = "asking"
    """A server is asked what there is; after ``SENDING``, what became of the change."""
    SENDING = "sending"
    """The change is sent. From here on until ``SETTLED`` its effect is not known."""
    SETTLED = "settled"
    """The effect of what was sent is known."""
    TRYING_AGAIN = "trying_again"
    """Something went wrong, nothing was done, and the call starts over after a pause."""


class FailMode(_Text):
    """What a duplication does with a write that the remote cluster doesn't take."""

    SLOW = "FAIL_SLOW"
    """Retry until it is taken. The default."""
    SKIP = "FAIL_SKIP"
    """Skip it: the remote table then lacks writes."""
    FAST = "FAIL_FAST"
    """Stop the replica server."""
    UNKNOWN = "FAIL_UNKNOWN"
    """A number without a name. Never sent."""

    @classmethod
    def _missing_(cls, value: object) -> FailMode | None:
        # The short names of the command line: slow, skip, fast.
        if isinstance(value, str) and value in ("slow", "skip", "fast"):
            return cls("FAIL_" + value.upper())
        return None


class Generation(_Text):
    """A generation of Pegasus meta servers, by what it makes of a duplication request."""

    FREEZED = "freezed"
    """1.12 to 2.3."""
    CHECKPOINT = "checkpoint"
    """2.4 and 2.5."""
    REMOTE_NAME = "remote-name"
    """2.6 snapshots before June 2024."""
    SNAPSHOT_2_6 = "snapshot-2.6"
    """Some 2.6 snapshot without the list RPC; not known which."""
    DUP_EXIST = "dup-exist"
    """2.6 snapshots since June 2024."""


class Role(_Text):
    """What a meta server is at the moment."""

    LEADER = "leader"
    """It leads."""
    FOLLOWER = "follower"
    """It follows."""
    NOT_READY = "not_ready"
    """It answers, and has not started yet or is recovering."""
    UNREACHABLE = "unreachable"
    """No connection can be opened, or its name has no address."""
    NO_ANSWER = "no_answer"
    """It takes the connection, and no complete answer comes."""
    NO_META_SERVER = "no_meta_server"
    """What answers there is no meta server."""


class KnownBy(_Text):
    """How a server's generation is known."""

    LIST_RPC = "list_rpc"
    """It handles ``RPC_CM_LIST_DUPLICATION``, which proves ``dup-exist``."""
    NO_REPLICA_COUNT_RPC = "no_replica_count_rpc"
    """It lacks ``RPC_CM_GET_MAX_REPLICA_COUNT``, which proves ``freezed``."""
    VERSION = "version"
    """It handles ``RPC_CM_GET_MAX_REPLICA_COUNT`` alone, and ``GET /version`` tells the rest."""
    NO_VERSION = "no_version"
    """It handles ``RPC_CM_GET_MAX_REPLICA_COUNT`` alone, and tells no version.

    The generation is the careful choice then."""
    STATED = "stated"
    """Somebody stated it, and nothing refutes it; what was found out says less."""


class ErrorKind(_Text):
    """What went wrong, by what to do about it. There is one exception class for each."""

    TABLE_NOT_FOUND = "table_not_found"
    DUPLICATION_NOT_FOUND = "duplication_not_found"
    REMOTE_CLUSTER_NOT_CONFIGURED = "remote_cluster_not_configured"
    REMOTE_TABLE_TAKEN = "remote_table_taken"
    WRONG_STATE = "wrong_state"
    INVALID_ARGUMENT = "invalid_argument"
    UNSUPPORTED = "unsupported"
    PERMISSION_DENIED = "permission_denied"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PROTOCOL = "protocol"
