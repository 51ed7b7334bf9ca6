/*
 * The C++ header must have exactly the operations and the enums of tests/parity.json. The switches have no
 * default, so with -Wswitch -Werror a value that only the header has does not compile. The values of the
 * switches are compared with the file. Usage: parity ANYTHING
 */
#include <pegasus_dup.hpp>

#include <set>
#include <type_traits>

#include "parity.h"

namespace pd = pegasus_dup;

/* Generated from src/enums.rs: names */
static const char *name(pd::evidence value) {
    switch (value) {
    case pd::evidence::server_said_so: return "server_said_so";
    case pd::evidence::listed_before: return "listed_before";
    case pd::evidence::listed_after: return "listed_after";
    case pd::evidence::appeared_during_call: return "appeared_during_call";
    case pd::evidence::proof_listed: return "proof_listed";
    }
    return nullptr;
}

static const char *name(pd::error_kind value) {
    switch (value) {
    case pd::error_kind::table_not_found: return "table_not_found";
    case pd::error_kind::duplication_not_found: return "duplication_not_found";
    case pd::error_kind::remote_cluster_not_configured: return "remote_cluster_not_configured";
    case pd::error_kind::remote_table_taken: return "remote_table_taken";
    case pd::error_kind::wrong_state: return "wrong_state";
    case pd::error_kind::invalid_argument: return "invalid_argument";
    case pd::error_kind::unsupported: return "unsupported";
    case pd::error_kind::permission_denied: return "permission_denied";
    case pd::error_kind::busy: return "busy";
    case pd::error_kind::unavailable: return "unavailable";
    case pd::error_kind::timeout: return "timeout";
    case pd::error_kind::outcome_unknown: return "outcome_unknown";
    case pd::error_kind::protocol: return "protocol";
    }
    return nullptr;
}

static const char *name(pd::status value) {
    switch (value) {
    case pd::status::init: return "DS_INIT";
    case pd::status::prepare: return "DS_PREPARE";
    case pd::status::app: return "DS_APP";
    case pd::status::log: return "DS_LOG";
    case pd::status::pause: return "DS_PAUSE";
    case pd::status::removed: return "DS_REMOVED";
    case pd::status::start: return "DS_START";
    case pd::status::unnamed: return nullptr;
    }
    return nullptr;
}

static const char *name(pd::fail_mode value) {
    switch (value) {
    case pd::fail_mode::slow: return "FAIL_SLOW";
    case pd::fail_mode::skip: return "FAIL_SKIP";
    case pd::fail_mode::fast: return "FAIL_FAST";
    case pd::fail_mode::unnamed: return nullptr;
    }
    return nullptr;
}

static const char *name(pd::generation value) {
    switch (value) {
    case pd::generation::freezed: return "freezed";
    case pd::generation::checkpoint: return "checkpoint";
    case pd::generation::remote_name: return "remote-name";
    case pd::generation::snapshot_2_6: return "snapshot-2.6";
    case pd::generation::dup_exist: return "dup-exist";
    }
    return nullptr;
}

static const char *name(pd::mode value) {
    switch (value) {
    case pd::mode::safe: return "safe";
    case pd::mode::direct: return "direct";
    }
    return nullptr;
}

static const char *name(pd::tables value) {
    switch (value) {
    case pd::tables::all: return "all";
    case pd::tables::exact: return "exact";
    case pd::tables::anywhere: return "anywhere";
    case pd::tables::prefix: return "prefix";
    case pd::tables::postfix: return "postfix";
    }
    return nullptr;
}

static const char *name(pd::value_type value) {
    switch (value) {
    case pd::value_type::absent: return "absent";
    case pd::value_type::boolean: return "boolean";
    case pd::value_type::number: return "number";
    case pd::value_type::text: return "text";
    case pd::value_type::list: return "list";
    case pd::value_type::map: return "map";
    }
    return nullptr;
}

static const char *name(pd::log_level value) {
    switch (value) {
    case pd::log_level::error: return "error";
    case pd::log_level::warn: return "warn";
    case pd::log_level::info: return "info";
    case pd::log_level::debug: return "debug";
    case pd::log_level::trace: return "trace";
    }
    return nullptr;
}
/* End of names */

template <class Enum> static void same(const parity &table, const char *section) {
    for (std::int32_t number = -5; number < 300; ++number) {
        CHECK_TEXT(name(static_cast<Enum>(number)), parity_name(&table, section, number));
    }
    CHECK(parity_count(&table, section) > 0);
}

/* The outcomes of each operation. If a variant gains or loses a type, this does not compile. */
static_assert(std::is_same_v<pd::add_outcome, std::variant<pd::created, pd::already_exists, pd::error>>);
static_assert(std::is_same_v<pd::change_outcome, std::variant<pd::changed, pd::unchanged, pd::error>>);
static_assert(std::is_same_v<pd::remove_outcome, std::variant<pd::removed, pd::not_found, pd::error>>);
static_assert(std::is_same_v<pd::list_outcome, std::variant<pd::listed, pd::error>>);
static_assert(
    std::is_same_v<pd::list_by_table_outcome, std::variant<pd::listed_by_table, pd::error>>);

static_assert(std::is_same_v<pd::create_table_outcome,
                             std::variant<pd::table_created, pd::table_already_exists, pd::error>>);
static_assert(std::is_same_v<pd::drop_table_outcome,
                             std::variant<pd::table_removed, pd::not_found, pd::error>>);
static_assert(std::is_same_v<pd::recall_table_outcome,
                             std::variant<pd::table_changed, pd::table_unchanged, pd::error>>);
static_assert(std::is_same_v<pd::list_tables_outcome, std::variant<pd::listed_tables, pd::error>>);
static_assert(
    std::is_same_v<pd::describe_table_outcome, std::variant<pd::described_table, pd::error>>);
static_assert(std::is_same_v<pd::add_backup_policy_outcome,
                             std::variant<pd::backup_policy_created,
                                          pd::backup_policy_already_exists, pd::error>>);
static_assert(std::is_same_v<pd::info_outcome, std::variant<pd::cluster_info, pd::error>>);

static const std::set<std::string> outcomes = {"created", "already_exists", "error",
                                               "listed",  "changed",        "unchanged",
                                               "removed", "not_found",      "info"};

/* This function is never called. It compiles only if each operation exists, blocking and in the background. */
[[maybe_unused]] static void operations_compile(const pd::client &client) {
    (void)client.add({"t", "c"}), (void)client.add_async({"t", "c"});
    (void)client.query("t"), (void)client.query_async("t");
    (void)client.list(), (void)client.list_async();
    (void)client.list_by_table(), (void)client.list_by_table_async();
    (void)client.start("t", 1), (void)client.start_async("t", 1);
    (void)client.pause("t", 1), (void)client.pause_async("t", 1);
    (void)client.remove("t", 1), (void)client.remove_async("t", 1);
    (void)client.set_fail_mode("t", 1, pd::fail_mode::slow);
    (void)client.set_fail_mode_async("t", 1, pd::fail_mode::slow);
    (void)client.info(), (void)client.info_async();
    (void)client.create_table({"t", 8}), (void)client.create_table_async({"t", 8});
    (void)client.wait_ready("t"), (void)client.wait_ready_async("t");
    (void)client.drop_table({"t"}), (void)client.drop_table_async({"t"});
    (void)client.recall_table({1}), (void)client.recall_table_async({1});
    (void)client.list_tables(), (void)client.list_tables_async();
    (void)client.describe_table("t"), (void)client.describe_table_async("t");
    (void)client.check_remote_cluster("c"), (void)client.check_remote_cluster_async("c");
    (void)client.add_backup_policy({"p", "s", {"t"}, std::chrono::hours(24), 3, "03:00"});
    (void)client.add_backup_policy_async({"p", "s", {"t"}, std::chrono::hours(24), 3, "03:00"});
}
static const std::set<std::string> operations = {
    "add",          "query",      "list",        "start",          "pause",
    "remove",       "set_fail_mode", "list_by_table", "info",       "create_table",
    "wait_ready",   "drop_table", "recall_table", "list_tables",   "describe_table",
    "add_backup_policy", "check_remote_cluster"};

static std::set<std::string> of(const parity &table, const std::string &section) {
    std::set<std::string> names;
    for (int i = 0; i < table.count; ++i) {
        if (table.entries[i].section == section) {
            names.insert(table.entries[i].name);
        }
    }
    return names;
}

int main() {
    const parity table = parity_read();
    same<pd::error_kind>(table, "errors");
    same<pd::evidence>(table, "evidence");
    same<pd::status>(table, "statuses");
    same<pd::fail_mode>(table, "fail_modes");
    same<pd::generation>(table, "generations");
    same<pd::mode>(table, "modes");
    same<pd::tables>(table, "match_types");
    same<pd::value_type>(table, "value_types");
    same<pd::log_level>(table, "log_levels");
    CHECK(of(table, "outcomes") == outcomes);
    CHECK(of(table, "operations") == operations);
    return checks_result();
}
