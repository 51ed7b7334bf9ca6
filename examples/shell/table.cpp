#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iomanip>

namespace shell {

void table::print(std::ostream &to, bool right) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto &row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    for (const auto &row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            to << (i == 0 ? "" : "  ") << (right && i > 0 ? std::right : std::left)
               << std::setw(static_cast<int>(widths[i])) << row[i];
        }
        to << '\n';
    }
}

void table::print_json(std::ostream &to) const {
    to << '{';
    for (std::size_t row = 1; row < rows_.size(); ++row) {
        to << (row == 1 ? "" : ",") << json_text("row " + std::to_string(row - 1)) << ":{";
        for (std::size_t i = 0; i < rows_[row].size(); ++i) {
            to << (i == 0 ? "" : ",") << json_text(rows_[0][i]) << ':' << json_text(rows_[row][i]);
        }
        to << '}';
    }
    to << '}';
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
