/* Prints tables: a row of titles, then the rows. Each column is as wide as its widest cell. */
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
    /// Prints the table. The first column is aligned left, and the others too unless `right` is true.
    void print(std::ostream &to, bool right) const;
    /// Prints a JSON object on several lines, with its last brace `indent` spaces to the right. The keys are "row 0",
    /// "row 1", and so on. Each value is an object with a key for each title.
    void print_json(std::ostream &to, int indent) const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// Names with values.
class pairs {
public:
    void add(std::string name, std::string value) {
        rows_.emplace_back(std::move(name), std::move(value));
    }
    void print(std::ostream &to) const;
    /// Prints a JSON object on several lines, with its last brace `indent` spaces to the right.
    void print_json(std::ostream &to, int indent) const;

private:
    std::vector<std::pair<std::string, std::string>> rows_;
};

/// Returns the local time, such as "2024-06-12 12:34:56.123", or "-" if the server did not report the time.
std::string time_text(const std::optional<std::int64_t> &milliseconds);

/// Returns a JSON string with its quotes.
std::string json_text(const std::string &text);

} // namespace shell
