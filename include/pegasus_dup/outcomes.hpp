/* The outcomes of calls, and errors. */
#ifndef PEGASUS_DUP_OUTCOMES_HPP
#define PEGASUS_DUP_OUTCOMES_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>
#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

#include "enums.hpp"
#include "resources.hpp"

namespace pegasus_dup {

/// What a call sent, what the servers responded and what was concluded, attempt by attempt.
struct call_history {
    /// The history as text, as pegasus_dup_outcome_history_text() returns it.
    std::string text;
    /// The history as JSON, one object on each line, as pegasus_dup_outcome_history_json() returns it.
    std::string json;
    /// The entries, each of which is a map, as pegasus_dup_outcome_history() describes them.
    std::vector<field_value> entries;
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
    /// The names of the properties that were requested and could not be compared, because the server
    /// does not report them, such as "checkpoint" of a duplication. Empty if the outcome is certain.
    std::vector<std::string> unverified{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};
using created = basic_created<duplication>;
using table_created = basic_created<table>;
using backup_policy_created = basic_created<backup_policy>;

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
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};
using already_exists = basic_already_exists<duplication>;
using table_already_exists = basic_already_exists<table>;
using backup_policy_already_exists = basic_already_exists<backup_policy>;

/// The call changed the resource.
template <class Resource> struct basic_changed {
    Resource before;
    Resource after;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};
using changed = basic_changed<duplication>;
using table_changed = basic_changed<table>;

/// The resource was as requested already. The call changed nothing.
template <class Resource> struct basic_unchanged {
    Resource current;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};
using unchanged = basic_unchanged<duplication>;
using table_unchanged = basic_unchanged<table>;

/// The resource existed when the call began, and no longer exists.
template <class Resource> struct basic_removed {
    /// The resource that was removed: a table as it is listed afterwards if it could be read, and any
    /// other resource as it was before.
    Resource was;
    pegasus_dup::evidence evidence{};
    bool certain = false;
    std::optional<std::string> warning;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};
using removed = basic_removed<duplication>;
using table_removed = basic_removed<table>;

/// There was nothing to remove. The call has changed nothing.
struct not_found {
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// The result of a query or a list of duplications.
struct listed {
    std::vector<duplication> duplications;
    /// One JSON object for each duplication, each on a line, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// The result of a list by table.
struct listed_by_table {
    std::vector<table_duplications> tables;
    /// One JSON object for each table, each on a line, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// The result of a list of tables.
struct listed_tables {
    /// The tables, sorted by name and by table id.
    std::vector<table> tables;
    /// One JSON object for each table, each on a line, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// One table with the replicas of its partitions.
struct described_table {
    table value;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// A remote cluster that was looked up.
struct checked_remote_cluster {
    remote_cluster value;
    /// The outcome as JSON, as pegasus_dup_outcome_json() returns it.
    std::string json{};
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
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
    /// The name of the cluster itself. Absent if the leader does not report the name.
    std::optional<std::string> cluster_name;
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
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
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
    /// The history of the call, if options::record_history is set.
    std::optional<call_history> history{};
};

/// The outcome of an add of a duplication.
using add_outcome = std::variant<created, already_exists, error>;
/// The outcome of a start, a pause, or a change of the fail mode.
using change_outcome = std::variant<changed, unchanged, error>;
/// The outcome of a removal of a duplication.
using remove_outcome = std::variant<removed, not_found, error>;
/// The outcome of a query or a list of duplications.
using list_outcome = std::variant<listed, error>;
/// The outcome of client::info.
using info_outcome = std::variant<cluster_info, error>;
/// The outcome of a list by table.
using list_by_table_outcome = std::variant<listed_by_table, error>;
/// The outcome of client::create_table.
using create_table_outcome = std::variant<table_created, table_already_exists, error>;
/// The outcome of client::drop_table.
using drop_table_outcome = std::variant<table_removed, not_found, error>;
/// The outcome of client::recall_table.
using recall_table_outcome = std::variant<table_changed, table_unchanged, error>;
/// The outcome of client::list_tables.
using list_tables_outcome = std::variant<listed_tables, error>;
/// The outcome of client::describe_table and client::wait_ready.
using describe_table_outcome = std::variant<described_table, error>;
/// The outcome of client::check_remote_cluster.
using check_remote_cluster_outcome = std::variant<checked_remote_cluster, error>;
/// The outcome of client::add_backup_policy.
using add_backup_policy_outcome =
    std::variant<backup_policy_created, backup_policy_already_exists, error>;

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

} // namespace pegasus_dup

#endif
