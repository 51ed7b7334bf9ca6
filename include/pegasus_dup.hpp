/*
 * pegasus-dup for C++17: adds Apache Pegasus duplications, tables and backup policies. An add or a create
 * ends in one of three outcomes: created, already_exists or error.
 *
 * This header wraps the C functions of pegasus_dup.h and needs no other library. Errors are returned
 * as values. Only two things throw an exception: pegasus_dup::or_throw, which throws an error on
 * request and does not exist with -fno-exceptions, and the standard library if it is out of memory
 * (std::bad_alloc). The result of a call holds copies of all its data, so it does not depend on the
 * client.
 */
#ifndef PEGASUS_DUP_HPP
#define PEGASUS_DUP_HPP

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "pegasus_dup.h"
#include "pegasus_dup/arguments.hpp"
#include "pegasus_dup/convert.hpp"
#include "pegasus_dup/enums.hpp"
#include "pegasus_dup/log.hpp"
#include "pegasus_dup/outcomes.hpp"
#include "pegasus_dup/requests.hpp"
#include "pegasus_dup/resources.hpp"

namespace pegasus_dup {

namespace detail {

/* The promise that the callback of a call in the background fulfils. */
template <class Outcome> struct promised {
    std::promise<Outcome> promise;
};
template <class Outcome> void fulfil(void *user_data, pegasus_dup_outcome *handle) noexcept {
    std::unique_ptr<promised<Outcome>> to(static_cast<promised<Outcome> *>(user_data));
    owned<pegasus_dup_outcome> from(handle);
    Outcome outcome{std::in_place_type<error>};
    convert_all(from.get(), outcome);
    to->promise.set_value(std::move(outcome));
}

} // namespace detail

/// A call in the background. Destroying an operation neither cancels the call nor waits for it.
template <class Outcome> class operation {
public:
    /// Returns the future of the outcome. As with every std::future, the outcome can be taken once.
    std::future<Outcome> &result() noexcept { return result_; }
    /// Waits for the outcome of the call and returns it. The outcome can be taken once.
    Outcome get() { return result_.get(); }
    /// Cancels the call, without waiting. A finished call is not affected. If nothing was sent that
    /// changes anything, the outcome is the error timeout. Otherwise it is the error outcome_unknown.
    void cancel() noexcept {
        if (handle_) {
            pegasus_dup_operation_cancel(handle_.get());
        }
    }
    /// Cancels the call, and waits until it is finished.
    void stop() noexcept {
        if (handle_) {
            pegasus_dup_operation_stop(handle_.get());
        }
    }

private:
    friend class client;
    detail::owned<pegasus_dup_operation> handle_;
    std::future<Outcome> result_;
};

/// A client of the meta servers of one cluster. Any number of threads may use a client at the same time.
/// A client can be moved; a client that was moved from must not be used.
class client {
public:
    /// Creates a client. The client does not connect to a server yet. `metas` lists the meta servers as
    /// "HOST:PORT", separated by commas.
    static std::variant<client, error> make(const std::string &metas, const options &how = {}) {
        pegasus_dup_options *made_options = nullptr;
        std::int32_t refused = pegasus_dup_options_new(&made_options);
        detail::owned<pegasus_dup_options> set(made_options);
        if (refused == PEGASUS_DUP_OK && how.timeout) {
            refused =
                pegasus_dup_options_set_timeout_ms(set.get(), detail::milliseconds(*how.timeout));
        }
        if (refused == PEGASUS_DUP_OK && how.generation) {
            refused = pegasus_dup_options_set_generation(
                set.get(), static_cast<std::int32_t>(*how.generation));
        }
        if (refused == PEGASUS_DUP_OK) {
            refused =
                pegasus_dup_options_set_mode(set.get(), static_cast<std::int32_t>(how.mode));
        }
        if (refused != PEGASUS_DUP_OK) {
            return detail::to_error(refused);
        }
        pegasus_dup_client *made = nullptr;
        pegasus_dup_outcome *said = nullptr;
        refused = pegasus_dup_client_new(metas.c_str(), set.get(), &made, &said);
        detail::owned<pegasus_dup_outcome> why(said);
        if (refused != PEGASUS_DUP_OK) {
            return why ? detail::to_error(why.get()) : detail::to_error(refused);
        }
        return client(made, how.record_history);
    }

    /* The timeout of a call is `timeout`, or the timeout of the client if `timeout` is 0. */

    /// Adds a duplication.
    add_outcome add(const add_spec &spec, std::chrono::milliseconds timeout = {}) const {
        return call<add_outcome>(detail::request_of(spec), timeout);
    }
    /// Returns the duplications of one table.
    list_outcome query(std::string_view table, std::chrono::milliseconds timeout = {}) const {
        return call<list_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_QUERY, table), timeout);
    }
    /// Returns the duplications of several tables.
    list_outcome list(tables which = tables::all, std::string_view text = {},
                      std::chrono::milliseconds timeout = {}) const {
        return call<list_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_LIST, which, text), timeout);
    }
    /// Returns the duplications of several tables, grouped by table. Tables without a duplication are
    /// included, and the number of partitions of each table is reported.
    list_by_table_outcome list_by_table(tables which = tables::all, std::string_view text = {},
                                        std::chrono::milliseconds timeout = {}) const {
        return call<list_by_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_LIST_BY_TABLE, which, text), timeout);
    }
    /// Starts a paused duplication.
    change_outcome start(std::string_view table, const selector &which,
                         std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_START, table, which), timeout);
    }
    /// Pauses a duplication.
    change_outcome pause(std::string_view table, const selector &which,
                         std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_PAUSE, table, which), timeout);
    }
    /// Removes a duplication.
    remove_outcome remove(std::string_view table, const selector &which,
                          std::chrono::milliseconds timeout = {}) const {
        return call<remove_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_REMOVE, table, which),
                                    timeout);
    }
    /// Sets the fail mode of a duplication.
    change_outcome set_fail_mode(std::string_view table, const selector &which, fail_mode mode,
                                 std::chrono::milliseconds timeout = {}) const {
        return call<change_outcome>(detail::request_of(table, which, mode), timeout);
    }

    /// Describes the meta servers: which of them can be reached, which of them is the leader, and the
    /// version and the generation of the leader.
    info_outcome info(std::chrono::milliseconds timeout = {}) const {
        return call<info_outcome>(detail::request(PEGASUS_DUP_OPERATION_INFO), timeout);
    }

    /// Creates a table. A table that was created has no replicas yet: see wait_ready.
    create_table_outcome create_table(const table_spec &spec,
                                      std::chrono::milliseconds timeout = {}) const {
        return call<create_table_outcome>(detail::request_of(spec), timeout);
    }
    /// Waits until each partition of a table has its primary and enough secondaries, and returns the
    /// table. If the table is not ready in time, the outcome is the error timeout, whose message says
    /// which partitions lack replicas.
    describe_table_outcome wait_ready(std::string_view table,
                                      std::chrono::milliseconds timeout = {}) const {
        return call<describe_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_WAIT_READY, table), timeout);
    }
    /// Drops a table. The table can be recalled until its reserve time ends.
    drop_table_outcome drop_table(const drop_spec &spec,
                                  std::chrono::milliseconds timeout = {}) const {
        return call<drop_table_outcome>(detail::request_of(spec), timeout);
    }
    /// Recalls a dropped table by its id. A table that is available already is not changed.
    recall_table_outcome recall_table(const recall_spec &spec,
                                      std::chrono::milliseconds timeout = {}) const {
        return call<recall_table_outcome>(detail::request_of(spec), timeout);
    }
    /// Returns several tables.
    list_tables_outcome list_tables(const table_selection &selection = {},
                                    std::chrono::milliseconds timeout = {}) const {
        return call<list_tables_outcome>(detail::request_of(selection), timeout);
    }
    /// Returns the table of this name that is not dropped, with the replicas of each partition.
    describe_table_outcome describe_table(std::string_view table,
                                          std::chrono::milliseconds timeout = {}) const {
        return call<describe_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_DESCRIBE_TABLE, table), timeout);
    }

    /// Adds a backup policy. No server removes a policy: a policy can only be disabled. The outcome
    /// created is never certain, because servers also return ERR_OK to an add that had no effect.
    add_backup_policy_outcome add_backup_policy(const backup_policy_spec &spec,
                                                std::chrono::milliseconds timeout = {}) const {
        return call<add_backup_policy_outcome>(detail::request_of(spec), timeout);
    }

    /// Returns whether the leader accepts a remote cluster as the target of duplications. Sends an add for
    /// a table that does not exist, which every server refuses, so nothing is created. An error means that
    /// the state is not known.
    check_remote_cluster_outcome check_remote_cluster(std::string_view cluster,
                                                      std::chrono::milliseconds timeout = {}) const {
        return call<check_remote_cluster_outcome>(detail::request_of_cluster(cluster), timeout);
    }

    /* These functions start the same calls in the background. */

    operation<add_outcome> add_async(const add_spec &spec,
                                     std::chrono::milliseconds timeout = {}) const {
        return submit<add_outcome>(detail::request_of(spec), timeout);
    }
    operation<list_outcome> query_async(std::string_view table,
                                        std::chrono::milliseconds timeout = {}) const {
        return submit<list_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_QUERY, table), timeout);
    }
    operation<list_outcome> list_async(tables which = tables::all, std::string_view text = {},
                                       std::chrono::milliseconds timeout = {}) const {
        return submit<list_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_LIST, which, text), timeout);
    }
    operation<list_by_table_outcome> list_by_table_async(
        tables which = tables::all, std::string_view text = {},
        std::chrono::milliseconds timeout = {}) const {
        return submit<list_by_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_LIST_BY_TABLE, which, text), timeout);
    }
    operation<change_outcome> start_async(std::string_view table, const selector &which,
                                          std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_START, table, which),
                                      timeout);
    }
    operation<change_outcome> pause_async(std::string_view table, const selector &which,
                                          std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_PAUSE, table, which),
                                      timeout);
    }
    operation<remove_outcome> remove_async(std::string_view table, const selector &which,
                                           std::chrono::milliseconds timeout = {}) const {
        return submit<remove_outcome>(detail::request_of(PEGASUS_DUP_OPERATION_REMOVE, table, which),
                                      timeout);
    }
    operation<change_outcome> set_fail_mode_async(std::string_view table, const selector &which,
                                                  fail_mode mode,
                                                  std::chrono::milliseconds timeout = {}) const {
        return submit<change_outcome>(detail::request_of(table, which, mode), timeout);
    }

    operation<info_outcome> info_async(std::chrono::milliseconds timeout = {}) const {
        return submit<info_outcome>(detail::request(PEGASUS_DUP_OPERATION_INFO), timeout);
    }

    operation<create_table_outcome> create_table_async(const table_spec &spec,
                                                       std::chrono::milliseconds timeout = {}) const {
        return submit<create_table_outcome>(detail::request_of(spec), timeout);
    }
    operation<describe_table_outcome> wait_ready_async(std::string_view table,
                                                       std::chrono::milliseconds timeout = {}) const {
        return submit<describe_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_WAIT_READY, table), timeout);
    }
    operation<drop_table_outcome> drop_table_async(const drop_spec &spec,
                                                   std::chrono::milliseconds timeout = {}) const {
        return submit<drop_table_outcome>(detail::request_of(spec), timeout);
    }
    operation<recall_table_outcome> recall_table_async(const recall_spec &spec,
                                                       std::chrono::milliseconds timeout = {}) const {
        return submit<recall_table_outcome>(detail::request_of(spec), timeout);
    }
    operation<list_tables_outcome> list_tables_async(const table_selection &selection = {},
                                                     std::chrono::milliseconds timeout = {}) const {
        return submit<list_tables_outcome>(detail::request_of(selection), timeout);
    }
    operation<describe_table_outcome> describe_table_async(
        std::string_view table, std::chrono::milliseconds timeout = {}) const {
        return submit<describe_table_outcome>(
            detail::request_of(PEGASUS_DUP_OPERATION_DESCRIBE_TABLE, table), timeout);
    }
    operation<add_backup_policy_outcome> add_backup_policy_async(
        const backup_policy_spec &spec, std::chrono::milliseconds timeout = {}) const {
        return submit<add_backup_policy_outcome>(detail::request_of(spec), timeout);
    }

    operation<check_remote_cluster_outcome> check_remote_cluster_async(
        std::string_view cluster, std::chrono::milliseconds timeout = {}) const {
        return submit<check_remote_cluster_outcome>(detail::request_of_cluster(cluster), timeout);
    }

    /// Returns the C handle of the client, for C functions that have no C++ equivalent. The client keeps
    /// the ownership of the handle.
    const pegasus_dup_client *handle() const noexcept { return handle_.get(); }

private:
    client(pegasus_dup_client *handle, bool record_history)
        : handle_(handle), record_history_(record_history) {}

    template <class Outcome>
    Outcome call(detail::request request, std::chrono::milliseconds timeout) const {
        request.set_flag(pegasus_dup_request_set_record_history, record_history_);
        pegasus_dup_outcome *became = nullptr;
        std::int32_t refused = request.refused;
        if (refused == PEGASUS_DUP_OK) {
            refused = pegasus_dup_call(handle_.get(), request.handle.get(),
                                       detail::milliseconds(timeout), &became);
        }
        detail::owned<pegasus_dup_outcome> from(became);
        Outcome outcome{std::in_place_type<error>};
        if (refused == PEGASUS_DUP_OK) {
            detail::convert_all(from.get(), outcome);
        } else {
            outcome = detail::to_error(refused);
        }
        return outcome;
    }

    template <class Outcome>
    operation<Outcome> submit(detail::request request, std::chrono::milliseconds timeout) const {
        request.set_flag(pegasus_dup_request_set_record_history, record_history_);
        operation<Outcome> started;
        auto to = std::make_unique<detail::promised<Outcome>>();
        started.result_ = to->promise.get_future();
        std::int32_t refused = request.refused;
        if (refused == PEGASUS_DUP_OK) {
            pegasus_dup_operation *handle = nullptr;
            refused = pegasus_dup_submit(handle_.get(), request.handle.get(),
                                         detail::milliseconds(timeout), detail::fulfil<Outcome>,
                                         to.get(), &handle);
            started.handle_.reset(handle);
        }
        if (refused == PEGASUS_DUP_OK) {
            /* The callback now owns the promise. */
            (void)to.release();
        } else {
            to->promise.set_value(detail::to_error(refused));
        }
        return started;
    }

    detail::owned<pegasus_dup_client> handle_;
    bool record_history_ = false;
};

} // namespace pegasus_dup

#endif
