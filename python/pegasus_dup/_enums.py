"""The enumerations. Each member is also the text that JSON and the other faces have for it."""

from __future__ import annotations

import enum


class _Text(str, enum.Enum):
    # Python 3.11 and 3.12 changed what str() and format() make of such a member; this way every
    # version prints the value.
    def __str__(self) -> str:
        return str(self.value)


class Evidence(_Text):
    # Generated from src/enums.rs: Evidence
    """The reason why the outcome of an add, a create or a removal is known."""

    SERVER_SAID_SO = "server_said_so"
    """Certain. The response of the server shows the outcome. For an add of a duplication, a server
    that is proven to be of the generation ``dup-exist`` returned ERR_OK, or any server returned
    ERR_DUP_EXIST. For a create of a table, any server returned ERR_OK with a new table id, or
    ERR_APP_EXIST."""
    LISTED_BEFORE = "listed_before"
    """Certain. The resource was listed before the request, and nothing was sent."""
    LISTED_AFTER = "listed_after"
    """Certain. The resource that is listed after the request cannot be the one that this call
    requested."""
    APPEARED_DURING_CALL = "appeared_during_call"
    """Not certain. The requested effect was absent before the call, and is present afterwards, as
    far as it can be compared with the request. Either this call or a concurrent call caused it."""
    PROOF_LISTED = "proof_listed"
    """Certain. The table that is listed after the request has the random value that this call wrote
    into its settings to prove that it created the table."""

    @property
    def certain(self) -> bool:
        """Whether an outcome with this evidence is certain."""
        return self not in {Evidence.APPEARED_DURING_CALL}

    # End of Evidence


class Property(_Text):
    # Generated from src/enums.rs: Property
    """A property of a resource that a request can name."""

    CHECKPOINT = "checkpoint"
    """Whether the data that the table already holds is shipped too."""
    REMOTE_TABLE = "remote_table"
    """The name of the table in the remote cluster."""
    REMOTE_REPLICA_COUNT = "remote_replica_count"
    """The replica count of the table in the remote cluster."""
    PARTITION_COUNT = "partition_count"
    """The number of partitions of a table."""
    REPLICA_COUNT = "replica_count"
    """The number of replicas of each partition of a table."""
    ENVS = "envs"
    """The settings of a table."""
    ATOMIC_IDEMPOTENT = "atomic_idempotent"
    """Whether the writes of a table are made idempotent before they are replicated."""
    APP_TYPE = "app_type"
    """The type of the application that serves a table."""
    PROVIDER = "provider"
    """The storage to which a backup policy writes."""
    TABLE_IDS = "table_ids"
    """The ids of the tables that a backup policy backs up."""
    INTERVAL_SECONDS = "interval_seconds"
    """The time between two backups, in seconds."""
    HISTORY_COUNT = "history_count"
    """The number of backups that are kept."""
    START_TIME = "start_time"
    """The time of day at which a backup starts."""
    STATUS = "status"
    """Whether a duplication is running or paused. Only plans compare the status."""
    FAIL_MODE = "fail_mode"
    """What a duplication does with a write that the remote cluster does not accept. Only plans
    compare the fail mode."""
    # End of Property


class Status(_Text):
    # Generated from src/enums.rs: Status
    """The status of a duplication.

    The status does not say whether writes reach the remote cluster.
    """

    INIT = "DS_INIT"
    """The server shows the duplication but has not stored it yet. If the server crashes now, the
    duplication is lost."""
    PREPARE = "DS_PREPARE"
    """The checkpoint is being created. Servers of version 2.4 and later have this status."""
    APP = "DS_APP"
    """The remote table is loading the checkpoint. Servers of version 2.4 and later have this
    status."""
    LOG = "DS_LOG"
    """Writes are being shipped. Servers of version 2.4 and later have this status."""
    PAUSE = "DS_PAUSE"
    """The duplication is paused. Writes accumulate until it is started."""
    REMOVED = "DS_REMOVED"
    """The duplication is being removed. It is still listed and will disappear."""
    START = "DS_START"
    """Writes are being shipped. Servers of version 2.3 and earlier have this status."""
    UNKNOWN = "DS_UNKNOWN"
    """A number that has no name in the generation of the server."""
    # End of Status

    @property
    def is_running(self) -> bool:
        """Whether it has been started: it ships writes, or its checkpoint before them.

        Does not say that anything gets through.
        """
        return self in (Status.PREPARE, Status.APP, Status.LOG, Status.START)


class TableStatus(_Text):
    # Generated from src/enums.rs: TableStatus
    """The status of a table."""

    AVAILABLE = "AS_AVAILABLE"
    """The table is in use. This does not say that its partitions are ready."""
    CREATING = "AS_CREATING"
    """The server has not stored the table yet."""
    DROPPING = "AS_DROPPING"
    """The server has not stored the drop of the table yet."""
    DROPPED = "AS_DROPPED"
    """The table was dropped. The table can be recalled until it expires."""
    RECALLING = "AS_RECALLING"
    """The server has not stored the recall of the table yet."""
    UNKNOWN = "AS_UNKNOWN"
    """A number that has no name."""
    # End of TableStatus


class Step(_Text):
    # Generated from src/enums.rs: StepKind
    """The kind of a step that a call is about to take."""

    WAITING_FOR_TURN = "waiting_for_turn"
    """Waits for another change of the same resource by this client to end."""
    LOOKING_FOR_LEADER = "looking_for_leader"
    """Looks for the leader among the meta servers."""
    ASKING = "asking"
    """Reads what exists from a server. After the step ``sending``, this step finds out whether the
    change had an effect."""
    SENDING = "sending"
    """Sends the change. From here to the step ``settled`` the effect of the change is not known."""
    SETTLED = "settled"
    """The effect of the change is known."""
    TRYING_AGAIN = "trying_again"
    """Starts over after a pause, because something failed and nothing was done."""
    GETTING_READY = "getting_ready"
    """Waits for the partitions of a table to get their replicas. The detail says how many
    partitions are ready."""
    # End of StepKind


class FailMode(_Text):
    # Generated from src/enums.rs: FailMode
    """What a duplication does with a write that the remote cluster does not accept."""

    SLOW = "FAIL_SLOW"
    """Retries the write until the remote cluster accepts it. This is the default."""
    SKIP = "FAIL_SKIP"
    """Skips the write. The remote table then lacks it."""
    FAST = "FAIL_FAST"
    """Terminates the replica server."""
    UNKNOWN = "FAIL_UNKNOWN"
    """A number that has no name. It is never sent."""
    # End of FailMode

    @classmethod
    def _missing_(cls, value: object) -> FailMode | None:
        # The command line has short names: slow, skip, fast.
        for mode in cls:
            if mode is not cls.UNKNOWN and value == mode.value[len("FAIL_") :].lower():
                return mode
        return None


class Generation(_Text):
    # Generated from src/enums.rs: Generation
    """A generation of Pegasus meta servers.

    Servers of one generation treat duplication requests alike.
    """

    FREEZED = "freezed"
    """Versions 1.12 to 2.3. Field 3 of an add says whether the duplication is created paused. A
    repeated add starts or pauses the existing duplication."""
    CHECKPOINT = "checkpoint"
    """Versions 2.4 and 2.5. The server ignores a requested remote table and replica count, and
    returns ERR_OK to a repeated add."""
    REMOTE_NAME = "remote-name"
    """Snapshots of 2.6 before June 2024. The server returns ERR_OK and an echo to a repeated add.
    """
    SNAPSHOT_2_6 = "snapshot-2.6"
    """A snapshot of 2.6 without the list RPC whose exact generation is not known, or a server of
    2.4 or later that does not report its version. Requests that only some of these servers
    understand are not sent."""
    DUP_EXIST = "dup-exist"
    """Snapshots of 2.6 since June 2024. The server returns ERR_DUP_EXIST to a repeated add if the
    state of the existing duplication allows it."""
    # End of Generation


class RemoteClusterState(_Text):
    # Generated from src/enums.rs: RemoteClusterState
    """Whether a cluster accepts a remote cluster as the target of duplications."""

    CONFIGURED = "configured"
    """The configuration of the leader has the id and the meta servers of the remote cluster. The
    other servers have configurations of their own, and this does not say that the remote cluster
    can be reached."""
    NOT_CONFIGURED = "not_configured"
    """The configuration of the leader lacks the id or the meta servers of the remote cluster. The
    hint of the server says which."""
    OWN_CLUSTER = "own_cluster"
    """The name is that of the cluster itself."""
    # End of RemoteClusterState


class Role(_Text):
    # Generated from src/enums.rs: Role
    """The role that a meta server has at the moment."""

    LEADER = "leader"
    """The server is the leader."""
    FOLLOWER = "follower"
    """The server is a follower."""
    NOT_READY = "not_ready"
    """The server responds, but it has not started yet or is recovering."""
    UNREACHABLE = "unreachable"
    """No connection can be opened, or the name of the server has no address."""
    NO_ANSWER = "no_answer"
    """The server accepts the connection but sends no complete response."""
    NO_META_SERVER = "no_meta_server"
    """The program that responds at the address is not a meta server."""
    # End of Role


class KnownBy(_Text):
    # Generated from src/enums.rs: KnownBy
    """The reason why the generation of a server is known."""

    LIST_RPC = "list_rpc"
    """The server handles ``RPC_CM_LIST_DUPLICATION``, which proves the generation ``dup-exist``."""
    NO_REPLICA_COUNT_RPC = "no_replica_count_rpc"
    """The server lacks ``RPC_CM_GET_MAX_REPLICA_COUNT``, which proves the generation ``freezed``.
    """
    VERSION = "version"
    """The server handles ``RPC_CM_GET_MAX_REPLICA_COUNT`` but not ``RPC_CM_LIST_DUPLICATION``, and
    ``GET /version`` returns its version."""
    NO_VERSION = "no_version"
    """The server handles ``RPC_CM_GET_MAX_REPLICA_COUNT`` but not ``RPC_CM_LIST_DUPLICATION``, and
    it does not report its version. The client then assumes the generation that is safe for all such
    servers."""
    STATED = "stated"
    """The caller stated the generation, and nothing that the client found out contradicts the
    statement."""
    # End of KnownBy


class EntryKind(_Text):
    # Generated from src/enums.rs: EntryKind
    """The kind of an entry in the history of a call."""

    STEP = "step"
    """A step that the call was about to take."""
    REQUEST = "request"
    """A request to a server, and the response to it or the reason why there is none."""
    LATE_RESPONSE = "late_response"
    """A response that arrived after the client had stopped waiting for it, and that still counts.
    """
    VERSION = "version"
    """A look-up of the version of a server by HTTP."""
    SERVER = "server"
    """What the search for the leader has found out about a server."""
    CONCLUSION = "conclusion"
    """The result of the call."""
    # End of EntryKind


class Verdict(_Text):
    # Generated from src/enums.rs: Verdict
    """What a plan says of a duplication."""

    CREATE = "create"
    """The duplication does not exist and can be created."""
    AS_WANTED = "as_wanted"
    """The duplication exists, and no difference from the declaration was found."""
    DIFFERS = "differs"
    """The duplication exists and differs from the declaration."""
    NOT_COMPARABLE = "not_comparable"
    """The duplication exists, and a declared property cannot be compared."""
    REFUSED = "refused"
    """The duplication does not exist and cannot be created."""
    UNMANAGED = "unmanaged"
    """The duplication exists and is not declared."""
    # End of Verdict


class PlanStep(_Text):
    # Generated from src/enums.rs: PlanStep
    """What it takes to bring a duplication into the declared state."""

    ADD = "add"
    """Adds the duplication."""
    START = "start"
    """Starts the duplication."""
    PAUSE = "pause"
    """Pauses the duplication."""
    SET_FAIL_MODE = "set_fail_mode"
    """Sets the fail mode of the duplication."""
    REMOVE = "remove"
    """Removes the duplication."""
    RECREATE = "recreate"
    """Removes the duplication and adds it again. No program takes this step by itself, because the
    remote table would lack writes."""
    # End of PlanStep


class ItemResult(_Text):
    # Generated from src/enums.rs: ItemResult
    """What an apply did with a duplication."""

    CREATED = "created"
    """The duplication was created."""
    CHANGED = "changed"
    """The duplication was started or paused, or its fail mode was set."""
    REMOVED = "removed"
    """The duplication was removed."""
    UNCHANGED = "unchanged"
    """The duplication was as wanted already, and nothing was sent."""
    DIFFERS = "differs"
    """The duplication differs from the declaration and was left as it is."""
    STALE = "stale"
    """The duplication has changed since the plan was made, and nothing was sent."""
    FAILED = "failed"
    """A request failed or was refused. The error says what was done."""
    UNKNOWN = "unknown"
    """A request was sent, and its effect is not known."""
    NOT_TRIED = "not_tried"
    """Nothing was tried, because the apply ended before."""
    # End of ItemResult


class ErrorKind(_Text):
    # Generated from src/enums.rs: ErrorKind
    """The kind of an error.

    Each kind calls for another reaction.
    """

    TABLE_NOT_FOUND = "table_not_found"
    """The table does not exist or is not available. Check its name."""
    DUPLICATION_NOT_FOUND = "duplication_not_found"
    """The table has no such duplication."""
    REMOTE_CLUSTER_NOT_CONFIGURED = "remote_cluster_not_configured"
    """The configuration of the meta servers lacks the id or the addresses of the remote cluster."""
    REMOTE_TABLE_TAKEN = "remote_table_taken"
    """Another table is already duplicated to the same table of the same remote cluster."""
    WRONG_STATE = "wrong_state"
    """The existing table or duplication is in a state that does not allow the request."""
    INVALID_ARGUMENT = "invalid_argument"
    """The request is invalid. Correct the request."""
    UNSUPPORTED = "unsupported"
    """The server cannot do what the request says. The server would ignore or misread the request,
    or could crash because of it, or the feature is switched off on the server. The request was not
    sent, or the server refused it."""
    PERMISSION_DENIED = "permission_denied"
    """The access control of the server refused the request."""
    BUSY = "busy"
    """Another change of the same resource is in progress. Try again later."""
    UNAVAILABLE = "unavailable"
    """No meta server could take the request, and nothing was done. No meta server could be reached,
    no meta server is ready, duplication is switched off on the server, or this machine has no
    thread or file descriptor left for a connection. The hint says which."""
    TIMEOUT = "timeout"
    """The timeout expired. Nothing was sent, or the request provably had no effect."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """A request was sent, and its effect is not known. The message says what is known, and the hint
    says how to find out more."""
    PROTOCOL = "protocol"
    """The response is not one that a meta server sends."""
    # End of ErrorKind
