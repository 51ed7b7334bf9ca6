/*
 * pegasus-dup for C++17: adds Apache Pegasus duplications. An add ends in one of three outcomes:
 * created, already_exists or error.
 *
 * This header wraps the C functions of pegasus_dup.h and needs no other library. Errors are returned
 * as values. Only two things throw an exception: pegasus_dup::or_throw, which throws an error on
 * request and does not exist with -fno-exceptions, and the standard library if it is out of memory
 * (std::bad_alloc). The result of a call holds copies of all its data, so it does not depend on the
 * client.
 */
#ifndef PEGASUS_DUP_HPP
#define PEGASUS_DUP_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

#include "pegasus_dup.h"

namespace pegasus_dup {

/* A value of these enums may be a number that has no name here, because a newer library may know more
   values. */

/* Generated from src/enums.rs: enums */
/// The reason why the outcome of an add, a create or a removal is known.
enum class evidence : std::int32_t {
    /// Certain. The response of the server shows the outcome. For an add of a duplication, a server
    /// that is proven to be of the generation `dup-exist` returned ERR_OK, or any server returned
    /// ERR_DUP_EXIST.
    server_said_so = PEGASUS_DUP_SERVER_SAID_SO,
    /// Certain. The resource was listed before the request, and nothing was sent.
    listed_before = PEGASUS_DUP_LISTED_BEFORE,
    /// Certain. The resource that is listed after the request cannot be the one that this call
    /// requested.
    listed_after = PEGASUS_DUP_LISTED_AFTER,
    /// Not certain. The requested effect was absent before the call, and is present afterwards, as
    /// far as it can be compared with the request. Either this call or a concurrent call caused it.
    appeared_during_call = PEGASUS_DUP_APPEARED_DURING_CALL,
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
    /// The server would ignore or misread the request, or could crash because of it, or the feature
    /// is switched off on the server. The request was not sent, or the server refused it.
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

/// The progress of one partition, in decrees. A decree that is not known yet is absent.
struct partition {
    /// The index of the partition in the table.
    std::int32_t index = 0;
    /// The last decree that the remote cluster confirmed.
    std::optional<std::int64_t> confirmed_decree;
    /// The last decree that is committed in this cluster.
    std::optional<std::int64_t> last_committed_decree;
};

/// A duplication. A value that the server did not report is absent.
struct duplication {
    /// The table whose writes are shipped.
    std::string table;
    /// The id of the table in this cluster.
    std::int32_t table_id = 0;
    /// The name of the remote cluster.
    std::string cluster;
    /// The id of the duplication within the table. The server may reuse the id after a removal.
    std::int32_t dupid = 0;
    std::optional<pegasus_dup::status> status;
    /// The name of the status in Pegasus, such as "DS_LOG".
    std::optional<std::string> status_name;
    std::optional<pegasus_dup::fail_mode> fail_mode;
    /// The name of the fail mode in Pegasus, such as "FAIL_SLOW".
    std::optional<std::string> fail_mode_name;
    /// The name of the table in the remote cluster. Only snapshots of 2.6 report it.
    std::optional<std::string> remote_table;
    /// The replica count of the remote table. Only snapshots of 2.6 report it.
    std::optional<std::int32_t> remote_replica_count;
    /// The creation time in milliseconds since 1970, by the server's clock.
    std::optional<std::int64_t> create_ts_ms;
    /// The progress of each partition. Only newer snapshots of 2.6 report it.
    std::vector<partition> partitions;
};

/// A resource of any kind. Later versions of the library may add kinds.
using resource = std::variant<duplication>;

/// The value of a field, with its type.
struct field_value {
    value_type type = value_type::absent;
    /// The value as text, whatever its type is. Empty if the value is absent.
    std::string text;
    /// The number, or 1 or 0 for a boolean.
    std::int64_t number = 0;
    /// The values of a list or a map.
    std::vector<field_value> values;
    /// The names of the values of a map, in the same order.
    std::vector<std::string> keys;
};

/// A field in which the existing resource differs from the request.
struct difference {
    std::string field;
    field_value asked;
    field_value existing;
};

/// The resource did not exist before the call, and exists now.
template <class Resource> struct basic_created {
    Resource value;
    pegasus_dup::evidence evidence{};
    bool certain = false;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The properties that were requested and could not be compared, because the server does not
    /// report them: "checkpoint", "remote_table" or "remote_replica_count". Empty if the outcome is
    /// certain.
    std::vector<std::string> unverified{};
};
using created = basic_created<duplication>;

/// The resource existed before the call, which created nothing. The resource is as requested if there
/// is neither a difference nor an unverified property.
template <class Resource> struct basic_already_exists {
    Resource existing;
    std::vector<difference> differences;
    pegasus_dup::evidence evidence{};
    bool certain = false;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The properties that were requested and could not be compared, as in `created`.
    std::vector<std::string> unverified{};
};
using already_exists = basic_already_exists<duplication>;

/// The call changed the resource.
template <class Resource> struct basic_changed {
    Resource before;
    Resource after;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

using changed = basic_changed<duplication>;

/// The resource was as requested already. The call changed nothing.
template <class Resource> struct basic_unchanged {
    Resource current;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};
using unchanged = basic_unchanged<duplication>;

/// The resource existed when the call began, and no longer exists.
template <class Resource> struct basic_removed {
    Resource was;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};
using removed = basic_removed<duplication>;

/// There was nothing to remove. No request was sent that changes anything.
struct not_found {
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

/// The result of a query or a list.
struct listed {
    std::vector<duplication> duplications;
    /// One JSON object for each duplication, each on a line, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

/// A table and its duplications. A table whose writes are not shipped has no duplications.
struct table_duplications {
    /// The name of the table.
    std::string table;
    /// The id of the table in this cluster.
    std::int32_t table_id = 0;
    /// The number of partitions of the table.
    std::optional<std::int32_t> partition_count;
    std::vector<duplication> duplications;
};

/// The result of a list by table.
struct listed_by_table {
    std::vector<table_duplications> tables;
    /// One JSON object for each table, each on a line, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

/// A description of one meta server.
struct server_info {
    /// The address as it was given, followed by the IP address if the host is a name.
    std::string server;
    /// The role: "leader", "follower", "not_ready", "unreachable", "no_answer" or "no_meta_server".
    /// Later versions may return other texts.
    std::string role;
    /// Further information in words, such as the reason why the server cannot be reached or the leader
    /// that a follower names.
    std::optional<std::string> detail;
};

/// A description of the meta servers of a cluster.
struct cluster_info {
    std::vector<server_info> servers;
    /// The address of the leader. Absent if no server is the leader.
    std::optional<std::string> leader;
    /// The version that the leader reports over HTTP.
    std::optional<std::string> version;
    /// The generation that the client uses for the leader.
    std::optional<pegasus_dup::generation> generation;
    /// The reason why the generation is known: "list_rpc", "no_replica_count_rpc", "version",
    /// "no_version" or "stated". Later versions may return other texts.
    std::optional<std::string> known_by;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

/// An error.
struct error {
    error_kind kind{};
    /// A description for people. Its text may change.
    std::string message;
    /// The explanation of the server as it was sent, or else advice what to do next.
    std::optional<std::string> hint;
    /// The Pegasus error code, such as "ERR_BUSY", if a server returned one.
    std::optional<std::string> code;
    /// The meta server that responded or was asked, as "HOST:PORT". If the host is a name, the address
    /// that was tried follows: "meta.example:34601 (10.0.0.1:34601)".
    std::optional<std::string> server;
    /// The resources that are known to exist: those that the request met or may have created.
    std::vector<resource> known;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
};

/// The outcome of an add.
using add_outcome = std::variant<created, already_exists, error>;
/// The outcome of a start, a pause, or a change of the fail mode.
using change_outcome = std::variant<changed, unchanged, error>;
/// The outcome of a removal.
using remove_outcome = std::variant<removed, not_found, error>;
/// The outcome of a query or a list.
using list_outcome = std::variant<listed, error>;
/// The outcome of client::info.
using info_outcome = std::variant<cluster_info, error>;
/// The outcome of a list by table.
using list_by_table_outcome = std::variant<listed_by_table, error>;

/// The duplication that an add requests.
struct add_spec {
    /// The table whose writes are to be shipped.
    std::string_view table;
    /// The remote cluster, by the name that it has in the configuration of the meta servers.
    std::string_view cluster;
    /// The name of the table in the remote cluster. If it is absent, the table has the same name there.
    std::optional<std::string_view> remote_table{};
    /// The replica count of the remote table. 0 stands for the replica count of the table in this
    /// cluster. The type has more than the 32 bits of the protocol, so that a program may pass a number
    /// of its own type. A number that does not fit is refused.
    std::int64_t remote_replica_count = 0;
    /// Whether the data that the table already holds is shipped too.
    bool checkpoint = false;
};

/// Selects one duplication of a table, either by its dupid (of any integer type) or by its remote cluster.
class selector {
public:
    template <class Integer,
              std::enable_if_t<std::is_integral_v<Integer> && !std::is_same_v<Integer, bool> &&
                                   !std::is_same_v<Integer, char>,
                               int> = 0>
    selector(Integer dupid) : which_(static_cast<std::int64_t>(dupid)) {}
    selector(std::string_view cluster) : which_(cluster) {}
    selector(const std::string &cluster) : which_(std::string_view(cluster)) {}
    selector(const char *cluster) : which_(std::string_view(cluster)) {}
    selector(std::nullptr_t) = delete;

private:
    friend class client;
    std::variant<std::int64_t, std::string_view> which_;
};

/// The options of a client. An absent option has its default value.
struct options {
    /// The timeout of each call. The default is 10 seconds.
    std::optional<std::chrono::milliseconds> timeout{};
    /// States the generation of the meta servers. Only one case needs a statement: an add with another
    /// remote table or replica count, on a 2.6 snapshot that has no list RPC. If the server contradicts
    /// the statement, every call fails with invalid_argument. pegasus_dup_options_set_generation
    /// describes the remaining risk.
    std::optional<pegasus_dup::generation> generation{};
    /// The way in which adds are done.
    pegasus_dup::mode mode = pegasus_dup::mode::safe;
};

#if defined(__cpp_exceptions)
/// The exception that or_throw throws.
class exception : public std::runtime_error {
public:
    explicit exception(pegasus_dup::error why)
        : std::runtime_error(why.hint ? why.message + ": " + *why.hint : why.message),
          error_(std::make_shared<pegasus_dup::error>(std::move(why))) {}
    const pegasus_dup::error &error() const noexcept { return *error_; }

private:
    /* The error is shared, so that copying the exception cannot throw. */
    std::shared_ptr<const pegasus_dup::error> error_;
};

/// Throws the error if the outcome is an error. Returns every other outcome unchanged.
template <class Outcome> Outcome or_throw(Outcome outcome) {
    if (auto *why = std::get_if<error>(&outcome)) {
        throw exception(std::move(*why));
    }
    return outcome;
}
#endif

/* Converts the C handles to the types above. Programs must not use this namespace. */
namespace detail {

struct deleter {
    void operator()(pegasus_dup_client *handle) const noexcept { pegasus_dup_client_free(handle); }
    void operator()(pegasus_dup_options *handle) const noexcept { pegasus_dup_options_free(handle); }
    void operator()(pegasus_dup_outcome *handle) const noexcept { pegasus_dup_outcome_free(handle); }
    void operator()(pegasus_dup_request *handle) const noexcept { pegasus_dup_request_free(handle); }
    void operator()(pegasus_dup_operation *handle) const noexcept {
        pegasus_dup_operation_free(handle);
    }
};
template <class T> using owned = std::unique_ptr<T, deleter>;

inline std::optional<std::string> text(const char *text) {
    return text == nullptr ? std::nullopt : std::make_optional<std::string>(text);
}

template <class T, class N> std::optional<T> optional_of(N number) {
    return number == PEGASUS_DUP_NONE ? std::nullopt
                                          : std::make_optional(static_cast<T>(number));
}

inline duplication copy(const pegasus_dup_duplication *from) {
    duplication to;
    to.table = text(pegasus_dup_duplication_table(from)).value_or("");
    to.table_id = pegasus_dup_duplication_table_id(from);
    to.cluster = text(pegasus_dup_duplication_cluster(from)).value_or("");
    to.dupid = pegasus_dup_duplication_dupid(from);
    to.status = optional_of<status>(pegasus_dup_duplication_status(from));
    to.status_name = text(pegasus_dup_duplication_status_name(from));
    to.fail_mode = optional_of<fail_mode>(pegasus_dup_duplication_fail_mode(from));
    to.fail_mode_name = text(pegasus_dup_duplication_fail_mode_name(from));
    to.remote_table = text(pegasus_dup_duplication_remote_table(from));
    to.remote_replica_count =
        optional_of<std::int32_t>(pegasus_dup_duplication_remote_replica_count(from));
    to.create_ts_ms = optional_of<std::int64_t>(pegasus_dup_duplication_create_ts_ms(from));
    for (std::size_t i = 0; i < pegasus_dup_duplication_partition_count(from); ++i) {
        std::int32_t index = 0;
        std::int64_t confirmed = 0, committed = 0;
        pegasus_dup_duplication_partition_at(from, i, &index, &confirmed, &committed);
        to.partitions.push_back(
            {index, optional_of<std::int64_t>(confirmed), optional_of<std::int64_t>(committed)});
    }
    return to;
}

inline std::vector<duplication> copy_all(const pegasus_dup_outcome *outcome) {
    std::vector<duplication> all;
    for (std::size_t i = 0; i < pegasus_dup_outcome_duplication_count(outcome); ++i) {
        all.push_back(copy(pegasus_dup_outcome_duplication_at(outcome, i)));
    }
    return all;
}

inline error to_error(const pegasus_dup_outcome *outcome) {
    error why;
    why.kind = static_cast<error_kind>(pegasus_dup_outcome_error_kind(outcome));
    why.message = text(pegasus_dup_outcome_error_message(outcome)).value_or("no error");
    why.hint = text(pegasus_dup_outcome_error_hint(outcome));
    why.code = text(pegasus_dup_outcome_error_code(outcome));
    why.server = text(pegasus_dup_outcome_error_server(outcome));
    for (auto &known : copy_all(outcome)) {
        why.known.emplace_back(std::move(known));
    }
    why.json = text(pegasus_dup_outcome_json(outcome)).value_or("");
    return why;
}

/* Returns the error for a status other than PEGASUS_DUP_OK. */
inline error to_error(std::int32_t refused) {
    pegasus_dup_outcome *made = nullptr;
    if (pegasus_dup_outcome_of_status(refused, &made) != PEGASUS_DUP_OK) {
        error why;
        why.kind = error_kind::protocol;
        why.message = "the library returned a status that this header does not know: " + std::to_string(refused);
        return why;
    }
    return to_error(owned<pegasus_dup_outcome>(made).get());
}

inline error unexpected(std::int32_t kind) {
    error why;
    why.kind = error_kind::protocol;
    why.message = std::string("the library returned an outcome that this header does not know: ") +
                  pegasus_dup_kind_name(kind);
    return why;
}

inline std::vector<std::string> unverified(const pegasus_dup_outcome *from) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < pegasus_dup_outcome_unverified_count(from); ++i) {
        names.push_back(text(pegasus_dup_outcome_unverified_at(from, i)).value_or(""));
    }
    return names;
}

inline field_value copy(const pegasus_dup_value *from) {
    field_value to;
    to.type = static_cast<value_type>(pegasus_dup_value_type(from));
    to.text = text(pegasus_dup_value_text(from)).value_or("");
    /* Fails, and leaves 0, for a value that is not a number. */
    pegasus_dup_value_number(from, &to.number);
    for (std::size_t i = 0; i < pegasus_dup_value_count(from); ++i) {
        to.values.push_back(copy(pegasus_dup_value_at(from, i)));
        if (const auto key = text(pegasus_dup_value_key_at(from, i))) {
            to.keys.push_back(*key);
        }
    }
    return to;
}

inline void convert(const pegasus_dup_outcome *from, add_outcome &to) {
    const auto how = static_cast<evidence>(pegasus_dup_outcome_evidence(from));
    const bool certain = pegasus_dup_outcome_certain(from) != 0;
    auto warning = text(pegasus_dup_outcome_warning(from));
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_CREATED:
        to = created{copy(pegasus_dup_outcome_duplication(from)), how, certain, std::move(warning), {},
                     unverified(from)};
        break;
    case PEGASUS_DUP_ALREADY_EXISTS: {
        std::vector<difference> differences;
        for (std::size_t i = 0; i < pegasus_dup_outcome_difference_count(from); ++i) {
            differences.push_back(
                {text(pegasus_dup_outcome_difference_field(from, i)).value_or(""),
                 copy(pegasus_dup_outcome_difference_asked_value(from, i)),
                 copy(pegasus_dup_outcome_difference_existing_value(from, i))});
        }
        to = already_exists{copy(pegasus_dup_outcome_duplication(from)), std::move(differences), how,
                            certain, std::move(warning), {}, unverified(from)};
        break;
    }
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

inline void convert(const pegasus_dup_outcome *from, change_outcome &to) {
    auto warning = text(pegasus_dup_outcome_warning(from));
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_CHANGED:
        to = changed{copy(pegasus_dup_outcome_duplication_before(from)),
                     copy(pegasus_dup_outcome_duplication(from)), std::move(warning)};
        break;
    case PEGASUS_DUP_UNCHANGED:
        to = unchanged{copy(pegasus_dup_outcome_duplication(from)), std::move(warning)};
        break;
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

inline void convert(const pegasus_dup_outcome *from, remove_outcome &to) {
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_REMOVED:
        to = removed{copy(pegasus_dup_outcome_duplication(from)),
                     text(pegasus_dup_outcome_warning(from))};
        break;
    case PEGASUS_DUP_NOT_FOUND:
        to = not_found{};
        break;
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

inline void convert(const pegasus_dup_outcome *from, list_outcome &to) {
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_LISTED:
        to = listed{copy_all(from)};
        break;
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

inline void convert(const pegasus_dup_outcome *from, list_by_table_outcome &to) {
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_LISTED: {
        listed_by_table found;
        for (std::size_t i = 0; i < pegasus_dup_outcome_table_count(from); ++i) {
            table_duplications table;
            table.table = text(pegasus_dup_outcome_table_name(from, i)).value_or("");
            table.table_id = pegasus_dup_outcome_table_id(from, i);
            table.partition_count =
                optional_of<std::int32_t>(pegasus_dup_outcome_table_partition_count(from, i));
            for (std::size_t j = 0; j < pegasus_dup_outcome_table_duplication_count(from, i); ++j) {
                table.duplications.push_back(
                    copy(pegasus_dup_outcome_table_duplication_at(from, i, j)));
            }
            found.tables.push_back(std::move(table));
        }
        to = std::move(found);
        break;
    }
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

inline void convert(const pegasus_dup_outcome *from, info_outcome &to) {
    switch (const auto kind = pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_INFO: {
        cluster_info found;
        for (std::size_t i = 0; i < pegasus_dup_info_server_count(from); ++i) {
            found.servers.push_back({text(pegasus_dup_info_server(from, i)).value_or(""),
                                     text(pegasus_dup_info_server_role(from, i)).value_or(""),
                                     text(pegasus_dup_info_server_detail(from, i))});
        }
        found.leader = text(pegasus_dup_info_leader(from));
        found.version = text(pegasus_dup_info_version(from));
        const auto number = pegasus_dup_info_generation(from);
        if (number != PEGASUS_DUP_NONE) {
            found.generation = static_cast<generation>(number);
        }
        found.known_by = text(pegasus_dup_info_known_by(from));
        found.warning = text(pegasus_dup_outcome_warning(from));
        to = std::move(found);
        break;
    }
    case PEGASUS_DUP_ERROR:
        to = to_error(from);
        break;
    default:
        to = unexpected(kind);
    }
}

/* Converts an outcome together with its JSON. */
template <class Outcome> void convert_all(const pegasus_dup_outcome *from, Outcome &to) {
    convert(from, to);
    std::visit(
        [from](auto &became) { became.json = text(pegasus_dup_outcome_json(from)).value_or(""); },
        to);
}

/* Returns milliseconds for the C functions. A time that does not fit becomes the longest time that fits.
   A negative time stays negative, so that the library refuses it. */
inline std::int32_t milliseconds(std::chrono::milliseconds time) noexcept {
    return time.count() > INT32_MAX ? INT32_MAX
           : time.count() < 0      ? -1
                                   : static_cast<std::int32_t>(time.count());
}

/* A request that is being set up. It remembers the first refusal. */
struct request {
    explicit request(std::int32_t operation) {
        pegasus_dup_request *made = nullptr;
        refused = pegasus_dup_request_new(operation, &made);
        handle.reset(made);
    }
    template <class Setter, class... Arguments> void set(Setter setter, Arguments... arguments) {
        if (refused == PEGASUS_DUP_OK) {
            refused = setter(handle.get(), arguments...);
        }
    }
    /* Calls a setter that takes 32 bits. A number that does not fit is refused and never truncated. */
    template <class Setter> void set_number(Setter setter, std::int64_t number) {
        if (number < INT32_MIN || number > INT32_MAX) {
            refused = refused == PEGASUS_DUP_OK ? PEGASUS_DUP_BAD_ARGUMENT : refused;
        } else {
            set(setter, static_cast<std::int32_t>(number));
        }
    }
    owned<pegasus_dup_request> handle;
    std::int32_t refused;
};

/* The promise that the callback of a call in the background fulfils. */
template <class Outcome> struct promised {
    std::promise<Outcome> promise;
};
template <class Outcome> void fulfil(void *user_data, pegasus_dup_outcome *handle) noexcept {
    std::unique_ptr<promised<Outcome>> to(static_cast<promised<Outcome> *>(user_data));
    owned<pegasus_dup_outcome> from(handle);
    Outcome outcome{std::in_place_type<error>};
    convert_all(from.get(), outcome);
    to->promise.set_value(std::move(outcome));
}

/* The current log callback. */
struct log_slot {
    std::mutex lock;
    std::shared_ptr<const std::function<void(log_level, std::string_view)>> callback;

    static log_slot &instance() {
        /* The slot is never destroyed, because the threads of the library may log while the process
           ends. */
        static log_slot &slot = *new log_slot;
        return slot;
    }
};
inline void log_message(void *, std::int32_t level, const char *message) noexcept {
    auto &slot = log_slot::instance();
    std::unique_lock<std::mutex> locked(slot.lock);
    /* This keeps the callback alive, because the callback may replace itself. */
    const auto callback = slot.callback;
    locked.unlock();
    if (callback && *callback) {
        (*callback)(static_cast<log_level>(level), message);
    }
}

} // namespace detail

/// The type of a log callback. The message is valid until the callback returns.
using log_callback = std::function<void(log_level, std::string_view)>;

/// Sets the callback that receives the library's log messages, for the whole process. It replaces the
/// previous callback. An empty callback ends the log. Messages that are less important than `least` are
/// not forwarded.
///
/// The callback is called on any thread, and on several threads at once. It must not throw. A function
/// that waits for a server is refused in the callback. When set_log returns, the previous callback is
/// not running any more and is never called again, except if set_log is called in a callback. Two
/// threads must not call set_log at the same time.
inline std::optional<error> set_log(log_callback callback, log_level least = log_level::info) {
    auto &slot = detail::log_slot::instance();
    auto shared = callback ? std::make_shared<const log_callback>(std::move(callback)) : nullptr;
    const auto passed = shared ? detail::log_message : nullptr;
    {
        std::lock_guard<std::mutex> locked(slot.lock);
        /* The previous callback is destroyed after the lock is released, because its destructor may run
           any code. */
        slot.callback.swap(shared);
    }
    const auto refused = pegasus_dup_set_log(passed, static_cast<std::int32_t>(least), nullptr);
    if (refused != PEGASUS_DUP_OK) {
        std::lock_guard<std::mutex> locked(slot.lock);
        slot.callback.swap(shared);
        return detail::to_error(refused);
    }
    return std::nullopt;
}

/// Ends the log. When stop_log returns, the callback is not running any more and is destroyed. If it is
/// called in the callback, the callback is destroyed when it returns.
inline void stop_log() { set_log({}, log_level::error); }

/// A call in the background. Destroying an operation neither cancels the call nor waits for it.
template <class Outcome> class operation {
public:
    /// Returns the future of the outcome. As with every std::future, the outcome can be taken once.
    std::future<Outcome> &result() noexcept { return result_; }
    /// Waits for the outcome of the call and returns it. The outcome can be taken once.
    Outcome get() { return result_.get(); }
    /// Cancels the call, without waiting. A finished call is not affected. If nothing was sent that
    /// changes anything, the outcome is the error timeout. Otherwise it is the error outcome_unknown.
    void cancel() noexcept {
        if (handle_) {
            pegasus_dup_operation_cancel(handle_.get());
        }
    }
    /// Cancels the call, and waits until it is finished.
    void stop() noexcept {
        if (handle_) {
            pegasus_dup_operation_stop(handle_.get());
        }
    }

private:
    friend class client;
    detail::owned<pegasus_dup_operation> handle_;
    std::future<Outcome> result_;
};

/// A client of the meta servers of one cluster. Any number of threads may use a client at the same time.
/// A client can be moved; a client that was moved from must not be used.
class client {
public:
    /// Creates a client. The client does not connect to a server yet. `metas` lists the meta servers as
    /// "HOST:PORT", separated by commas.
    static std::variant<client, error> make(const std::string &metas, const options &how = {}) {
        pegasus_dup_options *made_options = nullptr;
        std::int32_t refused = pegasus_dup_options_new(&made_options);
        detail::owned<pegasus_dup_options> set(made_options);
        if (refused == PEGASUS_DUP_OK && how.timeout) {
            refused =
                pegasus_dup_options_set_timeout_ms(set.get(), detail::milliseconds(*how.timeout));
        }
        if (refused == PEGASUS_DUP_OK && how.generation) {
            refused = pegasus_dup_options_set_generation(
                set.get(), static_cast<std::int32_t>(*how.generation));
        }
        if (refused == PEGASUS_DUP_OK) {
            refused =
                pegasus_dup_options_set_mode(set.get(), static_cast<std::int32_t>(how.mode));
        }
        if (refused != PEGASUS_DUP_OK) {
            return detail::to_error(refused);
        }
        pegasus_dup_client *made = nullptr;
        pegasus_dup_outcome *said = nullptr;
        refused = pegasus_dup_client_new(metas.c_str(), set.get(), &made, &said);
        detail::owned<pegasus_dup_outcome> why(said);
        if (refused != PEGASUS_DUP_OK) {
            return why ? detail::to_error(why.get()) : detail::to_error(refused);
        }
        return client(made);
    }

    /* The timeout of a call is `timeout`, or the timeout of the client if `timeout` is 0. */

    /// Adds a duplication.
    add_outcome add(const add_spec &spec, std::chrono::milliseconds timeout = {}) const {
        return call<add_outcome>(request_of(spec), timeout);
    }
    /// Returns the duplications of one table.
    list_outcome query(std::string_view table, std::chrono::milliseconds timeout = {}) const {
        return call<list_outcome>(request_of(table), timeout);
    }
    /// Returns the duplications of several tables.
    list_outcome list(tables which = tables::all, std::string_view text = {},
                      std::chrono::milliseconds timeout = {}) const {
        return call<list_outcome>(request_of(PEGASUS_DUP_OPERATION_LIST, which, text), timeout);
    }
    /// Returns the duplications of several tables, grouped by table. Tables without a duplication are
    /// included, and the number of partitions of each table is reported.
    list_by_table_outcome list_by_table(tables which = tables::all, std::string_view text = {},
                                        std::chrono::milliseconds timeout = {}) const {
        return call<list_by_table_outcome>(
            request_of(PEGASUS_DUP_OPERATION_LIST_BY_TABLE, which, text), timeout);
    }
    /// Starts a paused duplication.
    change_outcome start(std::string_view table, const selector &which,
                         std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(request_of(PEGASUS_DUP_OPERATION_START, table, which), timeout);
    }
    /// Pauses a duplication.
    change_outcome pause(std::string_view table, const selector &which,
                         std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(request_of(PEGASUS_DUP_OPERATION_PAUSE, table, which), timeout);
    }
    /// Removes a duplication.
    remove_outcome remove(std::string_view table, const selector &which,
                          std::chrono::milliseconds timeout = {}) const {
        return call<remove_outcome>(request_of(PEGASUS_DUP_OPERATION_REMOVE, table, which),
                                    timeout);
    }
    /// Sets the fail mode of a duplication.
    change_outcome set_fail_mode(std::string_view table, const selector &which, fail_mode mode,
                                 std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(request_of(table, which, mode), timeout);
    }

    /// Describes the meta servers: which of them can be reached, which of them is the leader, and the
    /// version and the generation of the leader.
    info_outcome info(std::chrono::milliseconds timeout = {}) const {
        return call<info_outcome>(detail::request(PEGASUS_DUP_OPERATION_INFO), timeout);
    }

    /* These functions start the same calls in the background. */

    operation<add_outcome> add_async(const add_spec &spec,
                                     std::chrono::milliseconds timeout = {}) const {
        return submit<add_outcome>(request_of(spec), timeout);
    }
    operation<list_outcome> query_async(std::string_view table,
                                        std::chrono::milliseconds timeout = {}) const {
        return submit<list_outcome>(request_of(table), timeout);
    }
    operation<list_outcome> list_async(tables which = tables::all, std::string_view text = {},
                                       std::chrono::milliseconds timeout = {}) const {
        return submit<list_outcome>(request_of(PEGASUS_DUP_OPERATION_LIST, which, text), timeout);
    }
    operation<list_by_table_outcome> list_by_table_async(
        tables which = tables::all, std::string_view text = {},
        std::chrono::milliseconds timeout = {}) const {
        return submit<list_by_table_outcome>(
            request_of(PEGASUS_DUP_OPERATION_LIST_BY_TABLE, which, text), timeout);
    }
    operation<change_outcome> start_async(std::string_view table, const selector &which,
                                          std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(request_of(PEGASUS_DUP_OPERATION_START, table, which),
                                      timeout);
    }
    operation<change_outcome> pause_async(std::string_view table, const selector &which,
                                          std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(request_of(PEGASUS_DUP_OPERATION_PAUSE, table, which),
                                      timeout);
    }
    operation<remove_outcome> remove_async(std::string_view table, const selector &which,
                                           std::chrono::milliseconds timeout = {}) const {
        return submit<remove_outcome>(request_of(PEGASUS_DUP_OPERATION_REMOVE, table, which),
                                      timeout);
    }
    operation<change_outcome> set_fail_mode_async(std::string_view table, const selector &which,
                                                  fail_mode mode,
                                                  std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(request_of(table, which, mode), timeout);
    }

    operation<info_outcome> info_async(std::chrono::milliseconds timeout = {}) const {
        return submit<info_outcome>(detail::request(PEGASUS_DUP_OPERATION_INFO), timeout);
    }

    /// Returns the C handle of the client, for C functions that have no C++ equivalent. The client keeps
    /// the ownership of the handle.
    const pegasus_dup_client *handle() const noexcept { return handle_.get(); }

private:
    explicit client(pegasus_dup_client *handle) : handle_(handle) {}

    static detail::request request_of(const add_spec &spec) {
        detail::request made(PEGASUS_DUP_OPERATION_ADD);
        made.set(pegasus_dup_request_set_table_n, spec.table.data(), spec.table.size());
        made.set(pegasus_dup_request_set_cluster_n, spec.cluster.data(), spec.cluster.size());
        if (spec.remote_table) {
            made.set(pegasus_dup_request_set_remote_table_n, spec.remote_table->data(),
                     spec.remote_table->size());
        }
        made.set_number(pegasus_dup_request_set_remote_replica_count, spec.remote_replica_count);
        made.set(pegasus_dup_request_set_checkpoint, spec.checkpoint ? 1 : 0);
        return made;
    }
    static detail::request request_of(std::string_view table) {
        detail::request made(PEGASUS_DUP_OPERATION_QUERY);
        made.set(pegasus_dup_request_set_table_n, table.data(), table.size());
        return made;
    }
    static detail::request request_of(std::int32_t what, tables which, std::string_view text) {
        detail::request made(what);
        made.set(pegasus_dup_request_set_tables_n, static_cast<std::int32_t>(which), text.data(),
                 text.size());
        return made;
    }
    static detail::request request_of(std::int32_t what, std::string_view table,
                                      const selector &which) {
        detail::request made(what);
        made.set(pegasus_dup_request_set_table_n, table.data(), table.size());
        if (const auto *dupid = std::get_if<std::int64_t>(&which.which_)) {
            made.set_number(pegasus_dup_request_set_dupid, *dupid);
        } else {
            const auto cluster = std::get<std::string_view>(which.which_);
            made.set(pegasus_dup_request_set_cluster_n, cluster.data(), cluster.size());
        }
        return made;
    }
    static detail::request request_of(std::string_view table, const selector &which,
                                      fail_mode mode) {
        auto made = request_of(PEGASUS_DUP_OPERATION_SET_FAIL_MODE, table, which);
        made.set(pegasus_dup_request_set_fail_mode, static_cast<std::int32_t>(mode));
        return made;
    }

    template <class Outcome>
    Outcome call(const detail::request &request, std::chrono::milliseconds timeout) const {
        pegasus_dup_outcome *became = nullptr;
        std::int32_t refused = request.refused;
        if (refused == PEGASUS_DUP_OK) {
            refused = pegasus_dup_call(handle_.get(), request.handle.get(),
                                       detail::milliseconds(timeout), &became);
        }
        detail::owned<pegasus_dup_outcome> from(became);
        Outcome outcome{std::in_place_type<error>};
        if (refused == PEGASUS_DUP_OK) {
            detail::convert_all(from.get(), outcome);
        } else {
            outcome = detail::to_error(refused);
        }
        return outcome;
    }

    template <class Outcome>
    operation<Outcome> submit(const detail::request &request,
                              std::chrono::milliseconds timeout) const {
        operation<Outcome> started;
        auto to = std::make_unique<detail::promised<Outcome>>();
        started.result_ = to->promise.get_future();
        std::int32_t refused = request.refused;
        if (refused == PEGASUS_DUP_OK) {
            pegasus_dup_operation *handle = nullptr;
            refused = pegasus_dup_submit(handle_.get(), request.handle.get(),
                                         detail::milliseconds(timeout), detail::fulfil<Outcome>,
                                         to.get(), &handle);
            started.handle_.reset(handle);
        }
        if (refused == PEGASUS_DUP_OK) {
            /* The callback now owns the promise. */
            (void)to.release();
        } else {
            to->promise.set_value(detail::to_error(refused));
        }
        return started;
    }

    detail::owned<pegasus_dup_client> handle_;
};

} // namespace pegasus_dup

#endif
