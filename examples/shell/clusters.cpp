#include "clusters.hpp"

namespace shell {
namespace {

std::string trimmed(const std::string &text) {
    const auto *blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

std::map<std::string, std::string> read_clusters(std::istream &file) {
    std::map<std::string, std::string> clusters;
    std::string line;
    bool ours = false;
    while (std::getline(file, line)) {
        line = trimmed(line);
        if (line.empty() || line[0] == ';' || line[0] == '#') {
            continue;
        }
        if (line[0] == '[') {
            ours = line == "[pegasus.clusters]";
            continue;
        }
        const auto equals = line.find('=');
        if (ours && equals != std::string::npos) {
            std::string metas;
            for (const char c : line.substr(equals + 1)) {
                if (c != ' ' && c != '\t') {
                    metas += c;
                }
            }
            clusters[trimmed(line.substr(0, equals))] = metas;
        }
    }
    return clusters;
}

} // namespace shell
