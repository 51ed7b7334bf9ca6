#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "arguments.hpp"
#include "commands.hpp"
#include "table.hpp"

namespace shell {
namespace {

namespace pd = pegasus_dup;

std::vector<std::string> titles(bool partitions) {
    std::vector<std::string> all = {"app_id",           "app_name",         "dup_id", "create_time",
                                    "status",           "follower_cluster", "follower_app_name"};
    if (partitions) {
        all.insert(all.end(), {"partition_id", "confirmed_decree", "last_committed_decree",
                               "decree_gap"});
    }
    return all;
}

std::vector<std::string> row(const pd::duplication &one) {
    return {std::to_string(one.table_id),    one.table,
            std::to_string(one.dupid),       time_text(one.create_ts_ms),
            one.status_name.value_or("-"),   one.cluster,
            one.remote_table.value_or(one.table)};
}

std::vector<std::string> row(const pd::duplication &one, const pd::partition &partition) {
    const auto confirmed = partition.confirmed_decree.value_or(-1);
    const auto committed = partition.last_committed_decree.value_or(-1);
    auto cells = row(one);
    cells.insert(cells.end(), {std::to_string(partition.index), std::to_string(confirmed),
                               std::to_string(committed), std::to_string(committed - confirmed)});
    return cells;
}

/* A partition has caught up only in DS_LOG, and then with a gap that isn't larger. */
bool unfinished(const pd::duplication &one, const pd::partition &partition, std::int64_t gap) {
    return one.status != pd::status::log || partition.last_committed_decree.value_or(-1) -
                                                    partition.confirmed_decree.value_or(-1) >
                                                gap;
}

table summary(const std::vector<pd::duplication> &found, std::int64_t gap) {
    std::set<std::int32_t> tables, unfinished_tables;
    std::map<std::int32_t, std::set<std::int32_t>> partitions, unfinished_partitions;
    std::map<std::string, std::size_t> by_status, by_cluster;
    for (const auto &one : found) {
        tables.insert(one.table_id);
        ++by_status[one.status_name.value_or("-")];
        ++by_cluster[one.cluster];
        for (const auto &partition : one.partitions) {
            partitions[one.table_id].insert(partition.index);
            if (unfinished(one, partition, gap)) {
                unfinished_tables.insert(one.table_id);
                unfinished_partitions[one.table_id].insert(partition.index);
            }
        }
    }
    const auto sum = [](const auto &of) {
        std::size_t all = 0;
        for (const auto &[table_id, ids] : of) {
            all += ids.size();
        }
        return std::to_string(all);
    };
    table printed({"summary", "count"});
    printed.add({"duplicating_app_count", std::to_string(tables.size())});
    printed.add({"unfinished_app_count", std::to_string(unfinished_tables.size())});
    printed.add({"total_duplication_count", std::to_string(found.size())});
    for (const auto &[status, count] : by_status) {
        printed.add({"duplication_count_by_status(" + status + ")", std::to_string(count)});
    }
    for (const auto &[cluster, count] : by_cluster) {
        printed.add(
            {"duplication_count_by_follower_cluster(" + cluster + ")", std::to_string(count)});
    }
    printed.add({"duplicating_partition_count", sum(partitions)});
    printed.add({"unfinished_partition_count", sum(unfinished_partitions)});
    return printed;
}

void print(std::ostream &to, const std::vector<std::pair<std::string, table>> &all, bool json) {
    if (json) {
        to << '{';
        for (std::size_t i = 0; i < all.size(); ++i) {
            to << (i == 0 ? "" : ",") << json_text(all[i].first) << ':';
            all[i].second.print_json(to);
        }
        to << "}\n";
        return;
    }
    for (const auto &[name, printed] : all) {
        to << '[' << name << "]\n";
        printed.print(to, true);
        to << '\n';
    }
}

} // namespace

result dups(const context &shell, const std::vector<std::string> &words) {
    arguments given;
    const auto wrong = given.parse(words,
                                   {{'a', "app_name_pattern", true},
                                    {'m', "match_type", true},
                                    {'p', "list_partitions", false},
                                    {'g', "progress_gap", true},
                                    {'u', "show_unfinishd", false},
                                    {'o', "output", true},
                                    {'j', "json", false}},
                                   0);
    if (wrong) {
        return complain(*wrong, result::usage);
    }
    static const std::map<std::string, pd::tables> match_types = {
        {"all", pd::tables::all},       {"exact", pd::tables::exact},
        {"anywhere", pd::tables::anywhere}, {"prefix", pd::tables::prefix},
        {"postfix", pd::tables::postfix},
    };
    const auto match_type = match_types.find(given.value('m', "all"));
    if (match_type == match_types.end()) {
        return complain("invalid match_type " + given.value('m', ""), result::usage);
    }
    const auto gap = to_number(given.value('g', "0"));
    if (!gap) {
        return complain("parsing " + given.value('g', "") + " as a gap failed", result::usage);
    }

    const auto outcome = shell.client.list(match_type->second, given.value('a', ""));
    if (const auto *why = std::get_if<pd::error>(&outcome)) {
        return complain("list duplications failed, error=" + error_text(*why), result::failed);
    }
    const auto &found = std::get<pd::listed>(outcome).duplications;
    const bool partitions = given.has('p');
    table listed(titles(partitions)), behind(titles(true));
    for (const auto &one : found) {
        if (!partitions) {
            listed.add(row(one));
        }
        for (const auto &partition : one.partitions) {
            if (partitions) {
                listed.add(row(one, partition));
            }
            if (unfinished(one, partition, *gap)) {
                behind.add(row(one, partition));
            }
        }
    }
    std::vector<std::pair<std::string, table>> all = {{"duplications", listed},
                                                      {"summary", summary(found, *gap)}};
    if (given.has('u')) {
        all.emplace_back("unfinished", behind);
    }
    const auto file_name = given.value('o', "");
    if (file_name.empty()) {
        print(std::cout, all, given.has('j'));
        return result::done;
    }
    std::ofstream file(file_name);
    print(file, all, given.has('j'));
    file.close();
    return file ? result::done : complain("writing " + file_name + " failed", result::failed);
}

} // namespace shell
