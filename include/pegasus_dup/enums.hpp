/* The enumerations of the C++ header. */
#ifndef PEGASUS_DUP_ENUMS_HPP
#define PEGASUS_DUP_ENUMS_HPP

#include <cstdint>
#include <string_view>

#include "../pegasus_dup.h"

namespace pegasus_dup {

/* A value of these enums may be a number that has no name here, because a newer library may know more
   values. */

/* Generated from src/enums.rs: enums */
/// The reason why the outcome of an add, a create or a removal is known.
enum class evidence : std::int32_t {
    /// Certain. The response of the server shows the outcome. For an add of a duplication, a server
    /// that is proven to be of the generation `dup-exist` returned ERR_OK, or any server returned
    /// ERR_DUP_EXIST. For a create of a table, any server returned ERR_OK with a new table id, or
    /// ERR_APP_EXIST.
    server_said_so = PEGASUS_DUP_SERVER_SAID_SO,
    /// Certain. The resource was listed before the request, and nothing was sent.
    listed_before = PEGASUS_DUP_LISTED_BEFORE,
    /// Certain. The resource that is listed after the request cannot be the one that this call
    /// requested.
    listed_after = PEGASUS_DUP_LISTED_AFTER,
    /// Not certain. The requested effect was absent before the call, and is present afterwards, as
    /// far as it can be compared with the request. Either this call or a concurrent call caused it.
    appeared_during_call = PEGASUS_DUP_APPEARED_DURING_CALL,
    /// Certain. The table that is listed after the request has the random value that this call
    /// wrote into its settings to prove that it created the table.
    proof_listed = PEGASUS_DUP_PROOF_LISTED,
};

/// The kind of an error. Each kind calls for another reaction.
enum class error_kind : std::int32_t {
    /// The table does not exist or is not available. Check its name.
    table_not_found = PEGASUS_DUP_ERROR_TABLE_NOT_FOUND,
    /// The table has no such duplication.
    duplication_not_found = PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND,
    /// The configuration of the meta servers lacks the id or the addresses of the remote cluster.
    remote_cluster_not_configured = PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED,
    /// Another table is already duplicated to the same table of the same remote cluster.
    remote_table_taken = PEGASUS_DUP_ERROR_REMOTE_TABLE_TAKEN,
    /// The existing table or duplication is in a state that does not allow the request.
    wrong_state = PEGASUS_DUP_ERROR_WRONG_STATE,
    /// The request is invalid. Correct the request.
    invalid_argument = PEGASUS_DUP_ERROR_INVALID_ARGUMENT,
    /// The server cannot do what the request says. The server would ignore or misread the request,
    /// or could crash because of it, or the feature is switched off on the server. The request was
    /// not sent, or the server refused it.
    unsupported = PEGASUS_DUP_ERROR_UNSUPPORTED,
    /// The access control of the server refused the request.
    permission_denied = PEGASUS_DUP_ERROR_PERMISSION_DENIED,
    /// Another change of the same resource is in progress. Try again later.
    busy = PEGASUS_DUP_ERROR_BUSY,
    /// No meta server could take the request, and nothing was done. No meta server could be
    /// reached, no meta server is ready, duplication is switched off on the server, or this machine
    /// has no thread or file descriptor left for a connection. The hint says which.
    unavailable = PEGASUS_DUP_ERROR_UNAVAILABLE,
    /// The timeout expired. Nothing was sent, or the request provably had no effect.
    timeout = PEGASUS_DUP_ERROR_TIMEOUT,
    /// A request was sent, and its effect is not known. The message says what is known, and the
    /// hint says how to find out more.
    outcome_unknown = PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN,
    /// The response is not one that a meta server sends.
    protocol = PEGASUS_DUP_ERROR_PROTOCOL,
};

/// The status of a duplication. The status does not say whether writes reach the remote cluster.
enum class status : std::int32_t {
    /// The server shows the duplication but has not stored it yet. If the server crashes now, the
    /// duplication is lost.
    init = PEGASUS_DUP_STATUS_INIT,
    /// The checkpoint is being created. Servers of version 2.4 and later have this status.
    prepare = PEGASUS_DUP_STATUS_PREPARE,
    /// The remote table is loading the checkpoint. Servers of version 2.4 and later have this
    /// status.
    app = PEGASUS_DUP_STATUS_APP,
    /// Writes are being shipped. Servers of version 2.4 and later have this status.
    log = PEGASUS_DUP_STATUS_LOG,
    /// The duplication is paused. Writes accumulate until it is started.
    pause = PEGASUS_DUP_STATUS_PAUSE,
    /// The duplication is being removed. It is still listed and will disappear.
    removed = PEGASUS_DUP_STATUS_REMOVED,
    /// Writes are being shipped. Servers of version 2.3 and earlier have this status.
    start = PEGASUS_DUP_STATUS_START,
    /// A number that has no name in the generation of the server.
    unnamed = PEGASUS_DUP_UNNAMED,
};

/// What a duplication does with a write that the remote cluster does not accept.
enum class fail_mode : std::int32_t {
    /// Retries the write until the remote cluster accepts it. This is the default.
    slow = PEGASUS_DUP_FAIL_SLOW,
    /// Skips the write. The remote table then lacks it.
    skip = PEGASUS_DUP_FAIL_SKIP,
    /// Terminates the replica server.
    fast = PEGASUS_DUP_FAIL_FAST,
    /// A number that has no name. It is never sent.
    unnamed = PEGASUS_DUP_UNNAMED,
};

/// A generation of Pegasus meta servers. Servers of one generation treat duplication requests
/// alike.
enum class generation : std::int32_t {
    /// Versions 1.12 to 2.3. Field 3 of an add says whether the duplication is created paused. A
    /// repeated add starts or pauses the existing duplication.
    freezed = PEGASUS_DUP_GENERATION_FREEZED,
    /// Versions 2.4 and 2.5. The server ignores a requested remote table and replica count, and
    /// returns ERR_OK to a repeated add.
    checkpoint = PEGASUS_DUP_GENERATION_CHECKPOINT,
    /// Snapshots of 2.6 before June 2024. The server returns ERR_OK and an echo to a repeated add.
    remote_name = PEGASUS_DUP_GENERATION_REMOTE_NAME,
    /// A snapshot of 2.6 without the list RPC whose exact generation is not known, or a server of
    /// 2.4 or later that does not report its version. Requests that only some of these servers
    /// understand are not sent.
    snapshot_2_6 = PEGASUS_DUP_GENERATION_SNAPSHOT_2_6,
    /// Snapshots of 2.6 since June 2024. The server returns ERR_DUP_EXIST to a repeated add if the
    /// state of the existing duplication allows it.
    dup_exist = PEGASUS_DUP_GENERATION_DUP_EXIST,
};

/// The way in which an add is done.
enum class mode : std::int32_t {
    /// Looks for the duplication first, sends the add only if the duplication does not exist, and
    /// looks for it again afterwards. This is the default.
    safe = PEGASUS_DUP_MODE_SAFE,
    /// Sends the add without looking for the duplication first, which saves a round trip. The
    /// server must be proven to be of the generation `dup-exist`; otherwise the call fails with
    /// `unsupported`. If the duplication exists, the add may resume it, move it from DS_APP to
    /// DS_LOG, and reset its fail mode to FAIL_SLOW, until the meta server restarts. The outcome
    /// then has a warning that says so. If the response is lost, a duplication that is listed may
    /// have existed before, and the call fails with `outcome_unknown`.
    direct = PEGASUS_DUP_MODE_DIRECT,
};

/// The rule by which a list selects tables.
enum class tables : std::int32_t {
    /// Selects all tables.
    all = PEGASUS_DUP_TABLES_ALL,
    /// Selects the table that has the text as its name.
    exact = PEGASUS_DUP_TABLES_EXACT,
    /// Selects the tables whose name contains the text.
    anywhere = PEGASUS_DUP_TABLES_ANYWHERE,
    /// Selects the tables whose name starts with the text.
    prefix = PEGASUS_DUP_TABLES_PREFIX,
    /// Selects the tables whose name ends with the text.
    postfix = PEGASUS_DUP_TABLES_POSTFIX,
};

/// The type of a field's value.
enum class value_type : std::int32_t {
    /// There is no value.
    absent = PEGASUS_DUP_VALUE_ABSENT,
    /// Yes or no.
    boolean = PEGASUS_DUP_VALUE_BOOLEAN,
    /// A number.
    number = PEGASUS_DUP_VALUE_NUMBER,
    /// Text.
    text = PEGASUS_DUP_VALUE_TEXT,
    /// A list of values.
    list = PEGASUS_DUP_VALUE_LIST,
    /// Values with names.
    map = PEGASUS_DUP_VALUE_MAP,
};

/// The importance of a log message. A lower number is more important.
enum class log_level : std::int32_t {
    /// Something failed that should not fail.
    error = PEGASUS_DUP_LOG_ERROR,
    /// A person should know of the event.
    warn = PEGASUS_DUP_LOG_WARN,
    /// The message describes what the library does.
    info = PEGASUS_DUP_LOG_INFO,
    /// The message describes in detail how the library does its work.
    debug = PEGASUS_DUP_LOG_DEBUG,
    /// The message describes everything that the library does.
    trace = PEGASUS_DUP_LOG_TRACE,
};
/* End of enums */

/// Returns the name of an error kind, such as "outcome_unknown".
inline std::string_view to_string(error_kind kind) noexcept {
    return pegasus_dup_error_kind_name(static_cast<std::int32_t>(kind));
}

/// Returns the name of an evidence, such as "server_said_so".
inline std::string_view to_string(evidence how) noexcept {
    return pegasus_dup_evidence_name(static_cast<std::int32_t>(how));
}

} // namespace pegasus_dup

#endif
