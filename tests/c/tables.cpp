/*
 * Tests tables and backup policies with the C++ header, in blocking calls and in the background.
 * Usage: tables HOST:PORT. The partitions of a new table must soon be ready on this server, and it must allow
 * backups with the provider "local_service".
 */
#include <pegasus_dup.hpp>

#include <iostream>
#include <unistd.h>

#include "check.h"

namespace pd = pegasus_dup;
using namespace std::chrono_literals;

/* Returns the alternative `Wanted` of an outcome. If the outcome has another alternative, this is a failure. */
template <class Wanted, class Outcome> static Wanted taken(const Outcome &outcome, int line) {
    if (const auto *found = std::get_if<Wanted>(&outcome)) {
        return *found;
    }
    std::cerr << "tables.cpp:" << line << ": another outcome: "
              << std::visit([](const auto &became) { return became.json; }, outcome) << '\n';
    ++checks_failed;
    return {};
}
#define TAKE(type, outcome) taken<type>((outcome), __LINE__)

template <class Outcome> static bool is_error(const Outcome &outcome, pd::error_kind kind) {
    const auto *why = std::get_if<pd::error>(&outcome);
    return why != nullptr && why->kind == kind;
}

static std::int32_t create(const pd::client &client, const std::string &name) {
    pd::table_spec spec{name, 4, 2};
    spec.envs["business.info"] = "86400";
    const auto made = TAKE(pd::table_created, client.create_table(spec));
    CHECK(made.certain && made.evidence == pd::evidence::server_said_so);
    CHECK(made.value.table == name && made.value.table_id > 0);
    CHECK(made.value.partition_count == 4 && made.value.replica_count == 2);
    CHECK(made.value.envs == spec.envs);
    CHECK(made.json.find("\"resource\":\"table\"") != std::string::npos);

    const auto there =
        TAKE(pd::table_already_exists, client.create_table_async({name, 8, 2, spec.envs}).get());
    CHECK(there.existing.table_id == made.value.table_id);
    if (CHECK(there.differences.size() == 1)) {
        CHECK(there.differences[0].field == "partition_count");
        CHECK(there.differences[0].asked.number == 8 && there.differences[0].existing.number == 4);
    }
    spec.partition_limit = 3;
    CHECK(is_error(client.create_table(spec), pd::error_kind::invalid_argument));
    return made.value.table_id;
}

static void read(const pd::client &client, const std::string &name, std::int32_t id) {
    for (const auto &outcome : {client.wait_ready(name), client.wait_ready_async(name).get(),
                                client.describe_table(name),
                                client.describe_table_async(name).get()}) {
        const auto it = TAKE(pd::described_table, outcome);
        CHECK(it.value.table == name && it.value.table_id == id);
        CHECK(it.value.status == "AS_AVAILABLE" && it.value.create_ts_ms.value_or(0) > 0);
        CHECK(it.value.ready_partitions == 4 && !it.value.drop_ts_ms && !it.value.expire_ts_ms);
        CHECK(it.value.atomic_idempotent == false && it.value.duplicating == false);
        if (CHECK(it.value.partitions.size() == 4)) {
            const auto &last = it.value.partitions[3];
            CHECK(last.index == 3 && last.ready && last.primary && last.secondaries.size() == 1);
        }
        CHECK(it.json.find("\"outcome\":\"listed\"") != std::string::npos);
    }
    CHECK(is_error(client.describe_table("no_such_table"), pd::error_kind::table_not_found));

    const pd::table_selection one{pd::tables::exact, name, false, true};
    for (const auto &outcome : {client.list_tables(one), client.list_tables_async(one).get()}) {
        const auto found = TAKE(pd::listed_tables, outcome);
        if (CHECK(found.tables.size() == 1)) {
            CHECK(found.tables[0].table_id == id && found.tables[0].ready_partitions == 4);
            CHECK(found.tables[0].envs.at("business.info") == "86400");
            CHECK(found.tables[0].partitions.empty());
        }
    }
    CHECK(!TAKE(pd::listed_tables, client.list_tables()).tables.empty());
}

static void drop_and_recall(const pd::client &client, const std::string &name,
                            const std::string &recalled, std::int32_t id) {
    /* A negative time is refused, and not taken for the default. */
    CHECK(is_error(client.drop_table({name, -1s}), pd::error_kind::invalid_argument));
    CHECK(is_error(client.drop_table({name, 0s}), pd::error_kind::invalid_argument));
    const auto dropped = TAKE(pd::table_removed, client.drop_table({name, 1h}));
    CHECK(dropped.certain && dropped.evidence == pd::evidence::server_said_so);
    CHECK(dropped.was.table_id == id && dropped.was.status == "AS_DROPPED");
    CHECK(dropped.was.ready_partitions == 4 && dropped.was.drop_ts_ms && dropped.was.expire_ts_ms);
    CHECK(std::holds_alternative<pd::not_found>(client.drop_table({name})));
    CHECK(std::holds_alternative<pd::not_found>(client.drop_table_async({name}).get()));

    CHECK(TAKE(pd::listed_tables, client.list_tables({pd::tables::exact, name})).tables.empty());
    const pd::table_selection all{pd::tables::exact, name, true};
    CHECK(TAKE(pd::listed_tables, client.list_tables(all)).tables.size() == 1);

    CHECK(is_error(client.recall_table({id}), pd::error_kind::unsupported));
    CHECK(is_error(client.recall_table({std::int64_t{1} << 32}), pd::error_kind::invalid_argument));
    const auto back = TAKE(pd::table_changed, client.recall_table({id, recalled, true}));
    CHECK(back.before.table == name && back.before.status == "AS_DROPPED");
    CHECK(back.after.table == recalled && back.after.table_id == id);
    const auto same = TAKE(pd::table_unchanged, client.recall_table_async({id, recalled}).get());
    CHECK(same.current.table_id == id);
}

static void policies(const pd::client &client, const std::string &name, const std::string &table,
                     std::int32_t id) {
    pd::backup_policy_spec spec{name, "local_service", {table}, 24h, 3, "03:00"};
    const auto made = TAKE(pd::backup_policy_created, client.add_backup_policy(spec));
    CHECK(!made.certain && made.evidence == pd::evidence::appeared_during_call);
    CHECK(made.value.policy == name && made.value.provider == "local_service");
    CHECK(made.value.table_ids == std::vector<std::int32_t>{id} && !made.value.disabled);
    CHECK(made.value.interval_seconds == 86400 && made.value.history_count == 3);
    CHECK(made.value.start_time == "03:00");
    spec.history_count = 4;
    const auto there =
        TAKE(pd::backup_policy_already_exists, client.add_backup_policy_async(spec).get());
    CHECK(there.differences.size() == 1 && there.differences.at(0).field == "history_count");
    CHECK(there.existing.history_count == 3);
    /* Text is not cut off at a NUL. */
    spec.start_time = std::string_view("03:00\0", 6);
    CHECK(is_error(client.add_backup_policy(spec), pd::error_kind::invalid_argument));
}

/* All kinds of resources fit into one type. */
static_assert(std::is_same_v<pd::resource,
                             std::variant<pd::duplication, pd::table, pd::backup_policy>>);

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " HOST:PORT\n";
        return 2;
    }
    {
        /* A run cannot remove its backup policy, so each run has names of its own. */
        const auto run = std::to_string(getpid());
        const auto made = "cpp_made_" + run, recalled = "cpp_recalled_" + run;
        const auto client = std::get<pd::client>(pd::client::make(argv[1]));
        const auto id = create(client, made);
        read(client, made, id);
        drop_and_recall(client, made, recalled, id);
        policies(client, "cpp_policy_" + run, recalled, id);
        TAKE(pd::table_removed, client.drop_table_async({recalled}).get());
    }
    return checks_result();
}
