/*
 * A small shell with the duplication commands of the Pegasus shell, built on pegasus_dup.hpp.
 *
 *     dup-shell [--config config.ini] [--cluster NAME] [COMMAND [WORDS...]]
 *
 * Without a command it reads commands from stdin, one on each line.
 */
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "arguments.hpp"
#include "clusters.hpp"
#include "commands.hpp"

namespace {

shell::result run(const shell::context &context, std::vector<std::string> words) {
    const std::string name = words.front();
    words.erase(words.begin());
    for (const auto &command : shell::commands()) {
        if (command.name == name) {
            const auto became = command.run(context, words);
            if (became == shell::result::usage) {
                std::cerr << "USAGE: " << command.name << ' ' << command.usage << '\n';
            }
            return became;
        }
    }
    if (name != "help") {
        std::cerr << "ERROR: invalid subcommand '" << name << "'\n";
    }
    for (const auto &command : shell::commands()) {
        std::cout << command.name << ' ' << command.usage << '\n';
    }
    return name == "help" ? shell::result::done : shell::result::usage;
}

/* Reads commands and runs them. Returns whether the last command succeeded. */
bool run_lines(const shell::context &context) {
    const bool prompt = isatty(STDIN_FILENO) != 0;
    bool done = true;
    std::string line;
    while ((prompt && std::cout << ">>> " << std::flush), std::getline(std::cin, line)) {
        const auto words = shell::to_words(line);
        if (words.empty()) {
            continue;
        }
        if (words.front() == "exit" || words.front() == "quit") {
            break;
        }
        done = run(context, words) == shell::result::done;
    }
    return done;
}

} // namespace

int main(int argc, char **argv) {
    std::string config = "config.ini", cluster = "onebox";
    std::vector<std::string> words(argv + 1, argv + argc);
    while (words.size() >= 2 && (words[0] == "--config" || words[0] == "--cluster")) {
        (words[0] == "--config" ? config : cluster) = words[1];
        words.erase(words.begin(), words.begin() + 2);
    }
    if (!words.empty() && words[0].rfind("--", 0) == 0) {
        std::cerr << "usage: " << argv[0]
                  << " [--config FILE] [--cluster NAME] [COMMAND [WORDS...]]\n";
        return 2;
    }
    std::ifstream file(config);
    if (!file) {
        std::cerr << "ERROR: cannot read " << config << '\n';
        return 2;
    }
    const auto clusters = shell::read_clusters(file);
    const auto metas = clusters.find(cluster);
    if (metas == clusters.end()) {
        std::cerr << "ERROR: no cluster '" << cluster << "' in [pegasus.clusters] of " << config
                  << '\n';
        return 2;
    }
    const auto made = pegasus_dup::client::make(metas->second);
    if (const auto *why = std::get_if<pegasus_dup::error>(&made)) {
        std::cerr << "ERROR: " << shell::error_text(*why) << '\n';
        return 2;
    }
    const shell::context context{std::get<pegasus_dup::client>(made), cluster};
    if (words.empty()) {
        return run_lines(context) ? 0 : 1;
    }
    switch (run(context, words)) {
    case shell::result::done:
        return 0;
    case shell::result::failed:
        return 1;
    default:
        return 2;
    }
}
