/* The duplication commands of the shell. */
#pragma once

#include <pegasus_dup.hpp>

#include <string>
#include <vector>

namespace shell {

/// The cluster on which the commands work.
struct context {
    const pegasus_dup::client &client;
    std::string cluster_name;
};

/// The result of a command.
enum class result {
    done,
    failed,
    /// The arguments were wrong. The shell then shows the usage.
    usage,
};

/// A command of the shell.
struct command {
    std::string name;
    std::string usage;
    result (*run)(const context &, const std::vector<std::string> &words);
};

/// Returns all commands.
const std::vector<command> &commands();

/// Returns an error as the shell prints it: the code or the kind, and the message.
std::string error_text(const pegasus_dup::error &why);

/// Prints `text` to stderr, and returns `what`.
result complain(const std::string &text, result what);

/// Runs the command that lists the duplications of many tables.
result dups(const context &shell, const std::vector<std::string> &words);

} // namespace shell
