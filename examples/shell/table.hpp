/* Tables as text: a row of titles, then the rows, each column as wide as its widest cell. */
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace shell {

class table {
public:
    explicit table(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    /// The first column stands left; the others do too unless `right`.
    void print(std::ostream &to, bool right) const;
    /// As a JSON object on several lines, its end `indent` spaces to the right: "row 0", and so on,
    /// each an object with a key per title.
    void print_json(std::ostream &to, int indent) const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// Names with a value each.
class pairs {
public:
    void add(std::string name, std::string value) {
        rows_.emplace_back(std::move(name), std::move(value));
    }
    void print(std::ostream &to) const;
    /// As a JSON object on several lines, its end `indent` spaces to the right.
    void print_json(std::ostream &to, int indent) const;

private:
    std::vector<std::pair<std::string, std::string>> rows_;
};

/// The local time, "2024-06-12 12:34:56.123"; "-" for what wasn't told.
std::string time_text(const std::optional<std::int64_t> &milliseconds);

/// A JSON string, with its quotes.
std::string json_text(const std::string &text);

} // namespace shell
