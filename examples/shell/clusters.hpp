/* Reads the clusters from the configuration file of the shell. */
#pragma once

#include <istream>
#include <map>
#include <string>

namespace shell {

/// Returns the section [pegasus.clusters] of an INI file: the meta servers ("HOST:PORT,...") of each cluster by its
/// name. Ignores other sections, and lines that start with ';' or '#'.
std::map<std::string, std::string> read_clusters(std::istream &file);

} // namespace shell
