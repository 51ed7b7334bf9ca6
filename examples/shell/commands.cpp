#include "commands.hpp"

#include <iostream>
#include <sstream>

#include "arguments.hpp"
#include "table.hpp"

namespace shell {
namespace {

namespace pd = pegasus_dup;

template <class... Ts> struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts> overloaded(Ts...) -> overloaded<Ts...>;

/* Describes a duplication, as the shell prints it after an add. */
std::string identity(const pd::duplication &of) {
    return "[app_name: " + of.table + ", remote_cluster_name: " + of.cluster +
           ", appid: " + std::to_string(of.table_id) + ", dupid: " + std::to_string(of.dupid);
}

std::string remote(const pd::duplication &of) {
    std::string text;
    if (of.remote_table) {
        text += ", remote_app_name: " + *of.remote_table;
    }
    if (of.remote_replica_count) {
        text += ", remote_replica_count: " + std::to_string(*of.remote_replica_count);
    }
    return text + "]";
}

void warn(const std::optional<std::string> &warning) {
    if (warning) {
        std::cout << "WARNING: " << *warning << '\n';
    }
}

void warn_unverified(const std::vector<std::string> &unverified) {
    for (const auto &property : unverified) {
        std::cout << "WARNING: " << property << " was requested, but the server does not report it\n";
    }
}

result add_dup(const context &shell, const std::vector<std::string> &words) {
    arguments given;
    const auto wrong = given.parse(
        words,
        {{'s', "sst", false}, {'a', "remote_app_name", true}, {'r', "remote_replica_count", true}},
        2);
    if (wrong) {
        return complain(*wrong, result::usage);
    }
    if (given.positions().size() < 2) {
        return complain(given.positions().empty() ? "missing param <app_name>"
                                                  : "missing param <remote_cluster_name>",
                        result::usage);
    }
    const std::string &table = given.positions()[0], &cluster = given.positions()[1];
    if (cluster == shell.cluster_name) {
        return complain("illegal operation: adding duplication to itself [remote: " + cluster + "]",
                        result::failed);
    }
    const auto remote_table = given.value('a', table);
    const auto replicas = to_number(given.value('r', "0"));
    if (!replicas) {
        return complain("parsing " + given.value('r', "") + " as a replica count failed",
                        result::usage);
    }
    pd::add_spec spec{table, cluster, remote_table, *replicas, given.has('s')};
    std::ostringstream requested;
    requested << "[app_name: " << table << ", remote_cluster_name: " << cluster
          << ", is_duplicating_checkpoint: " << (spec.checkpoint ? "true" : "false")
          << ", remote_app_name: " << remote_table << ", remote_replica_count: " << *replicas;
    std::cout << "trying to add duplication " << requested.str() << "]\n";

    return std::visit(
        overloaded{
            [&](const pd::created &made) {
                std::cout << "adding duplication succeed " << identity(made.value)
                          << ", is_duplicating_checkpoint: " << (spec.checkpoint ? "true" : "false")
                          << remote(made.value) << '\n';
                if (!made.certain) {
                    std::cout << "WARNING: the duplication did not exist before and exists now, but "
                                 "another add at the same time may have created it\n";
                }
                warn_unverified(made.unverified);
                warn(made.warning);
                return result::done;
            },
            [&](const pd::already_exists &there) {
                std::cout << "duplication has been existing " << identity(there.existing)
                          << remote(there.existing) << '\n';
                for (const auto &difference : there.differences) {
                    std::cout << "WARNING: " << difference.field << " was requested as "
                              << difference.asked.text << ", but is " << difference.existing.text
                              << '\n';
                }
                warn_unverified(there.unverified);
                warn(there.warning);
                return there.differences.empty() ? result::done : result::failed;
            },
            [&](const pd::error &why) {
                std::cerr << "adding duplication failed " << requested.str()
                          << ", error: " << error_text(why) << "]\n";
                if (why.hint) {
                    std::cerr << "detail:\n  " << *why.hint << '\n';
                }
                return result::failed;
            },
        },
        shell.client.add(spec));
}

result query_dup(const context &shell, const std::vector<std::string> &words) {
    arguments given;
    if (const auto wrong = given.parse(words, {{'d', "detail", false}}, 1)) {
        return complain(*wrong, result::usage);
    }
    if (given.positions().empty()) {
        return complain("missing param <app_name>", result::usage);
    }
    const std::string &table_name = given.positions()[0];
    const auto outcome = shell.client.query(table_name);
    if (const auto *why = std::get_if<pd::error>(&outcome)) {
        return complain("querying duplications of app [" + table_name +
                            "] failed, error=" + error_text(*why),
                        result::failed);
    }
    const auto &found = std::get<pd::listed>(outcome).duplications;
    if (given.has('d')) {
        std::cout << "duplications of app [" << table_name << "] in detail:\n";
        for (const auto &one : found) {
            std::cout << identity(one) << ", status: " << one.status_name.value_or("-")
                      << ", fail_mode: " << one.fail_mode_name.value_or("-")
                      << ", create_ts: " << time_text(one.create_ts_ms) << remote(one) << '\n';
            for (const auto &partition : one.partitions) {
                std::cout << "  partition " << partition.index
                          << ": confirmed_decree=" << partition.confirmed_decree.value_or(-1)
                          << ", last_committed_decree="
                          << partition.last_committed_decree.value_or(-1) << '\n';
            }
        }
        return result::done;
    }
    std::cout << "duplications of app [" << table_name << "] are listed as below:\n";
    table printed({"dup_id", "status", "remote cluster", "create time"});
    for (const auto &one : found) {
        printed.add({std::to_string(one.dupid), one.status_name.value_or("-"), one.cluster,
                     time_text(one.create_ts_ms)});
    }
    printed.print(std::cout, false);
    return result::done;
}

/* Prints the result of a change. */
template <class Outcome> result show(const std::string &operation, const Outcome &outcome) {
    return std::visit(
        [&](const auto &became) {
            using became_type = std::decay_t<decltype(became)>;
            if constexpr (std::is_same_v<became_type, pd::error>) {
                return complain(operation + " failed, error=" + error_text(became), result::failed);
            } else if constexpr (std::is_same_v<became_type, pd::not_found>) {
                return complain(operation + " failed, error=ERR_OBJECT_NOT_FOUND [duplication not "
                                            "found]",
                                result::failed);
            } else {
                const bool already = std::is_same_v<became_type, pd::unchanged>;
                std::cout << operation << " succeed" << (already ? " (nothing had to be changed)" : "")
                          << '\n';
                warn(became.warning);
                return result::done;
            }
        },
        outcome);
}

/* Parses the words TABLE DUPID [more]. Prints an error if they are wrong. */
bool table_and_dupid(const std::vector<std::string> &words, std::size_t count, std::int32_t &dupid) {
    if (words.size() != count) {
        complain(words.size() < count ? "missing params" : "too many params", result::usage);
        return false;
    }
    const auto number = to_number(words[1]);
    if (!number || *number == 0) {
        complain("parsing " + words[1] + " as positive int failed", result::usage);
        return false;
    }
    dupid = *number;
    return true;
}

std::string operation_text(const char *doing, std::int32_t dupid, const std::string &table) {
    return std::string(doing) + " duplication(" + std::to_string(dupid) + ") for app " + table;
}

result start_dup(const context &shell, const std::vector<std::string> &words) {
    std::int32_t dupid = 0;
    if (!table_and_dupid(words, 2, dupid)) {
        return result::usage;
    }
    return show(operation_text("starting", dupid, words[0]), shell.client.start(words[0], dupid));
}

result pause_dup(const context &shell, const std::vector<std::string> &words) {
    std::int32_t dupid = 0;
    if (!table_and_dupid(words, 2, dupid)) {
        return result::usage;
    }
    return show(operation_text("pausing", dupid, words[0]), shell.client.pause(words[0], dupid));
}

result remove_dup(const context &shell, const std::vector<std::string> &words) {
    std::int32_t dupid = 0;
    if (!table_and_dupid(words, 2, dupid)) {
        return result::usage;
    }
    return show(operation_text("removing", dupid, words[0]), shell.client.remove(words[0], dupid));
}

result set_dup_fail_mode(const context &shell, const std::vector<std::string> &words) {
    std::int32_t dupid = 0;
    if (!table_and_dupid(words, 3, dupid)) {
        return result::usage;
    }
    if (words[2] != "slow" && words[2] != "skip") {
        return complain("fail_mode must be \"slow\" or \"skip\": " + words[2], result::usage);
    }
    const auto mode = words[2] == "slow" ? pd::fail_mode::slow : pd::fail_mode::skip;
    const auto operation = "set duplication(" + std::to_string(dupid) + ") fail_mode (" + words[2] +
                           ") for app " + words[0];
    return show(operation, shell.client.set_fail_mode(words[0], dupid, mode));
}

} // namespace

std::string error_text(const pd::error &why) {
    return why.code.value_or(std::string(to_string(why.kind))) + ": " + why.message;
}

result complain(const std::string &text, result what) {
    std::cerr << text << '\n';
    return what;
}

const std::vector<command> &commands() {
    static const std::vector<command> all = {
        {"add_dup",
         "<app_name> <remote_cluster_name> [-s|--sst] [-a|--remote_app_name str] "
         "[-r|--remote_replica_count num]",
         add_dup},
        {"query_dup", "<app_name> [-d|--detail]", query_dup},
        {"dups",
         "[-a|--app_name_pattern str] [-m|--match_type str] [-p|--list_partitions] "
         "[-g|--progress_gap num] [-u|--show_unfinishd] [-o|--output file_name] [-j|--json]",
         dups},
        {"start_dup", "<app_name> <dup_id>", start_dup},
        {"pause_dup", "<app_name> <dup_id>", pause_dup},
        {"remove_dup", "<app_name> <dup_id>", remove_dup},
        {"set_dup_fail_mode", "<app_name> <dup_id> <slow|skip>", set_dup_fail_mode},
    };
    return all;
}

} // namespace shell
