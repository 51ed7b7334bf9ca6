/* The shell's commands on duplications. */
#pragma once

#include <pegasus_dup.hpp>

#include <string>
#include <vector>

namespace shell {

/// What commands work on.
struct context {
    const pegasus_dup::client &client;
    std::string cluster_name;
};

/// What became of a command.
enum class result {
    done,
    failed,
    /// It was called wrongly: its usage is shown.
    usage,
};

/// One command.
struct command {
    std::string name;
    std::string usage;
    result (*run)(const context &, const std::vector<std::string> &words);
};

/// All of them.
const std::vector<command> &commands();

/// An error as the shell shows one: the code or the kind, what happened, and what the server said.
std::string error_text(const pegasus_dup::error &why);

/// Says on stderr what is wrong, and returns `what`.
result complain(const std::string &text, result what);

/// The command that lists the duplications of many tables.
result dups(const context &shell, const std::vector<std::string> &words);

} // namespace shell
