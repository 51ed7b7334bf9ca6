/* The log of the library. */
#ifndef PEGASUS_DUP_LOG_HPP
#define PEGASUS_DUP_LOG_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "convert.hpp"

namespace pegasus_dup {

namespace detail {

/* The current log callback. */
struct log_slot {
    std::mutex lock;
    std::shared_ptr<const std::function<void(log_level, std::string_view)>> callback;

    static log_slot &instance() {
        /* The slot is never destroyed, because the threads of the library may log while the process
           ends. */
        static log_slot &slot = *new log_slot;
        return slot;
    }
};
inline void log_message(void *, std::int32_t level, const char *message) noexcept {
    auto &slot = log_slot::instance();
    std::unique_lock<std::mutex> locked(slot.lock);
    /* This keeps the callback alive, because the callback may replace itself. */
    const auto callback = slot.callback;
    locked.unlock();
    if (callback && *callback) {
        (*callback)(static_cast<log_level>(level), message);
    }
}

} // namespace detail

/// The type of a log callback. The message is valid until the callback returns.
using log_callback = std::function<void(log_level, std::string_view)>;

/// Sets the callback that receives the library's log messages, for the whole process. It replaces the
/// previous callback. An empty callback ends the log. Messages that are less important than `least` are
/// not forwarded.
///
/// The callback is called on any thread, and on several threads at once. It must not throw. A function
/// that waits for a server is refused in the callback. When set_log returns, the previous callback is
/// not running any more and is never called again, except if set_log is called in a callback. Two
/// threads must not call set_log at the same time.
inline std::optional<error> set_log(log_callback callback, log_level least = log_level::info) {
    auto &slot = detail::log_slot::instance();
    auto shared = callback ? std::make_shared<const log_callback>(std::move(callback)) : nullptr;
    const auto passed = shared ? detail::log_message : nullptr;
    {
        std::lock_guard<std::mutex> locked(slot.lock);
        /* The previous callback is destroyed after the lock is released, because its destructor may run
           any code. */
        slot.callback.swap(shared);
    }
    const auto refused = pegasus_dup_set_log(passed, static_cast<std::int32_t>(least), nullptr);
    if (refused != PEGASUS_DUP_OK) {
        std::lock_guard<std::mutex> locked(slot.lock);
        slot.callback.swap(shared);
        return detail::to_error(refused);
    }
    return std::nullopt;
}

/// Ends the log. When stop_log returns, the callback is not running any more and is destroyed. If it is
/// called in the callback, the callback is destroyed when it returns.
inline void stop_log() { set_log({}, log_level::error); }

} // namespace pegasus_dup

#endif
