/*
 * An error names the resources that are known to exist. Usage: known HOST:PORT. The partitions of a new table must
 * never be ready on this server.
 */
#include <pegasus_dup.hpp>

#include <iostream>
#include <unistd.h>

#include "check.h"

namespace pd = pegasus_dup;
using namespace std::chrono_literals;

static void never_ready(const pd::client &client, const std::string &name) {
    const auto outcome = client.wait_ready(name, 500ms);
    const auto *why = std::get_if<pd::error>(&outcome);
    if (!CHECK(why != nullptr)) {
        return;
    }
    CHECK(why->kind == pd::error_kind::timeout);
    if (CHECK(why->known.size() == 1)) {
        const auto *known = std::get_if<pd::table>(&why->known[0]);
        CHECK(known != nullptr && known->table == name && known->ready_partitions == 0);
    }
    CHECK(why->json.find("\"known\":[{\"resource\":\"table\"") != std::string::npos);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " HOST:PORT\n";
        return 2;
    }
    {
        const auto name = "never_ready_" + std::to_string(getpid());
        const auto client = std::get<pd::client>(pd::client::make(argv[1]));
        CHECK(std::holds_alternative<pd::table_created>(client.create_table({name, 4})));
        never_ready(client, name);
        const auto dropped = client.drop_table({name});
        if (CHECK(std::holds_alternative<pd::table_removed>(dropped))) {
            CHECK(std::get<pd::table_removed>(dropped).was.ready_partitions == 0);
        }
    }
    return checks_result();
}
