#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
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

/* A partition has caught up only if the status is DS_LOG and the gap is not larger than `gap`. */
bool unfinished(const pd::duplication &one, const pd::partition &partition, std::int64_t gap) {
    return one.status != pd::status::log || partition.last_committed_decree.value_or(-1) -
                                                    partition.confirmed_decree.value_or(-1) >
                                                gap;
}

/* Returns the total number of partitions, or "-" if the server did not report the number for a table. */
std::string total_partitions(const std::vector<pd::table_duplications> &tables) {
    std::int64_t total = 0;
    for (const auto &table : tables) {
        if (!table.partition_count) {
            return "-";
        }
        total += *table.partition_count;
    }
    return std::to_string(total);
}

pairs summary(const std::vector<pd::table_duplications> &tables, std::int64_t gap) {
    std::size_t duplicating = 0, unfinished_tables = 0, duplications = 0, partitions = 0,
                unfinished_partitions = 0;
    std::map<std::string, std::size_t> by_status, by_cluster;
    for (const auto &table : tables) {
        std::set<std::int32_t> of_table, unfinished_of_table;
        for (const auto &one : table.duplications) {
            ++by_status[one.status_name.value_or("-")];
            ++by_cluster[one.cluster];
            for (const auto &partition : one.partitions) {
                of_table.insert(partition.index);
                if (unfinished(one, partition, gap)) {
                    unfinished_of_table.insert(partition.index);
                }
            }
        }
        duplicating += table.duplications.empty() ? 0 : 1;
        unfinished_tables += unfinished_of_table.empty() ? 0 : 1;
        duplications += table.duplications.size();
        partitions += of_table.size();
        unfinished_partitions += unfinished_of_table.size();
    }
    pairs printed;
    printed.add("total_app_count", std::to_string(tables.size()));
    printed.add("duplicating_app_count", std::to_string(duplicating));
    printed.add("unfinished_app_count", std::to_string(unfinished_tables));
    printed.add("total_duplication_count", std::to_string(duplications));
    for (const auto &[status, count] : by_status) {
        printed.add("duplication_count_by_status(" + status + ")", std::to_string(count));
    }
    for (const auto &[cluster, count] : by_cluster) {
        printed.add("duplication_count_by_follower_cluster(" + cluster + ")",
                    std::to_string(count));
    }
    printed.add("total_partition_count", total_partitions(tables));
    printed.add("duplicating_partition_count", std::to_string(partitions));
    printed.add("unfinished_partition_count", std::to_string(unfinished_partitions));
    return printed;
}

/* Prints the result of the command. `behind` is printed only if it was requested. */
struct report {
    table duplications;
    pairs summary;
    std::optional<table> behind;
};

void print_text(std::ostream &to, const report &of) {
    to << "[duplications]\n";
    of.duplications.print(to, true);
    to << "\n[summary]\n";
    of.summary.print(to);
    if (of.behind) {
        to << "\n[unfinished]\n";
        of.behind->print(to, true);
    }
    to << '\n';
}

void print_json(std::ostream &to, const report &of) {
    to << "{\n    \"duplications\": ";
    of.duplications.print_json(to, 4);
    to << ",\n    \"summary\": ";
    of.summary.print_json(to, 4);
    if (of.behind) {
        to << ",\n    \"unfinished\": ";
        of.behind->print_json(to, 4);
    }
    to << "\n}\n";
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

    auto outcome = shell.client.list_by_table(match_type->second, given.value('a', ""));
    if (const auto *why = std::get_if<pd::error>(&outcome)) {
        return complain("list duplications failed, error=" + error_text(*why), result::failed);
    }
    auto &tables = std::get<pd::listed_by_table>(outcome).tables;
    std::sort(tables.begin(), tables.end(),
              [](const auto &a, const auto &b) { return a.table_id < b.table_id; });
    const bool partitions = given.has('p');
    table listed(titles(partitions)), behind(titles(true));
    for (const auto &table : tables) {
        for (const auto &one : table.duplications) {
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
    }
    report made{std::move(listed), summary(tables, *gap), {}};
    if (given.has('u')) {
        made.behind = std::move(behind);
    }
    const auto print = given.has('j') ? print_json : print_text;
    const auto file_name = given.value('o', "");
    if (file_name.empty()) {
        print(std::cout, made);
        return result::done;
    }
    std::ofstream file(file_name);
    print(file, made);
    file.close();
    return file ? result::done : complain("writing " + file_name + " failed", result::failed);
}

} // namespace shell
