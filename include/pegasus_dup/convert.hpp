/* Converts the handles of C to the types of the C++ header. Programs must not use this file. */
#ifndef PEGASUS_DUP_CONVERT_HPP
#define PEGASUS_DUP_CONVERT_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "outcomes.hpp"

namespace pegasus_dup {

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

inline std::optional<call_history> history_of(const pegasus_dup_outcome *from) {
    const auto recorded = text(pegasus_dup_outcome_history_text(from));
    if (!recorded) {
        return std::nullopt;
    }
    return call_history{*recorded, text(pegasus_dup_outcome_history_json(from)).value_or(""),
                        copy(pegasus_dup_outcome_history(from)).values};
}

/* Returns a field of a map as text, or as a number or a boolean. Returns nothing if the field is absent. */
inline std::optional<std::string> text_of(const pegasus_dup_value *map, const char *field) {
    return text(pegasus_dup_value_text(pegasus_dup_value_get(map, field)));
}
template <class T> std::optional<T> number_of(const pegasus_dup_value *map, const char *field) {
    std::int64_t number = 0;
    const auto status = pegasus_dup_value_number(pegasus_dup_value_get(map, field), &number);
    return status == PEGASUS_DUP_OK ? std::make_optional(static_cast<T>(number)) : std::nullopt;
}

inline void copy(const pegasus_dup_value *from, partition_replicas &to) {
    to.index = number_of<std::int32_t>(from, "partition").value_or(0);
    to.ready = number_of<bool>(from, "ready").value_or(false);
    to.primary = text_of(from, "primary");
    const auto *secondaries = pegasus_dup_value_get(from, "secondaries");
    for (std::size_t i = 0; i < pegasus_dup_value_count(secondaries); ++i) {
        to.secondaries.push_back(
            text(pegasus_dup_value_text(pegasus_dup_value_at(secondaries, i))).value_or(""));
    }
}

inline void copy(const pegasus_dup_value *from, table &to) {
    to.table = text_of(from, "table").value_or("");
    to.table_id = number_of<std::int32_t>(from, "table_id").value_or(0);
    to.status = text_of(from, "status");
    to.partition_count = number_of<std::int32_t>(from, "partition_count").value_or(0);
    to.replica_count = number_of<std::int32_t>(from, "replica_count").value_or(0);
    to.atomic_idempotent = number_of<bool>(from, "atomic_idempotent");
    const auto *envs = pegasus_dup_value_get(from, "envs");
    for (std::size_t i = 0; i < pegasus_dup_value_count(envs); ++i) {
        to.envs.emplace(text(pegasus_dup_value_key_at(envs, i)).value_or(""),
                        text(pegasus_dup_value_text(pegasus_dup_value_at(envs, i))).value_or(""));
    }
    to.duplicating = number_of<bool>(from, "duplicating");
    to.create_ts_ms = number_of<std::int64_t>(from, "create_ts_ms");
    to.drop_ts_ms = number_of<std::int64_t>(from, "drop_ts_ms");
    to.expire_ts_ms = number_of<std::int64_t>(from, "expire_ts_ms");
    to.ready_partitions = number_of<std::int32_t>(from, "ready_partitions");
    const auto *partitions = pegasus_dup_value_get(from, "partitions");
    to.partitions.resize(pegasus_dup_value_count(partitions));
    for (std::size_t i = 0; i < to.partitions.size(); ++i) {
        copy(pegasus_dup_value_at(partitions, i), to.partitions[i]);
    }
}

inline void copy(const pegasus_dup_value *from, backup_policy &to) {
    to.policy = text_of(from, "policy").value_or("");
    to.provider = text_of(from, "provider").value_or("");
    const auto *ids = pegasus_dup_value_get(from, "table_ids");
    for (std::size_t i = 0; i < pegasus_dup_value_count(ids); ++i) {
        std::int64_t id = 0;
        pegasus_dup_value_number(pegasus_dup_value_at(ids, i), &id);
        to.table_ids.push_back(static_cast<std::int32_t>(id));
    }
    to.interval_seconds = number_of<std::int64_t>(from, "interval_seconds").value_or(0);
    to.history_count = number_of<std::int32_t>(from, "history_count").value_or(0);
    to.start_time = text_of(from, "start_time").value_or("");
    to.disabled = number_of<bool>(from, "disabled").value_or(false);
}

/* Reads the resources of an outcome. C has functions for duplications, and maps for all other resources. */
template <class Resource> struct reader {
    static Resource current(const pegasus_dup_outcome *from) {
        return copied(pegasus_dup_outcome_value(from));
    }
    static Resource before(const pegasus_dup_outcome *from) {
        return copied(pegasus_dup_outcome_value_before(from));
    }
    template <class To> static void append_all(const pegasus_dup_outcome *from, std::vector<To> &to) {
        for (std::size_t i = 0; i < pegasus_dup_outcome_value_count(from); ++i) {
            to.emplace_back(copied(pegasus_dup_outcome_value_at(from, i)));
        }
    }

private:
    static Resource copied(const pegasus_dup_value *from) {
        Resource to;
        copy(from, to);
        return to;
    }
};
template <> struct reader<duplication> {
    static duplication current(const pegasus_dup_outcome *from) {
        return copy(pegasus_dup_outcome_duplication(from));
    }
    static duplication before(const pegasus_dup_outcome *from) {
        return copy(pegasus_dup_outcome_duplication_before(from));
    }
    template <class To> static void append_all(const pegasus_dup_outcome *from, std::vector<To> &to) {
        for (std::size_t i = 0; i < pegasus_dup_outcome_duplication_count(from); ++i) {
            to.emplace_back(copy(pegasus_dup_outcome_duplication_at(from, i)));
        }
    }
};

inline error to_error(const pegasus_dup_outcome *outcome) {
    error why;
    why.kind = static_cast<error_kind>(pegasus_dup_outcome_error_kind(outcome));
    why.message = text(pegasus_dup_outcome_error_message(outcome)).value_or("no error");
    why.hint = text(pegasus_dup_outcome_error_hint(outcome));
    why.code = text(pegasus_dup_outcome_error_code(outcome));
    why.server = text(pegasus_dup_outcome_error_server(outcome));
    switch (pegasus_dup_outcome_resource(outcome)) {
    case PEGASUS_DUP_RESOURCE_TABLE:
        reader<table>::append_all(outcome, why.known);
        break;
    case PEGASUS_DUP_RESOURCE_BACKUP_POLICY:
        reader<backup_policy>::append_all(outcome, why.known);
        break;
    default:
        reader<duplication>::append_all(outcome, why.known);
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

/* Returns the error of an outcome whose kind is not one that the call succeeds with. */
inline error to_failure(const pegasus_dup_outcome *outcome) {
    const auto kind = pegasus_dup_outcome_kind(outcome);
    if (kind == PEGASUS_DUP_ERROR) {
        return to_error(outcome);
    }
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

template <class Resource>
void convert(const pegasus_dup_outcome *from,
             std::variant<basic_created<Resource>, basic_already_exists<Resource>, error> &to) {
    const auto how = static_cast<evidence>(pegasus_dup_outcome_evidence(from));
    const bool certain = pegasus_dup_outcome_certain(from) != 0;
    auto warning = text(pegasus_dup_outcome_warning(from));
    switch (pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_CREATED:
        to = basic_created<Resource>{reader<Resource>::current(from), how, certain,
                                     std::move(warning), {}, unverified(from)};
        break;
    case PEGASUS_DUP_ALREADY_EXISTS: {
        std::vector<difference> differences;
        for (std::size_t i = 0; i < pegasus_dup_outcome_difference_count(from); ++i) {
            differences.push_back(
                {text(pegasus_dup_outcome_difference_field(from, i)).value_or(""),
                 copy(pegasus_dup_outcome_difference_asked_value(from, i)),
                 copy(pegasus_dup_outcome_difference_existing_value(from, i))});
        }
        to = basic_already_exists<Resource>{reader<Resource>::current(from),
                                            std::move(differences),
                                            how,
                                            certain,
                                            std::move(warning),
                                            {},
                                            unverified(from)};
        break;
    }
    default:
        to = to_failure(from);
    }
}

template <class Resource>
void convert(const pegasus_dup_outcome *from,
             std::variant<basic_changed<Resource>, basic_unchanged<Resource>, error> &to) {
    auto warning = text(pegasus_dup_outcome_warning(from));
    switch (pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_CHANGED:
        to = basic_changed<Resource>{reader<Resource>::before(from),
                                     reader<Resource>::current(from), std::move(warning)};
        break;
    case PEGASUS_DUP_UNCHANGED:
        to = basic_unchanged<Resource>{reader<Resource>::current(from), std::move(warning)};
        break;
    default:
        to = to_failure(from);
    }
}

template <class Resource>
void convert(const pegasus_dup_outcome *from,
             std::variant<basic_removed<Resource>, not_found, error> &to) {
    switch (pegasus_dup_outcome_kind(from)) {
    case PEGASUS_DUP_REMOVED:
        to = basic_removed<Resource>{reader<Resource>::current(from),
                                     static_cast<evidence>(pegasus_dup_outcome_evidence(from)),
                                     pegasus_dup_outcome_certain(from) != 0,
                                     text(pegasus_dup_outcome_warning(from))};
        break;
    case PEGASUS_DUP_NOT_FOUND:
        to = not_found{};
        break;
    default:
        to = to_failure(from);
    }
}

inline void convert(const pegasus_dup_outcome *from, list_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_LISTED) {
        to = to_failure(from);
        return;
    }
    listed found;
    reader<duplication>::append_all(from, found.duplications);
    to = std::move(found);
}

inline void convert(const pegasus_dup_outcome *from, list_tables_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_LISTED) {
        to = to_failure(from);
        return;
    }
    listed_tables found;
    reader<table>::append_all(from, found.tables);
    to = std::move(found);
}

inline void convert(const pegasus_dup_outcome *from, describe_table_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_LISTED) {
        to = to_failure(from);
        return;
    }
    /* The outcome lists one table. */
    described_table found;
    copy(pegasus_dup_outcome_value_at(from, 0), found.value);
    to = std::move(found);
}

inline void convert(const pegasus_dup_outcome *from, check_remote_cluster_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_LISTED) {
        to = to_failure(from);
        return;
    }
    const auto *value = pegasus_dup_outcome_value_at(from, 0);
    checked_remote_cluster found;
    found.value.cluster = text_of(value, "cluster").value_or("");
    found.value.state = text_of(value, "state").value_or("");
    found.value.hint = text_of(value, "hint");
    to = std::move(found);
}

inline void convert(const pegasus_dup_outcome *from, list_by_table_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_LISTED) {
        to = to_failure(from);
        return;
    }
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
}

inline void convert(const pegasus_dup_outcome *from, info_outcome &to) {
    if (pegasus_dup_outcome_kind(from) != PEGASUS_DUP_INFO) {
        to = to_failure(from);
        return;
    }
    cluster_info found;
    for (std::size_t i = 0; i < pegasus_dup_info_server_count(from); ++i) {
        found.servers.push_back({text(pegasus_dup_info_server(from, i)).value_or(""),
                                 text(pegasus_dup_info_server_role(from, i)).value_or(""),
                                 text(pegasus_dup_info_server_detail(from, i))});
    }
    found.leader = text(pegasus_dup_info_leader(from));
    found.cluster_name = text(pegasus_dup_info_cluster_name(from));
    found.version = text(pegasus_dup_info_version(from));
    const auto number = pegasus_dup_info_generation(from);
    if (number != PEGASUS_DUP_NONE) {
        found.generation = static_cast<generation>(number);
    }
    found.known_by = text(pegasus_dup_info_known_by(from));
    found.warning = text(pegasus_dup_outcome_warning(from));
    to = std::move(found);
}

/* Converts an outcome together with its JSON and its history. */
template <class Outcome> void convert_all(const pegasus_dup_outcome *from, Outcome &to) {
    convert(from, to);
    std::visit(
        [from](auto &became) {
            became.json = text(pegasus_dup_outcome_json(from)).value_or("");
            became.history = history_of(from);
        },
        to);
}

} // namespace detail

} // namespace pegasus_dup

#endif
