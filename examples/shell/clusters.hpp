/* The clusters that the shell's configuration file names. */
#pragma once

#include <istream>
#include <map>
#include <string>

namespace shell {

/// Cluster name => its meta servers, "HOST:PORT,...": the section [pegasus.clusters] of an INI file.
/// Other sections, and lines that start with ';' or '#', are passed over.
std::map<std::string, std::string> read_clusters(std::istream &file);

} // namespace shell
