/* Makes the requests that the functions of C take. Programs must not use this file. */
#ifndef PEGASUS_DUP_REQUESTS_HPP
#define PEGASUS_DUP_REQUESTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "arguments.hpp"
#include "convert.hpp"

namespace pegasus_dup {

/* Programs must not use this namespace. */
namespace detail {

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
    /* Refuses an argument that cannot be passed to the library. */
    void refuse() noexcept {
        refused = refused == PEGASUS_DUP_OK ? PEGASUS_DUP_BAD_ARGUMENT : refused;
    }
    /* Calls a setter that takes 32 bits. A number that does not fit is refused and never truncated. */
    template <class Setter> void set_number(Setter setter, std::int64_t number) {
        if (number < INT32_MIN || number > INT32_MAX) {
            refuse();
        } else {
            set(setter, static_cast<std::int32_t>(number));
        }
    }
    void set_text(std::int32_t (*setter)(pegasus_dup_request *, const char *, std::size_t),
                  std::string_view text) {
        set(setter, text.data(), text.size());
    }
    void set_flag(std::int32_t (*setter)(pegasus_dup_request *, std::int32_t), bool flag) {
        set(setter, flag ? 1 : 0);
    }
    void set_tables(tables which, std::string_view text) {
        set(pegasus_dup_request_set_tables_n, static_cast<std::int32_t>(which), text.data(),
            text.size());
    }
    /* Selects a duplication. */
    void select(const selector &which) {
        if (const auto *dupid = std::get_if<std::int64_t>(&which.which_)) {
            set_number(pegasus_dup_request_set_dupid, *dupid);
        } else {
            set_text(pegasus_dup_request_set_cluster_n, std::get<std::string_view>(which.which_));
        }
    }
    owned<pegasus_dup_request> handle;
    std::int32_t refused;
};

/* Returns the request of the check of a remote cluster. */
inline request request_of_cluster(std::string_view cluster) {
    request made(PEGASUS_DUP_OPERATION_CHECK_REMOTE_CLUSTER);
    made.set_text(pegasus_dup_request_set_cluster_n, cluster);
    return made;
}

/* Returns the request of an operation that only needs a table. */
inline request request_of(std::int32_t operation, std::string_view table) {
    request made(operation);
    made.set_text(pegasus_dup_request_set_table_n, table);
    return made;
}

inline request request_of(std::int32_t operation, tables which, std::string_view text) {
    request made(operation);
    made.set_tables(which, text);
    return made;
}

inline request request_of(std::int32_t operation, std::string_view table, const selector &which) {
    auto made = request_of(operation, table);
    made.select(which);
    return made;
}

inline request request_of(std::string_view table, const selector &which, fail_mode mode) {
    auto made = request_of(PEGASUS_DUP_OPERATION_SET_FAIL_MODE, table, which);
    made.set(pegasus_dup_request_set_fail_mode, static_cast<std::int32_t>(mode));
    return made;
}

inline request request_of(const add_spec &spec) {
    auto made = request_of(PEGASUS_DUP_OPERATION_ADD, spec.table);
    made.set_text(pegasus_dup_request_set_cluster_n, spec.cluster);
    if (spec.remote_table) {
        made.set_text(pegasus_dup_request_set_remote_table_n, *spec.remote_table);
    }
    made.set_number(pegasus_dup_request_set_remote_replica_count, spec.remote_replica_count);
    made.set_flag(pegasus_dup_request_set_checkpoint, spec.checkpoint);
    return made;
}

inline request request_of(const table_spec &spec) {
    auto made = request_of(PEGASUS_DUP_OPERATION_CREATE_TABLE, spec.table);
    made.set_number(pegasus_dup_request_set_partition_count, spec.partition_count);
    made.set_number(pegasus_dup_request_set_replica_count, spec.replica_count);
    for (const auto &[key, value] : spec.envs) {
        made.set(pegasus_dup_request_set_env_n, key.data(), key.size(), value.data(), value.size());
    }
    if (spec.atomic_idempotent) {
        made.set_flag(pegasus_dup_request_set_atomic_idempotent, *spec.atomic_idempotent);
    }
    if (spec.partition_limit) {
        made.set_number(pegasus_dup_request_set_partition_limit, *spec.partition_limit);
    }
    made.set_flag(pegasus_dup_request_set_prove_authorship, spec.prove_authorship);
    return made;
}

inline request request_of(const drop_spec &spec) {
    auto made = request_of(PEGASUS_DUP_OPERATION_DROP_TABLE, spec.table);
    if (spec.reserve && spec.reserve->count() < 0) {
        /* The library would take -1 for PEGASUS_DUP_NONE, which stands for the default. */
        made.refuse();
    } else if (spec.reserve) {
        made.set(pegasus_dup_request_set_reserve_seconds, std::int64_t{spec.reserve->count()});
    }
    return made;
}

inline request request_of(const recall_spec &spec) {
    request made(PEGASUS_DUP_OPERATION_RECALL_TABLE);
    made.set_number(pegasus_dup_request_set_table_id, spec.table_id);
    if (spec.new_name) {
        made.set_text(pegasus_dup_request_set_new_name_n, *spec.new_name);
    }
    made.set_flag(pegasus_dup_request_set_force, spec.force);
    return made;
}

inline request request_of(const table_selection &selection) {
    request made(PEGASUS_DUP_OPERATION_LIST_TABLES);
    made.set_tables(selection.which, selection.text);
    made.set_flag(pegasus_dup_request_set_dropped, selection.dropped);
    made.set_flag(pegasus_dup_request_set_health, selection.health);
    return made;
}

inline request request_of(const backup_policy_spec &spec) {
    request made(PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY);
    made.set_text(pegasus_dup_request_set_policy_n, spec.policy);
    made.set_text(pegasus_dup_request_set_provider_n, spec.provider);
    for (const auto &table : spec.tables) {
        made.set_text(pegasus_dup_request_add_policy_table_n, table);
    }
    made.set(pegasus_dup_request_set_interval_seconds, std::int64_t{spec.interval.count()});
    made.set_number(pegasus_dup_request_set_history_count, spec.history_count);
    made.set_text(pegasus_dup_request_set_start_time_n, spec.start_time);
    return made;
}

} // namespace detail

} // namespace pegasus_dup

#endif
