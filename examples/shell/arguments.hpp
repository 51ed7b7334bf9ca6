/* Parses the words of a command into positional arguments, flags, and options with a value. */
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shell {

/// An option, with its short and its long name. `takes_value` says whether a value follows.
struct option {
    char short_name;
    std::string long_name;
    bool takes_value;
};

/// The parsed words of one command.
class arguments {
public:
    /// Parses the words. Returns what is wrong with them, or nothing if they are valid. The value of an option is
    /// the next word, or follows "=".
    std::optional<std::string> parse(const std::vector<std::string> &words,
                                     const std::vector<option> &known, std::size_t most_positions);

    const std::vector<std::string> &positions() const { return positions_; }
    bool has(char short_name) const { return values_.count(short_name) != 0; }
    std::string value(char short_name, const std::string &otherwise) const;

private:
    std::vector<std::string> positions_;
    std::map<char, std::string> values_;
};

/// Returns the text as a whole number that is not negative. Returns nothing if it is no such number or too large.
std::optional<std::int32_t> to_number(const std::string &text);

/// Splits a line at its blanks. Blanks inside quotes do not split it.
std::vector<std::string> to_words(const std::string &line);

} // namespace shell
