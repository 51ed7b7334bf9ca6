/* A command's words, parted into what the command knows: positions, flags, and options with a value. */
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shell {

/// An option: its short and its long name, and whether a value follows.
struct option {
    char short_name;
    std::string long_name;
    bool takes_value;
};

/// The words of one command.
class arguments {
public:
    /// Says what is wrong with the words, or nothing. Values follow as their own word or after "=".
    std::optional<std::string> parse(const std::vector<std::string> &words,
                                     const std::vector<option> &known, std::size_t most_positions);

    const std::vector<std::string> &positions() const { return positions_; }
    bool has(char short_name) const { return values_.count(short_name) != 0; }
    std::string value(char short_name, const std::string &otherwise) const;

private:
    std::vector<std::string> positions_;
    std::map<char, std::string> values_;
};

/// A whole number that isn't negative and fits; nothing for any other text.
std::optional<std::int32_t> to_number(const std::string &text);

/// Parts a line at its blanks; quotes hold blanks together.
std::vector<std::string> to_words(const std::string &line);

} // namespace shell
