/*
 * Tests the outcomes of the C++ header, of blocking calls and of calls in the background.
 * Usage: kinds HOST:PORT. The server needs a table "cpp" without duplications and a remote cluster "target".
 */
#include <pegasus_dup.hpp>

#include <atomic>
#include <cstring>
#include <iostream>
#include <thread>

#include "check.h"
#include "silent.h"

namespace pd = pegasus_dup;
using namespace std::chrono_literals;

template <class... Ts> struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts> overloaded(Ts...) -> overloaded<Ts...>;

static std::string describe(const pd::add_outcome &outcome) {
    return std::visit(
        overloaded{
            [](const pd::created &made) { return "created " + made.value.table; },
            [](const pd::already_exists &there) {
                return "already exists, differences " + std::to_string(there.differences.size());
            },
            [](const pd::error &why) { return "error " + std::string(to_string(why.kind)); },
        },
        outcome);
}

static std::int32_t three_kinds(const pd::client &client) {
    const auto first = client.add({"cpp", "target", "elsewhere", 3});
    CHECK(describe(first) == "created cpp");
    const auto *made = std::get_if<pd::created>(&first);
    if (!CHECK(made != nullptr)) {
        return 0;
    }
    CHECK(made->certain && made->evidence == pd::evidence::server_said_so);
    CHECK(made->value.remote_table == "elsewhere" && made->value.remote_replica_count == 3);

    const auto second = client.add({"cpp", "target"});
    CHECK(describe(second) == "already exists, differences 1");
    if (const auto *there = std::get_if<pd::already_exists>(&second)) {
        CHECK(there->existing.dupid == made->value.dupid);
        CHECK(there->differences.at(0).field == "remote_table");
        CHECK(there->differences.at(0).asked.type == pd::value_type::text);
        CHECK(there->differences.at(0).asked.text == "cpp");
        CHECK(there->differences.at(0).existing.text == "elsewhere");
        CHECK(there->existing.create_ts_ms.value_or(0) > 0);
        CHECK(there->existing.status.has_value() && there->existing.status_name.has_value());
    }
    CHECK(made->unverified.empty());
    const auto third = client.add({"cpp", "target", "elsewhere", 3, true});
    CHECK(describe(third) == "already exists, differences 0");
    if (const auto *there = std::get_if<pd::already_exists>(&third)) {
        CHECK(there->unverified == std::vector<std::string>{"checkpoint"});
    }
    CHECK(describe(client.add({"no_such_table", "target"})) == "error table_not_found");
    return made->value.dupid;
}

static void the_rest(const pd::client &client, std::int32_t dupid) {
    const auto found = client.query("cpp");
    CHECK(std::holds_alternative<pd::listed>(found));
    CHECK(std::get<pd::listed>(found).duplications.size() == 1);
    CHECK(std::get<pd::listed>(found).duplications.at(0).dupid == dupid);
    const auto listed = client.list(pd::tables::prefix, "cp");
    CHECK(std::get<pd::listed>(listed).duplications.size() == 1);

    for (const auto &outcome : {client.list_by_table(pd::tables::exact, "cpp"),
                                client.list_by_table_async(pd::tables::exact, "cpp").get()}) {
        const auto *by_table = std::get_if<pd::listed_by_table>(&outcome);
        if (CHECK(by_table != nullptr && by_table->tables.size() == 1)) {
            const auto &table = by_table->tables.front();
            CHECK(table.table == "cpp" && table.table_id > 0 && table.partition_count == 8);
            CHECK(table.duplications.size() == 1 && table.duplications.at(0).dupid == dupid);
            CHECK(by_table->json.find("\"partition_count\":8,") != std::string::npos);
        }
    }
    const auto all = client.list_by_table();
    if (const auto *by_table = std::get_if<pd::listed_by_table>(&all)) {
        std::size_t without = 0;
        for (const auto &table : by_table->tables) {
            without += table.duplications.empty() ? 1 : 0;
        }
        CHECK(without > 0 && without < by_table->tables.size());
    }

    for (const auto &outcome : {client.info(), client.info_async().get()}) {
        const auto *info = std::get_if<pd::cluster_info>(&outcome);
        if (CHECK(info != nullptr && info->servers.size() == 1)) {
            CHECK(info->leader == info->servers.at(0).server);
            CHECK(info->servers.at(0).role == "leader" && !info->servers.at(0).detail);
            CHECK(info->generation == pd::generation::dup_exist && info->known_by == "list_rpc");
            CHECK(info->version.has_value() && !info->warning);
            CHECK(info->cluster_name == "onebox");
            CHECK(info->json.find("\"known_by\":\"list_rpc\"") != std::string::npos);
        }
    }

    for (const auto &outcome :
         {client.check_remote_cluster("target"), client.check_remote_cluster_async("target").get()}) {
        const auto *found = std::get_if<pd::checked_remote_cluster>(&outcome);
        if (CHECK(found != nullptr)) {
            CHECK(found->value.cluster == "target" && found->value.state == "configured");
            CHECK(!found->value.hint && found->json.find("remote_cluster") != std::string::npos);
        }
    }
    const auto own = client.check_remote_cluster("onebox");
    if (CHECK(std::holds_alternative<pd::checked_remote_cluster>(own))) {
        const auto &found = std::get<pd::checked_remote_cluster>(own).value;
        CHECK(found.state == "own_cluster" && found.hint.has_value());
    }

    const auto mode = client.set_fail_mode("cpp", dupid, pd::fail_mode::skip);
    CHECK(std::holds_alternative<pd::changed>(mode));
    if (const auto *change = std::get_if<pd::changed>(&mode)) {
        CHECK(change->before.fail_mode == pd::fail_mode::slow);
        CHECK(change->after.fail_mode == pd::fail_mode::skip);
        CHECK(change->after.fail_mode_name == "FAIL_SKIP");
    }
    CHECK(std::holds_alternative<pd::unchanged>(
        client.set_fail_mode("cpp", "target", pd::fail_mode::skip)));

    const auto gone = client.remove("cpp", "target");
    if (CHECK(std::holds_alternative<pd::removed>(gone))) {
        const auto &removed = std::get<pd::removed>(gone);
        CHECK(removed.was.dupid == dupid);
        CHECK(removed.certain && removed.evidence == pd::evidence::server_said_so);
    }
    CHECK(std::holds_alternative<pd::not_found>(client.remove("cpp", "target")));
}

static void in_the_background(const pd::client &client) {
    auto added = client.add_async({"cpp", "target"});
    CHECK(describe(added.get()) == "created cpp");
    CHECK(std::holds_alternative<pd::listed>(client.query_async("cpp").get()));
    /* The operation is destroyed before its outcome is known. */
    auto removed = std::move(client.remove_async("cpp", "target").result());
    CHECK(std::holds_alternative<pd::removed>(removed.get()));
}

static void cancelled(const std::string &silent) {
    const auto made = pd::client::make(silent);
    const auto &client = std::get<pd::client>(made);
    auto added = client.add_async({"cpp", "target"}, 1min);
    CHECK(added.result().wait_for(50ms) == std::future_status::timeout);
    added.cancel();
    CHECK(describe(added.get()) == "error timeout");
    const auto late = client.query("cpp", 50ms);
    CHECK(std::holds_alternative<pd::error>(late));
    /* The outcome of a stopped operation is available at once. */
    auto stopped = client.add_async({"cpp", "target"}, 1min);
    stopped.stop();
    CHECK(stopped.result().wait_for(0ms) == std::future_status::ready);
    CHECK(describe(stopped.get()) == "error timeout");
}

/* Makes the first call of a client, which looks for the leader and logs it at the level debug. */
static void first_call(const std::string &address) {
    const auto made = pd::client::make(address);
    CHECK(std::holds_alternative<pd::listed>(std::get<pd::client>(made).query("cpp")));
}

static void logged(const std::string &address) {
    std::atomic<int> messages{0}, others{0};
    const auto held = std::make_shared<int>(0);
    const auto count = [&messages, held](pd::log_level level, std::string_view message) {
        CHECK(level >= pd::log_level::error && level <= pd::log_level::trace);
        CHECK(!message.empty());
        ++messages;
    };
    CHECK(!pd::set_log(count, pd::log_level::error));
    first_call(address);
    CHECK(messages == 0);
    CHECK(!pd::set_log(count, pd::log_level::debug));
    first_call(address);
    CHECK(messages > 0);
    /* This callback replaces itself, together with everything that it owns. */
    CHECK(!pd::set_log([&others, held](pd::log_level, std::string_view) {
        CHECK(!pd::set_log([&others, held](pd::log_level, std::string_view) { others += 100; },
                           pd::log_level::trace));
        ++others;
    }, pd::log_level::trace));
    const int before = messages;
    first_call(address);
    first_call(address);
    CHECK(others > 100 && others % 100 > 0);
    CHECK(messages == before);
    pd::stop_log();
    const int after = others;
    first_call(address);
    CHECK(others == after);
    /* Only this function and `count` still own `held`. */
    CHECK(held.use_count() == 2);
    CHECK(pd::set_log(count, static_cast<pd::log_level>(0)).has_value());
    pd::stop_log();
}

/* The JSON of an outcome contains the name of the outcome. */
template <class Outcome> static bool json_names(const Outcome &outcome, const std::string &name) {
    return std::visit(
        [&name](const auto &became) {
            return became.json.rfind("{\"outcome\":\"" + name + "\",", 0) == 0;
        },
        outcome);
}

static void json(const pd::client &client) {
    CHECK(json_names(client.add({"cpp", "target"}), "created"));
    CHECK(json_names(client.add_async({"cpp", "target"}).get(), "already_exists"));
    CHECK(json_names(client.pause("cpp", "target"), "changed"));
    CHECK(json_names(client.pause("cpp", "target"), "unchanged"));
    CHECK(json_names(client.query("cpp"), "listed"));
    CHECK(json_names(client.remove("cpp", "target"), "removed"));
    CHECK(json_names(client.remove("cpp", "target"), "error"));
    CHECK(json_names(client.query("no_such_table"), "error"));
    /* Neither of these calls reaches a server. */
    CHECK(json_names(client.query("cpp\xff"), "error"));
    const auto nobody = pd::client::make("nonsense");
    CHECK(std::get<pd::error>(nobody).json.rfind("{\"outcome\":\"error\",", 0) == 0);
    CHECK(std::get<pd::listed>(client.query("cpp")).json.empty());
}

/* Every integer is a dupid, including 0 and integers of more than 32 bits. A text is a cluster. */
static void selectors(const pd::client &client) {
    const auto why = [&client](const pd::selector &which) {
        const auto outcome = client.remove("cpp", which);
        const auto *error = std::get_if<pd::error>(&outcome);
        return error == nullptr ? std::string() : error->message;
    };
    CHECK(why(0).find("dupid=0") != std::string::npos);
    CHECK(why(0L).find("dupid=0") != std::string::npos);
    CHECK(why(0U).find("dupid=0") != std::string::npos);
    CHECK(why(-1).find("dupid=-1") != std::string::npos);
    CHECK(!why(std::int64_t{1} << 32).empty());
    CHECK(!why(UINT64_MAX).empty());
    CHECK(why("").find("remote cluster") != std::string::npos);
    CHECK(why(std::string("target")).empty());
    static_assert(!std::is_constructible_v<pd::selector, std::nullptr_t>);
    static_assert(!std::is_constructible_v<pd::selector, bool>);
}

/* Makes the call with the types of the Pegasus shell, as examples/shell/README.md describes it. */
static pd::add_outcome shell_add(const pd::client &client, const std::string &app_name,
                                 const std::string &remote_cluster_name,
                                 const std::string &remote_app_name,
                                 std::uint32_t remote_replica_count,
                                 bool is_duplicating_checkpoint) {
    return client.add({app_name, remote_cluster_name, remote_app_name, remote_replica_count,
                       is_duplicating_checkpoint});
}

static void refusals(const pd::client &client) {
    const auto nobody = pd::client::make("nonsense");
    CHECK(std::holds_alternative<pd::error>(nobody));
    CHECK(std::get<pd::error>(nobody).kind == pd::error_kind::invalid_argument);
    pd::options wrong;
    wrong.timeout = -1ms;
    CHECK(std::holds_alternative<pd::error>(pd::client::make("127.0.0.1:1", wrong)));
    CHECK(describe(client.add({"cpp\xff", "target"})) == "error invalid_argument");
    CHECK(describe(client.add({"cpp", "target"}, -1ms)) == "error invalid_argument");
    CHECK(describe(client.add_async({"cpp\xff", "target"}).get()) == "error invalid_argument");
    CHECK(describe(client.add({std::string_view(), std::string_view()})) ==
          "error invalid_argument");
    CHECK(describe(client.add({"cpp", "target", "elsewhere", std::int64_t{1} << 32})) ==
          "error invalid_argument");
    selectors(client);
    bool thrown = false;
    try {
        pd::or_throw(client.query("no_such_table"));
    } catch (const pd::exception &why) {
        thrown = why.error().kind == pd::error_kind::table_not_found && std::strlen(why.what()) > 0;
    }
    CHECK(thrown);
    CHECK(std::holds_alternative<pd::listed>(pd::or_throw(client.query("cpp"))));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " HOST:PORT\n";
        return 2;
    }
    char silent[64];
    const int listener = silent_server(silent, sizeof silent);
    {
        pd::options how;
        how.timeout = 20s;
        auto made = pd::client::make(argv[1], how);
        if (!CHECK(std::holds_alternative<pd::client>(made))) {
            return checks_result();
        }
        const pd::client client = std::move(std::get<pd::client>(made));
        /* A client that was moved from refuses calls. */
        CHECK(std::holds_alternative<pd::error>(std::get<pd::client>(made).query("cpp")));
        the_rest(client, three_kinds(client));
        in_the_background(client);
        json(client);
        CHECK(describe(shell_add(client, "cpp", "target", "elsewhere", 3, false)) == "created cpp");
        CHECK(std::holds_alternative<pd::removed>(client.remove("cpp", "target")));
        cancelled(silent);
        logged(argv[1]);
        refusals(client);
    }
    close(listener);
    return checks_result();
}
