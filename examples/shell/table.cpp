#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace shell {

namespace {

/* Prints values by name. The content of the braces is indented by four more spaces. */
using fields = std::vector<std::pair<std::string, std::string>>;

void print_object(std::ostream &to, const fields &of, int indent) {
    if (of.empty()) {
        to << "{}";
        return;
    }
    const char *before = "{\n";
    for (const auto &[name, value] : of) {
        to << before << std::string(indent + 4, ' ') << json_text(name) << ": " << value;
        before = ",\n";
    }
    to << '\n' << std::string(indent, ' ') << '}';
}

} // namespace

void table::print(std::ostream &to, bool right) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto &row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    for (const auto &row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            to << (right && i > 0 ? std::right : std::left)
               << std::setw(static_cast<int>(widths[i] + 2)) << row[i];
        }
        to << '\n';
    }
}

void table::print_json(std::ostream &to, int indent) const {
    fields rows;
    for (std::size_t row = 1; row < rows_.size(); ++row) {
        fields cells;
        for (std::size_t i = 0; i < rows_[row].size(); ++i) {
            cells.emplace_back(rows_[0][i], json_text(rows_[row][i]));
        }
        std::ostringstream object;
        print_object(object, cells, indent + 4);
        rows.emplace_back("row " + std::to_string(row - 1), object.str());
    }
    print_object(to, rows, indent);
}

void pairs::print(std::ostream &to) const {
    std::size_t names = 0, values = 0;
    for (const auto &[name, value] : rows_) {
        names = std::max(names, name.size());
        values = std::max(values, value.size());
    }
    for (const auto &[name, value] : rows_) {
        to << std::left << std::setw(static_cast<int>(names + 2)) << name << ": "
           << std::setw(static_cast<int>(values)) << value << '\n';
    }
}

void pairs::print_json(std::ostream &to, int indent) const {
    fields values;
    for (const auto &[name, value] : rows_) {
        values.emplace_back(name, json_text(value));
    }
    print_object(to, values, indent);
}

std::string time_text(const std::optional<std::int64_t> &milliseconds) {
    if (!milliseconds) {
        return "-";
    }
    const std::time_t seconds = static_cast<std::time_t>(*milliseconds / 1000);
    std::tm local{};
    char text[64];
    localtime_r(&seconds, &local);
    const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    std::snprintf(text + length, sizeof text - length, ".%03d",
                  static_cast<int>(*milliseconds % 1000));
    return text;
}

std::string json_text(const std::string &text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            json += escaped;
        } else {
            json += c;
        }
    }
    return json + '"';
}

} // namespace shell
