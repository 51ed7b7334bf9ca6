/* The arguments of calls, and the options of a client. */
#ifndef PEGASUS_DUP_ARGUMENTS_HPP
#define PEGASUS_DUP_ARGUMENTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "enums.hpp"

namespace pegasus_dup {

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

/// The table that a create requests. A number has more than the 32 bits of the protocol, so that a
/// program may pass a number of its own type. A number that does not fit is refused.
struct table_spec {
    /// The name of the table.
    std::string_view table;
    /// The number of partitions. It cannot be lowered afterwards.
    std::int64_t partition_count = 0;
    /// The number of replicas of each partition.
    std::int64_t replica_count = 3;
    /// The settings of the table.
    std::map<std::string, std::string> envs{};
    /// Whether the writes of the table are made idempotent before they are replicated. If it is absent,
    /// the server decides, and it is never a difference.
    std::optional<bool> atomic_idempotent{};
    /// The largest number of partitions that the create accepts. The limit protects against typing
    /// errors, because a server allocates memory for all partitions at once. The default is 1024.
    std::optional<std::int64_t> partition_limit{};
    /// Whether the create writes a random value into the settings of the table, which shows after a lost
    /// response whether this call created the table. pegasus_dup_request_set_prove_authorship describes
    /// the side effects.
    bool prove_authorship = false;
};

/// The table that a drop requests.
struct drop_spec {
    /// The name of the table.
    std::string_view table;
    /// The time for which the dropped table can be recalled. If it is absent, the table can be recalled
    /// for the time that is configured on the server, which is a week by default.
    std::optional<std::chrono::seconds> reserve{};
};

/// The dropped table that a recall requests.
struct recall_spec {
    /// The id of the dropped table.
    std::int64_t table_id = 0;
    /// The name that the table gets. If it is absent, the table gets the name that it had.
    std::optional<std::string_view> new_name{};
    /// Whether the table is recalled although the recall may end replica servers, because the table was
    /// dropped soon after it was created.
    bool force = false;
};

/// The selection of the tables to list, and of what to read of each table.
struct table_selection {
    /// The rule that compares the names of the tables with the text.
    tables which = tables::all;
    std::string_view text{};
    /// Whether dropped tables are listed too.
    bool dropped = false;
    /// Whether the number of ready partitions is read, with one request to the server for each table
    /// that is available.
    bool health = false;
};

/// The backup policy that an add requests.
struct backup_policy_spec {
    /// The name of the policy.
    std::string_view policy;
    /// The storage to which the backups are written: the name of a section `block_service.NAME` in the
    /// configuration of the meta servers.
    std::string_view provider;
    /// The names of the tables. Each must exist.
    std::vector<std::string> tables;
    /// The time between two backups. Servers of 2.6 require at least a day.
    std::chrono::seconds interval{};
    /// The number of backups that are kept.
    std::int64_t history_count = 0;
    /// The time of day at which a backup starts, as "HH:MM" from "00:00" to "23:59" in the server's local
    /// time. Servers only use the hour.
    std::string_view start_time;
};

namespace detail {
struct request;
}

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
    friend struct detail::request;
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
    /// Whether the calls record their history, which their outcomes then contain.
    bool record_history = false;
};

} // namespace pegasus_dup

#endif
