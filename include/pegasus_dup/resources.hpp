/* The resources that outcomes and errors contain, and the values of their fields. */
#ifndef PEGASUS_DUP_RESOURCES_HPP
#define PEGASUS_DUP_RESOURCES_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "enums.hpp"

namespace pegasus_dup {

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

/// The replicas of one partition of a table.
struct partition_replicas {
    /// The index of the partition in the table.
    std::int32_t index = 0;
    /// Whether the partition has a primary and enough secondaries.
    bool ready = false;
    /// The replica server of the primary, as "HOST:PORT". Absent if the partition has no primary.
    std::optional<std::string> primary;
    /// The replica servers of the secondaries, as "HOST:PORT".
    std::vector<std::string> secondaries;
};

/// A table. A value that the server did not report is absent. The table id and the time of creation
/// identify a table. A name does not: if a table is dropped and created again, both tables have the same
/// name.
struct table {
    /// The name of the table.
    std::string table;
    /// The id of the table. Servers do not use an id again.
    std::int32_t table_id = 0;
    /// The status, such as "AS_AVAILABLE" or "AS_DROPPED". Absent if only the response to a request is
    /// known.
    std::optional<std::string> status;
    /// The number of partitions.
    std::int32_t partition_count = 0;
    /// The number of replicas that each partition is supposed to have.
    std::int32_t replica_count = 0;
    /// Whether the writes of the table are made idempotent before they are replicated. Only 2.6
    /// snapshots since March 2025 report it.
    std::optional<bool> atomic_idempotent;
    /// The settings of the table.
    std::map<std::string, std::string> envs;
    /// Whether the table has, or had before a drop, a duplication.
    std::optional<bool> duplicating;
    /// The time of creation in milliseconds since 1970, by the server's clock.
    std::optional<std::int64_t> create_ts_ms;
    /// The time of the drop in milliseconds since 1970. Absent for a table that is not dropped.
    std::optional<std::int64_t> drop_ts_ms;
    /// The time until which the table can be recalled, in milliseconds since 1970. Absent for a table
    /// that is not dropped.
    std::optional<std::int64_t> expire_ts_ms;
    /// The number of partitions that have a primary and enough secondaries. Absent if the partitions
    /// were not read. For a table that was just dropped, the number before the drop.
    std::optional<std::int32_t> ready_partitions;
    /// The replicas of each partition. Empty if the partitions were not read.
    std::vector<partition_replicas> partitions;
};

/// A policy by which the cluster backs up tables periodically. The name identifies a policy.
struct backup_policy {
    /// The name of the policy.
    std::string policy;
    /// The storage to which the backups are written: the name of a section `block_service.NAME` in the
    /// configuration of the meta servers.
    std::string provider;
    /// The ids of the tables, in ascending order. An id stays in the policy after its table was dropped.
    std::vector<std::int32_t> table_ids;
    /// The time between two backups, in seconds.
    std::int64_t interval_seconds = 0;
    /// The number of backups that are kept.
    std::int32_t history_count = 0;
    /// The time of day at which a backup starts, as "HH:MM" in the server's local time. The server only
    /// uses the hour.
    std::string start_time;
    /// Whether the policy is disabled.
    bool disabled = false;
};

/// A remote cluster, as the configuration of the leader has it.
struct remote_cluster {
    /// The name of the remote cluster.
    std::string cluster;
    /// Whether the leader accepts the remote cluster as the target of duplications: "configured",
    /// "not_configured" or "own_cluster". Later versions may return other texts.
    std::string state;
    /// The explanation of the server, if it refuses the remote cluster.
    std::optional<std::string> hint;
};

/// A resource of any kind. Later versions of the library may add kinds.
using resource = std::variant<duplication, table, backup_policy>;

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

} // namespace pegasus_dup

#endif
