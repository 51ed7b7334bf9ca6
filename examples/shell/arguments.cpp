#include "arguments.hpp"

#include <algorithm>
#include <charconv>

namespace shell {

std::optional<std::string> arguments::parse(const std::vector<std::string> &words,
                                            const std::vector<option> &known,
                                            std::size_t most_positions) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string &word = words[i];
        if (word.size() < 2 || word[0] != '-') {
            positions_.push_back(word);
            continue;
        }
        const bool is_long = word[1] == '-';
        const auto equals = word.find('=');
        const auto name = word.substr(is_long ? 2 : 1, equals == std::string::npos
                                                           ? std::string::npos
                                                           : equals - (is_long ? 2 : 1));
        const auto found = std::find_if(known.begin(), known.end(), [&](const option &option) {
            return is_long ? option.long_name == name : std::string(1, option.short_name) == name;
        });
        if (found == known.end()) {
            return "unknown flag " + name;
        }
        if (!found->takes_value) {
            values_[found->short_name] = "";
        } else if (equals != std::string::npos) {
            values_[found->short_name] = word.substr(equals + 1);
        } else if (i + 1 < words.size()) {
            values_[found->short_name] = words[++i];
        } else {
            return "missing value of " + word;
        }
    }
    if (positions_.size() > most_positions) {
        return "too many params";
    }
    return std::nullopt;
}

std::string arguments::value(char short_name, const std::string &otherwise) const {
    const auto found = values_.find(short_name);
    return found == values_.end() ? otherwise : found->second;
}

std::optional<std::int32_t> to_number(const std::string &text) {
    std::int32_t number = 0;
    const auto *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end || number < 0) {
        return std::nullopt;
    }
    return number;
}

std::vector<std::string> to_words(const std::string &line) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = '\0';
    for (const char c : line) {
        if (quote != '\0') {
            if (c == quote) {
                quote = '\0';
            } else {
                word += c;
            }
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            if (in_word) {
                words.push_back(word);
            }
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (in_word) {
        words.push_back(word);
    }
    return words;
}

} // namespace shell
