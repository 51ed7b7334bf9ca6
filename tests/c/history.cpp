/*
 * Tests the history of a call in C++.
 * Usage: history HOST:PORT
 */
#include <iostream>
#include <pegasus_dup.hpp>
#include <string>
#include <utility>
#include <variant>

#include "check.h"

namespace pd = pegasus_dup;

static pd::client client_of(const std::string &address, bool record_history) {
    pd::options how;
    how.record_history = record_history;
    return std::get<pd::client>(pd::client::make(address, how));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " HOST:PORT\n";
        return 2;
    }
    {
        const auto plain = client_of(argv[1], false);
        CHECK(!std::get<pd::listed>(plain.query("temp")).history);

        auto made = client_of(argv[1], true);
        const auto client = std::move(made);
        const auto found = std::get<pd::listed>(client.query("temp")).history;
        if (CHECK(found && !found->entries.empty())) {
            const auto &last = found->entries.back();
            CHECK(last.keys.at(0) == "entry" && last.values.at(0).text == "conclusion");
            CHECK(found->text.find("\nconclusion: listed: count=") != std::string::npos);
            CHECK(found->json.rfind("{\"entry\":", 0) == 0);
        }
        /* An error has the history, too. */
        const auto missing = std::get<pd::error>(client.query_async("no_such_table").get());
        if (CHECK(missing.history.has_value())) {
            CHECK(missing.history->text.find("\nconclusion: error: " + missing.message) !=
                  std::string::npos);
        }
    }
    return checks_result();
}
