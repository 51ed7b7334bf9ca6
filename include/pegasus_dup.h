/*
 * pegasus-dup: adds Apache Pegasus duplications and says what happened: CREATED, ALREADY_EXISTS or ERROR.
 *
 * Generated from src/capi by cbindgen; don't edit it.
 *
 * How to read this header
 *
 * - A function that returns int32_t and can refuse returns a status: PEGASUS_DUP_OK, or why it did
 *   nothing. It writes its outputs only with PEGASUS_DUP_OK, unless said otherwise.
 * - Every handle has one owner. What a function puts where an output points to is the caller's, to be
 *   freed once with the _free function of its type. What a function returns as a pointer to const is
 *   lent: it belongs to the handle it was asked of, and is valid until that is freed.
 * - The _free functions take NULL, and neither wait nor send anything. Handles may be freed in any order.
 * - Texts given are UTF-8, ended by a NUL, or of a given length (the functions that end in _n), and need
 *   to stay only during the call. Texts returned are UTF-8, ended by a NUL.
 * - Pointers are NULL or point to what their type says. NULL is looked for everywhere; where it isn't
 *   allowed the status is PEGASUS_DUP_NULL_ARGUMENT, and what is asked of NULL is PEGASUS_DUP_NOT_TOLD, 0
 *   or NULL. Outputs of one call must not be the same.
 * - Numbers that stand for something are taken and given as integers, so that a newer library can give
 *   some that this header doesn't know: leave room for them in a switch.
 * - Times are milliseconds. A function may be called from any thread; each type says what may be done to
 *   one handle at the same time.
 */

#ifndef PEGASUS_DUP_H
#define PEGASUS_DUP_H

#include <stddef.h>
#include <stdint.h>

/**
 * The number of this ABI, as declared by the header: compare it with what
 * `pegasus_dup_abi_version` says to learn whether header and library belong together. It grows
 * when something is added; what is there keeps its meaning for as long as the soname stays.
 */
#define PEGASUS_DUP_ABI_VERSION 1

/**
 * Status: done. Every output was written.
 */
#define PEGASUS_DUP_OK 0

/**
 * Status: an argument is NULL that mustn't be. Nothing was done, and no output was written; so it
 * is with every status that isn't 0.
 */
#define PEGASUS_DUP_NULL_ARGUMENT 1

/**
 * Status: a text is not UTF-8.
 */
#define PEGASUS_DUP_NOT_UTF8 2

/**
 * Status: an argument makes no sense: a number that isn't one of those listed, a negative timeout,
 * a request that lacks what its operation needs.
 */
#define PEGASUS_DUP_BAD_ARGUMENT 3

/**
 * Status: a defect of this library, kept from crossing into the caller. If the call was one that
 * asks a server, what became of it isn't known.
 */
#define PEGASUS_DUP_PANICKED 4

/**
 * Status: the client was made before this process was forked, and can't be used in the child. Make
 * another one there.
 */
#define PEGASUS_DUP_FORKED 5

/**
 * Status: the call in the background isn't done yet.
 */
#define PEGASUS_DUP_RUNNING 6

/**
 * Status: a thread that the library needs could not be started. Nothing was sent.
 */
#define PEGASUS_DUP_NO_THREAD 7

/**
 * Status: what would wait was called on a thread that the library's connections need: from within a
 * log callback. Nothing was done.
 */
#define PEGASUS_DUP_WRONG_THREAD 8

/**
 * Status: the log of this process goes elsewhere already, to a Rust program that links this library.
 */
#define PEGASUS_DUP_LOG_TAKEN 9

/**
 * Not told: what a number's accessor returns for something that the server didn't tell, that
 * doesn't apply, or that was asked of NULL.
 */
#define PEGASUS_DUP_NOT_TOLD -1

/**
 * Told, but by a number that this library has no name for; the text accessor shows it.
 */
#define PEGASUS_DUP_UNNAMED -2

/**
 * The outcome kind `created`. The duplication did not exist before the call, and exists now.
 */
#define PEGASUS_DUP_CREATED 0

/**
 * The outcome kind `already_exists`. The duplication existed already, and this call created
 * nothing. The differences and the unverified properties say how the existing duplication compares
 * with the request.
 */
#define PEGASUS_DUP_ALREADY_EXISTS 1

/**
 * The outcome kind `error`. The call failed. The kind of the error says what to do.
 */
#define PEGASUS_DUP_ERROR 2

/**
 * The outcome kind `listed`. A query or a list succeeded. The result may be empty.
 */
#define PEGASUS_DUP_LISTED 3

/**
 * The outcome kind `changed`. The call changed the duplication.
 */
#define PEGASUS_DUP_CHANGED 4

/**
 * The outcome kind `unchanged`. The duplication was already in the requested state, and this call
 * changed nothing.
 */
#define PEGASUS_DUP_UNCHANGED 5

/**
 * The outcome kind `removed`. The duplication existed when the call looked it up, and does not
 * exist any more.
 */
#define PEGASUS_DUP_REMOVED 6

/**
 * The outcome kind `not_found`. The duplication to be removed does not exist. Nothing was sent.
 */
#define PEGASUS_DUP_NOT_FOUND 7

/**
 * The outcome kind `info`. The outcome describes the meta servers.
 */
#define PEGASUS_DUP_INFO 8

/**
 * The resource kind `duplication`. A duplication of a table to a remote cluster.
 */
#define PEGASUS_DUP_RESOURCE_DUPLICATION 0

/**
 * The evidence `server_said_so`. Certain. A server that is proven to be of the generation
 * `dup-exist` returned ERR_OK, or any server returned ERR_DUP_EXIST.
 */
#define PEGASUS_DUP_SERVER_SAID_SO 0

/**
 * The evidence `listed_before`. Certain. The duplication was listed before the add, and nothing
 * was sent.
 */
#define PEGASUS_DUP_LISTED_BEFORE 1

/**
 * The evidence `listed_after`. Certain. The duplication that is listed after the add cannot be the
 * one that this call requested.
 */
#define PEGASUS_DUP_LISTED_AFTER 2

/**
 * The evidence `appeared_during_call`. Not certain. The duplication was not listed before the add.
 * It is listed afterwards as requested, as far as its properties can be compared. Either this call
 * or a concurrent call created it.
 */
#define PEGASUS_DUP_APPEARED_DURING_CALL 3

/**
 * The error kind `table_not_found`. The table does not exist or is not available. Check its name.
 */
#define PEGASUS_DUP_ERROR_TABLE_NOT_FOUND 1

/**
 * The error kind `duplication_not_found`. The table has no such duplication.
 */
#define PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND 2

/**
 * The error kind `remote_cluster_not_configured`. The configuration of the meta servers lacks the
 * id or the addresses of the remote cluster.
 */
#define PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED 3

/**
 * The error kind `remote_table_taken`. Another table is already duplicated to the same table of
 * the same remote cluster.
 */
#define PEGASUS_DUP_ERROR_REMOTE_TABLE_TAKEN 4

/**
 * The error kind `wrong_state`. The existing table or duplication is in a state that does not
 * allow the request.
 */
#define PEGASUS_DUP_ERROR_WRONG_STATE 5

/**
 * The error kind `invalid_argument`. The request is invalid. Correct the request.
 */
#define PEGASUS_DUP_ERROR_INVALID_ARGUMENT 6

/**
 * The error kind `unsupported`. The server would ignore or misread the request, or could crash
 * because of it. The request was not sent.
 */
#define PEGASUS_DUP_ERROR_UNSUPPORTED 7

/**
 * The error kind `permission_denied`. The access control of the server refused the request.
 */
#define PEGASUS_DUP_ERROR_PERMISSION_DENIED 8

/**
 * The error kind `busy`. Another change of the same resource is in progress. Try again later.
 */
#define PEGASUS_DUP_ERROR_BUSY 9

/**
 * The error kind `unavailable`. No meta server could take the request, and nothing was done. No
 * meta server could be reached, no meta server is ready, duplication is switched off on the
 * server, or this machine has no thread or file descriptor left for a connection. The hint says
 * which.
 */
#define PEGASUS_DUP_ERROR_UNAVAILABLE 10

/**
 * The error kind `timeout`. The timeout expired. Nothing was sent, or the request provably had no
 * effect.
 */
#define PEGASUS_DUP_ERROR_TIMEOUT 11

/**
 * The error kind `outcome_unknown`. A request was sent, and its effect is not known. The message
 * says what is known, and the hint says how to find out more.
 */
#define PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN 12

/**
 * The error kind `protocol`. The response is not one that a meta server sends.
 */
#define PEGASUS_DUP_ERROR_PROTOCOL 13

/**
 * The duplication status `DS_INIT`. The server shows the duplication but has not stored it yet. If
 * the server crashes now, the duplication is lost.
 */
#define PEGASUS_DUP_STATUS_INIT 0

/**
 * The duplication status `DS_PREPARE`. The checkpoint is being created. Servers of version 2.4 and
 * later have this status.
 */
#define PEGASUS_DUP_STATUS_PREPARE 1

/**
 * The duplication status `DS_APP`. The remote table is loading the checkpoint. Servers of version
 * 2.4 and later have this status.
 */
#define PEGASUS_DUP_STATUS_APP 2

/**
 * The duplication status `DS_LOG`. Writes are being shipped. Servers of version 2.4 and later have
 * this status.
 */
#define PEGASUS_DUP_STATUS_LOG 3

/**
 * The duplication status `DS_PAUSE`. The duplication is paused. Writes accumulate until it is
 * started.
 */
#define PEGASUS_DUP_STATUS_PAUSE 4

/**
 * The duplication status `DS_REMOVED`. The duplication is being removed. It is still listed and
 * will disappear.
 */
#define PEGASUS_DUP_STATUS_REMOVED 5

/**
 * The duplication status `DS_START`. Writes are being shipped. Servers of version 2.3 and earlier
 * have this status.
 */
#define PEGASUS_DUP_STATUS_START 6

/**
 * The fail mode `FAIL_SLOW`. Retries the write until the remote cluster accepts it. This is the
 * default.
 */
#define PEGASUS_DUP_FAIL_SLOW 0

/**
 * The fail mode `FAIL_SKIP`. Skips the write. The remote table then lacks it.
 */
#define PEGASUS_DUP_FAIL_SKIP 1

/**
 * The fail mode `FAIL_FAST`. Terminates the replica server.
 */
#define PEGASUS_DUP_FAIL_FAST 2

/**
 * The generation `freezed`. Versions 1.12 to 2.3. Field 3 of an add says whether the duplication
 * is created paused. A repeated add starts or pauses the existing duplication.
 */
#define PEGASUS_DUP_GENERATION_FREEZED 0

/**
 * The generation `checkpoint`. Versions 2.4 and 2.5. The server ignores a requested remote table
 * and replica count, and returns ERR_OK to a repeated add.
 */
#define PEGASUS_DUP_GENERATION_CHECKPOINT 1

/**
 * The generation `remote-name`. Snapshots of 2.6 before June 2024. The server returns ERR_OK and
 * an echo to a repeated add.
 */
#define PEGASUS_DUP_GENERATION_REMOTE_NAME 2

/**
 * The generation `snapshot-2.6`. A snapshot of 2.6 without the list RPC whose exact generation is
 * not known, or a server of 2.4 or later that does not report its version. Requests that only some
 * of these servers understand are not sent.
 */
#define PEGASUS_DUP_GENERATION_SNAPSHOT_2_6 3

/**
 * The generation `dup-exist`. Snapshots of 2.6 since June 2024. The server returns ERR_DUP_EXIST
 * to a repeated add if the state of the existing duplication allows it.
 */
#define PEGASUS_DUP_GENERATION_DUP_EXIST 4

/**
 * The mode `safe`. Looks for the duplication first, sends the add only if the duplication does not
 * exist, and looks for it again afterwards. This is the default.
 */
#define PEGASUS_DUP_MODE_SAFE 0

/**
 * The mode `direct`. Sends the add without looking for the duplication first, which saves a round
 * trip. The server must be proven to be of the generation `dup-exist`; otherwise the call fails
 * with `unsupported`. If the duplication exists, the add may resume it, move it from DS_APP to
 * DS_LOG, and reset its fail mode to FAIL_SLOW, until the meta server restarts. The outcome then
 * has a warning that says so. If the response is lost, a duplication that is listed may have
 * existed before, and the call fails with `outcome_unknown`.
 */
#define PEGASUS_DUP_MODE_DIRECT 1

/**
 * The match type `all`. Selects all tables.
 */
#define PEGASUS_DUP_TABLES_ALL 0

/**
 * The match type `exact`. Selects the table that has the text as its name.
 */
#define PEGASUS_DUP_TABLES_EXACT 1

/**
 * The match type `anywhere`. Selects the tables whose name contains the text.
 */
#define PEGASUS_DUP_TABLES_ANYWHERE 2

/**
 * The match type `prefix`. Selects the tables whose name starts with the text.
 */
#define PEGASUS_DUP_TABLES_PREFIX 3

/**
 * The match type `postfix`. Selects the tables whose name ends with the text.
 */
#define PEGASUS_DUP_TABLES_POSTFIX 4

/**
 * The log level `error`. Something failed that should not fail.
 */
#define PEGASUS_DUP_LOG_ERROR 1

/**
 * The log level `warn`. A person should know of the event.
 */
#define PEGASUS_DUP_LOG_WARN 2

/**
 * The log level `info`. The message describes what the library does.
 */
#define PEGASUS_DUP_LOG_INFO 3

/**
 * The log level `debug`. The message describes in detail how the library does its work.
 */
#define PEGASUS_DUP_LOG_DEBUG 4

/**
 * The log level `trace`. The message describes everything that the library does.
 */
#define PEGASUS_DUP_LOG_TRACE 5

/**
 * The operation `add`. Adds a duplication. The request needs a table and a remote cluster.
 */
#define PEGASUS_DUP_OPERATION_ADD 0

/**
 * The operation `query`. Returns the duplications of one table. The request needs a table.
 */
#define PEGASUS_DUP_OPERATION_QUERY 1

/**
 * The operation `list`. Returns the duplications of several tables. The request may select the
 * tables, and by default selects all tables.
 */
#define PEGASUS_DUP_OPERATION_LIST 2

/**
 * The operation `start`. Starts a paused duplication. The request needs a table, and either a
 * dupid or a remote cluster.
 */
#define PEGASUS_DUP_OPERATION_START 3

/**
 * The operation `pause`. Pauses a duplication. The request needs a table, and either a dupid or a
 * remote cluster.
 */
#define PEGASUS_DUP_OPERATION_PAUSE 4

/**
 * The operation `remove`. Removes a duplication. The request needs a table, and either a dupid or
 * a remote cluster.
 */
#define PEGASUS_DUP_OPERATION_REMOVE 5

/**
 * The operation `set_fail_mode`. Sets the fail mode of a duplication. The request needs a table, a
 * fail mode, and either a dupid or a remote cluster.
 */
#define PEGASUS_DUP_OPERATION_SET_FAIL_MODE 6

/**
 * The operation `list_by_table`. Returns the duplications of several tables, grouped by table.
 * Tables without a duplication are included. The request may select the tables, and by default
 * selects all tables.
 */
#define PEGASUS_DUP_OPERATION_LIST_BY_TABLE 7

/**
 * The operation `info`. Describes the meta servers.
 */
#define PEGASUS_DUP_OPERATION_INFO 8

/**
 * A client of one cluster's meta servers. Owned by who made it, and freed once. Any number of threads
 * may use it at once; no thread may use it while or after it is freed, except that calls in the
 * background, once started, go on without it. It can't be used in a forked child: its calls are
 * refused there with `PEGASUS_DUP_FORKED`, and freeing it there gives up its memory.
 */
typedef struct pegasus_dup_client pegasus_dup_client;

/**
 * A duplication, as far as the server told of it. Always lent by an outcome, and valid until that is
 * freed; there is nothing to free here. Never changes: any number of threads may read it.
 */
typedef struct pegasus_dup_duplication pegasus_dup_duplication;

/**
 * A call in the background. Owned by who submitted it, and freed once; freeing it neither cancels the
 * call nor takes back its callback. Any number of threads may use it at once, the callback's included.
 */
typedef struct pegasus_dup_operation pegasus_dup_operation;

/**
 * What a client shall be like. Owned by who made it; a client doesn't need it once it is made, so
 * it may be used for many, and freed at any time. One thread at a time while it is being set.
 */
typedef struct pegasus_dup_options pegasus_dup_options;

/**
 * What became of a call. Owned by who called, and freed once, before or after the client, it doesn't
 * matter. Never changes: any number of threads may read it. The texts and duplications that it gives
 * out are its own, and valid until it is freed.
 */
typedef struct pegasus_dup_outcome pegasus_dup_outcome;

/**
 * What to ask for, put together step by step: for what the plain functions have no arguments for,
 * for text that isn't NUL-terminated, and for calls in the background. Owned by who made it; a call
 * keeps nothing of it, so it may be used for many, and freed at any time. One thread at a time while
 * it is being set, any number while it isn't.
 */
typedef struct pegasus_dup_request pegasus_dup_request;

/**
 * What is called with every message of the log: its level, one of `PEGASUS_DUP_LOG_*`, and its text,
 * which is valid until the callback returns.
 */
typedef void (*pegasus_dup_log)(void *user_data, int32_t level, const char *message);

/**
 * What is called once when a call in the background is done. The outcome is the callback's, to be
 * freed by it or by whom it gives it to.
 */
typedef void (*pegasus_dup_done)(void *user_data, struct pegasus_dup_outcome *outcome);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The number of the ABI that the library has.
 */
uint32_t pegasus_dup_abi_version(void);

/**
 * The library's version, such as "0.1.0". Static: never freed, never NULL.
 */
const char *pegasus_dup_version(void);

/**
 * A status in words, such as "an argument is NULL". Static: never freed, never NULL.
 */
const char *pegasus_dup_status_text(int32_t status);

/**
 * Returns the name of an outcome kind, such as "already_exists". The text is static: it is never NULL
 * and never freed. For a number that is not an outcome kind it is "unknown".
 */
const char *pegasus_dup_kind_name(int32_t kind);

/**
 * Returns the name of an evidence, such as "server_said_so". The text is static: it is never NULL and
 * never freed. For a number that is not an evidence it is "unknown".
 */
const char *pegasus_dup_evidence_name(int32_t evidence);

/**
 * Returns the name of an error kind, such as "outcome_unknown". The text is static: it is never NULL
 * and never freed. For a number that is not an error kind it is "unknown".
 */
const char *pegasus_dup_error_kind_name(int32_t kind);

/**
 * Has the library's log passed to a callback, for the whole process, instead of to the one before; NULL
 * ends it. By default there is no log.
 *
 * `max_level`: one of `PEGASUS_DUP_LOG_*`; what is less important isn't passed on.
 * `user_data`: what the callback is called with.
 *
 * The callback is called on any thread, several at once, outside the library's locks. It must return,
 * and not throw or jump out; it may call what doesn't wait for a server. When this returns, the
 * callback before is not running any more and is never called again, unless this is called from within
 * a callback.
 *
 * A forked child keeps its parent's callback. It may set another one, unless it was forked in the very
 * moment in which a thread of its parent called this for the first time: that child has no log, and
 * this returns `PEGASUS_DUP_FORKED` there.
 */
int32_t pegasus_dup_set_log(pegasus_dup_log callback,
                            int32_t max_level,
                            void *user_data);

/**
 * Makes options, all at their defaults.
 */
int32_t pegasus_dup_options_new(struct pegasus_dup_options **options);

/**
 * The time limit of each call, in milliseconds. 10 s by default, and for 0.
 */
int32_t pegasus_dup_options_set_timeout_ms(struct pegasus_dup_options *options, int32_t timeout_ms);

/**
 * States the servers' generation, one of `PEGASUS_DUP_GENERATION_*`; `PEGASUS_DUP_NOT_TOLD`, the
 * default, states none. Only one case needs a statement: an add with another remote table or replica
 * count on a 2.6 snapshot that has no list RPC. The client still finds out what it can, and a
 * statement that the server refutes ends every call in `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. Where the
 * version cannot be had by HTTP, a wrong statement may let a 2.5 server ignore the remote table; that
 * add ends in `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
 */
int32_t pegasus_dup_options_set_generation(struct pegasus_dup_options *options,
                                           int32_t generation);

/**
 * How adds are done: one of `PEGASUS_DUP_MODE_*`, `PEGASUS_DUP_MODE_SAFE` by default.
 */
int32_t pegasus_dup_options_set_mode(struct pegasus_dup_options *options, int32_t mode);

/**
 * Frees options. NULL is allowed.
 */
void pegasus_dup_options_free(struct pegasus_dup_options *options);

/**
 * Makes a request for an operation, one of `PEGASUS_DUP_OPERATION_*`.
 */
int32_t pegasus_dup_request_new(int32_t operation, struct pegasus_dup_request **request);

/**
 * The table whose writes are shipped.
 */
int32_t pegasus_dup_request_set_table(struct pegasus_dup_request *request, const char *table);

/**
 * `pegasus_dup_request_set_table` for text of a given length, without a NUL.
 */
int32_t pegasus_dup_request_set_table_n(struct pegasus_dup_request *request,
                                        const char *table,
                                        size_t length);

/**
 * The remote cluster, by the name that the meta servers' configuration gives it.
 */
int32_t pegasus_dup_request_set_cluster(struct pegasus_dup_request *request, const char *cluster);

/**
 * `pegasus_dup_request_set_cluster` for text of a given length, without a NUL.
 */
int32_t pegasus_dup_request_set_cluster_n(struct pegasus_dup_request *request,
                                          const char *cluster,
                                          size_t length);

/**
 * The table's name in the remote cluster, for an add. NULL, the default: the table's own name.
 */
int32_t pegasus_dup_request_set_remote_table(struct pegasus_dup_request *request,
                                             const char *remote_table);

/**
 * `pegasus_dup_request_set_remote_table` for text of a given length, without a NUL.
 */
int32_t pegasus_dup_request_set_remote_table_n(struct pegasus_dup_request *request,
                                               const char *remote_table,
                                               size_t length);

/**
 * The remote table's replica count, for an add. 0, the default: the table's own.
 */
int32_t pegasus_dup_request_set_remote_replica_count(struct pegasus_dup_request *request,
                                                     int32_t remote_replica_count);

/**
 * Whether an add ships what the table holds already, as a checkpoint: 1 or 0. 0 by default.
 */
int32_t pegasus_dup_request_set_checkpoint(struct pegasus_dup_request *request, int32_t checkpoint);

/**
 * Selects the duplication by its dupid. 0, the default, selects it by the cluster; if no cluster is
 * set either, the call ends in `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`.
 */
int32_t pegasus_dup_request_set_dupid(struct pegasus_dup_request *request, int32_t dupid);

/**
 * The fail mode to set, one of `PEGASUS_DUP_FAIL_*`.
 */
int32_t pegasus_dup_request_set_fail_mode(struct pegasus_dup_request *request, int32_t fail_mode);

/**
 * Which tables to list: one of `PEGASUS_DUP_TABLES_*`, and the text that it speaks of, which is not
 * looked at for `PEGASUS_DUP_TABLES_ALL`.
 */
int32_t pegasus_dup_request_set_tables(struct pegasus_dup_request *request,
                                       int32_t which,
                                       const char *text);

/**
 * `pegasus_dup_request_set_tables` for text of a given length, without a NUL.
 */
int32_t pegasus_dup_request_set_tables_n(struct pegasus_dup_request *request,
                                         int32_t which,
                                         const char *text,
                                         size_t length);

/**
 * Frees a request. NULL is allowed.
 */
void pegasus_dup_request_free(struct pegasus_dup_request *request);

/**
 * Makes a client. It connects to nothing yet.
 *
 * `metas`: the meta servers as "HOST:PORT", several with commas between and perhaps one at the end,
 * IPv6 as `[::1]:34601`.
 * `options`: NULL for the defaults. `client`: where to put the client.
 * `error`: NULL, or where to put an outcome of the kind `PEGASUS_DUP_ERROR` that says what is wrong
 * with `metas`, if the status is `PEGASUS_DUP_BAD_ARGUMENT`; to be freed. NULL is put there in every
 * other case.
 */
int32_t pegasus_dup_client_new(const char *metas,
                               const struct pegasus_dup_options *options,
                               struct pegasus_dup_client **client,
                               struct pegasus_dup_outcome **error);

/**
 * Adds a duplication of `table` to `cluster`, and says what happened.
 *
 * `remote_table`: the table's name in the remote cluster; NULL for the table's own name.
 * `remote_replica_count`: the remote table's; 0 for the table's own.
 * `checkpoint`: 1 if what the table holds already is to be shipped too, else 0.
 * `timeout_ms`: the time limit; 0 for the client's.
 *
 * Returns `PEGASUS_DUP_OK` whenever it writes an outcome, one of the kind `PEGASUS_DUP_ERROR`
 * included: look at `pegasus_dup_outcome_kind` before believing that anything was created. With every
 * other status nothing was written; nor was anything sent, except after `PEGASUS_DUP_PANICKED`.
 */
int32_t pegasus_dup_add(const struct pegasus_dup_client *client,
                        const char *table,
                        const char *cluster,
                        const char *remote_table,
                        int32_t remote_replica_count,
                        int32_t checkpoint,
                        int32_t timeout_ms,
                        struct pegasus_dup_outcome **outcome);

/**
 * Finds the duplications of one table. The outcome's kind is `PEGASUS_DUP_LISTED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_query(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Finds the duplications of many tables: `which` is one of `PEGASUS_DUP_TABLES_*`, and `text` what it
 * speaks of, NULL for `PEGASUS_DUP_TABLES_ALL`. The outcome's kind is `PEGASUS_DUP_LISTED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_list(const struct pegasus_dup_client *client,
                         int32_t which,
                         const char *text,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Finds the duplications of many tables, as `pegasus_dup_list` does, table by table: tables without a
 * duplication are told of too, and so is each table's number of partitions. `pegasus_dup_outcome_table_count`
 * and the functions that follow it read them.
 */
int32_t pegasus_dup_list_by_table(const struct pegasus_dup_client *client,
                                  int32_t which,
                                  const char *text,
                                  int32_t timeout_ms,
                                  struct pegasus_dup_outcome **outcome);

/**
 * Finds out what the meta servers are: which of them can be reached, which leads, and of which version
 * and generation the leader is. Changes nothing. The outcome's kind is `PEGASUS_DUP_INFO`, also if no
 * server leads, or `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_info(const struct pegasus_dup_client *client,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Lets a paused duplication run: the one with that `dupid`, or, if that is 0, the one to `cluster`;
 * the other one is NULL or 0. The outcome's kind is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_start(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t dupid,
                          const char *cluster,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Pauses a duplication: the one with that `dupid`, or, if that is 0, the one to `cluster`; the other
 * one is NULL or 0. The outcome's kind is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_pause(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t dupid,
                          const char *cluster,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Removes a duplication: the one with that `dupid`, or, if that is 0, the one to `cluster`; the other
 * one is NULL or 0. The outcome's kind is `PEGASUS_DUP_REMOVED`, `PEGASUS_DUP_NOT_FOUND` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_remove(const struct pegasus_dup_client *client,
                           const char *table,
                           int32_t dupid,
                           const char *cluster,
                           int32_t timeout_ms,
                           struct pegasus_dup_outcome **outcome);

/**
 * Sets the fail mode, one of `PEGASUS_DUP_FAIL_*`, of the duplication with that `dupid`, or, if that
 * is 0, of the one to `cluster`; the other one is NULL or 0. The outcome's kind is
 * `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_set_fail_mode(const struct pegasus_dup_client *client,
                                  const char *table,
                                  int32_t dupid,
                                  const char *cluster,
                                  int32_t fail_mode,
                                  int32_t timeout_ms,
                                  struct pegasus_dup_outcome **outcome);

/**
 * Makes the call that a request describes, and says what happened, as the function of that
 * operation's name does.
 */
int32_t pegasus_dup_call(const struct pegasus_dup_client *client,
                         const struct pegasus_dup_request *request,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Frees a client. Waits for nothing and sends nothing. NULL is allowed. Outcomes live on.
 */
void pegasus_dup_client_free(struct pegasus_dup_client *client);

/**
 * Starts the call that a request describes in the background, and returns at once.
 *
 * `timeout_ms`: the time limit of the call; 0 for the client's.
 * `callback`: NULL, or what is called once when the call is done, cancelled or not, with `user_data`
 * and the outcome, which is then the callback's to free. It is called on a thread of the library's, or
 * on the one that is in `pegasus_dup_operation_stop`; never during this call, and never while
 * the library holds a lock: it may use the library as it likes, free the operation and the client, and
 * wait. Callbacks of one client are called one after the other. A callback must return; it must not
 * throw or jump out.
 * `operation`: where to put the operation.
 */
int32_t pegasus_dup_submit(const struct pegasus_dup_client *client,
                           const struct pegasus_dup_request *request,
                           int32_t timeout_ms,
                           pegasus_dup_done callback,
                           void *user_data,
                           struct pegasus_dup_operation **operation);

/**
 * Waits until a call in the background is done, and says what became of it. The outcome is the
 * caller's: every waiter gets one, to be freed. NULL if it isn't wanted. The callback may be called
 * before or after this returns.
 */
int32_t pegasus_dup_operation_wait(const struct pegasus_dup_operation *operation,
                                   struct pegasus_dup_outcome **outcome);

/**
 * `pegasus_dup_operation_wait` for that many milliseconds at most, and not at all for 0:
 * `PEGASUS_DUP_RUNNING` if it isn't done by then. The call goes on.
 */
int32_t pegasus_dup_operation_wait_for(const struct pegasus_dup_operation *operation,
                                       int32_t timeout_ms,
                                       struct pegasus_dup_outcome **outcome);

/**
 * Cancels a call in the background, without waiting; one that is done stays as it is. What wasn't sent
 * by then never is, and the outcome is the error `PEGASUS_DUP_ERROR_TIMEOUT`; where something was
 * sent that changes something it is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
 */
int32_t pegasus_dup_operation_cancel(const struct pegasus_dup_operation *operation);

/**
 * Cancels a call in the background and waits until it is done and its callback has returned: after it,
 * what `user_data` points to is the caller's again. A callback that wasn't called yet is called by this
 * function, on this thread. From within that callback it doesn't wait for it.
 */
int32_t pegasus_dup_operation_stop(const struct pegasus_dup_operation *operation);

/**
 * Frees an operation. The call goes on, and its callback is still called. NULL is allowed.
 */
void pegasus_dup_operation_free(struct pegasus_dup_operation *operation);

/**
 * What happened: `PEGASUS_DUP_CREATED`, `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR` of an
 * add; of the other operations `PEGASUS_DUP_ERROR` or one of the kinds that follow it.
 */
int32_t pegasus_dup_outcome_kind(const struct pegasus_dup_outcome *outcome);

/**
 * What kind of thing it speaks of: `PEGASUS_DUP_RESOURCE_DUPLICATION`; others may come.
 * `PEGASUS_DUP_NOT_TOLD` for the kind `PEGASUS_DUP_INFO`.
 */
int32_t pegasus_dup_outcome_resource(const struct pegasus_dup_outcome *outcome);

/**
 * How it is known that this was created, or exists: `PEGASUS_DUP_SERVER_SAID_SO` and those that
 * follow it. `PEGASUS_DUP_NOT_TOLD` for the other kinds.
 */
int32_t pegasus_dup_outcome_evidence(const struct pegasus_dup_outcome *outcome);

/**
 * Whether it is certain that this was created, or existed: 1 or 0. 0 for
 * `PEGASUS_DUP_APPEARED_DURING_CALL`, and for the kinds that have no evidence.
 */
int32_t pegasus_dup_outcome_certain(const struct pegasus_dup_outcome *outcome);

/**
 * The duplication that was created, that exists already, that is as it is after a change, or that
 * was removed. NULL for the other kinds.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_duplication(const struct pegasus_dup_outcome *outcome);

/**
 * The duplication as it was before the change. NULL unless the kind is `PEGASUS_DUP_CHANGED`.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_before(const struct pegasus_dup_outcome *outcome);

/**
 * How many duplications the outcome holds: what was listed; what an error knows to stand there; else
 * the one of `pegasus_dup_outcome_duplication`.
 */
size_t pegasus_dup_outcome_duplication_count(const struct pegasus_dup_outcome *outcome);

/**
 * One of those duplications, by its place in the list, from 0. NULL past the end.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_duplication_at(const struct pegasus_dup_outcome *outcome,
                                                                         size_t place);

/**
 * In how many fields what exists is otherwise than asked. 0: it is as asked, as far as it could be
 * compared (see `pegasus_dup_outcome_unverified_count`), or the kind isn't
 * `PEGASUS_DUP_ALREADY_EXISTS`.
 */
size_t pegasus_dup_outcome_difference_count(const struct pegasus_dup_outcome *outcome);

/**
 * The field that differs: "remote_table" or "remote_replica_count"; others may come. NULL past the
 * end.
 */
const char *pegasus_dup_outcome_difference_field(const struct pegasus_dup_outcome *outcome,
                                                 size_t place);

/**
 * What was asked for, as text. NULL past the end.
 */
const char *pegasus_dup_outcome_difference_asked(const struct pegasus_dup_outcome *outcome,
                                                 size_t place);

/**
 * What exists, as text. NULL past the end.
 */
const char *pegasus_dup_outcome_difference_existing(const struct pegasus_dup_outcome *outcome,
                                                    size_t place);

/**
 * How many properties were requested and could not be compared with what is there, because the server
 * does not tell them. 0 for a certain `PEGASUS_DUP_CREATED`, and for the kinds that are of no add. What
 * exists is as asked where there are neither these nor differences.
 */
size_t pegasus_dup_outcome_unverified_count(const struct pegasus_dup_outcome *outcome);

/**
 * One of those properties, by its place: "checkpoint", "remote_table" or "remote_replica_count";
 * others may come. NULL past the end.
 */
const char *pegasus_dup_outcome_unverified_at(const struct pegasus_dup_outcome *outcome,
                                              size_t place);

/**
 * What a person should know besides: that the existing one is paused, say. NULL if there is nothing.
 */
const char *pegasus_dup_outcome_warning(const struct pegasus_dup_outcome *outcome);

/**
 * What went wrong, by what to do about it: one of `PEGASUS_DUP_ERROR_*`. `PEGASUS_DUP_NOT_TOLD`
 * unless the kind is `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_outcome_error_kind(const struct pegasus_dup_outcome *outcome);

/**
 * What went wrong, for a person. NULL unless the kind is `PEGASUS_DUP_ERROR`.
 */
const char *pegasus_dup_outcome_error_message(const struct pegasus_dup_outcome *outcome);

/**
 * What the server said of the error, as it came: it may hold any character, also one that does
 * something to a terminal. Else what to do next. NULL if there is nothing.
 */
const char *pegasus_dup_outcome_error_hint(const struct pegasus_dup_outcome *outcome);

/**
 * The Pegasus error code, such as "ERR_BUSY". NULL if no server gave one.
 */
const char *pegasus_dup_outcome_error_code(const struct pegasus_dup_outcome *outcome);

/**
 * The meta server that answered, or was asked, as "HOST:PORT". If the host is a name, the address
 * that was tried follows: "meta.example:34601 (10.0.0.1:34601)". NULL if there is none to name.
 */
const char *pegasus_dup_outcome_error_server(const struct pegasus_dup_outcome *outcome);

/**
 * The whole outcome as text for a person, without a newline at its end. Characters that would do
 * something to a terminal, or that nobody sees, are written as their numbers, such as `\u{9b}`. NULL
 * only for NULL.
 */
const char *pegasus_dup_outcome_text(const struct pegasus_dup_outcome *outcome);

/**
 * The whole outcome as JSON, on one line without its end: the same that `pegasus-dup --json` writes for
 * the same call. What was listed is one object a line, and empty text for nothing. NULL only for NULL.
 */
const char *pegasus_dup_outcome_json(const struct pegasus_dup_outcome *outcome);

/**
 * Makes an outcome of the kind `PEGASUS_DUP_ERROR` from a status other than `PEGASUS_DUP_OK`, so that
 * a program can report a refused call (text, JSON, error kind) in the same way as a call that ran.
 *
 * The error's kind is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN` for `PEGASUS_DUP_PANICKED`,
 * `PEGASUS_DUP_ERROR_UNAVAILABLE` for `PEGASUS_DUP_FORKED`, `PEGASUS_DUP_NO_THREAD` and
 * `PEGASUS_DUP_WRONG_THREAD`, `PEGASUS_DUP_ERROR_BUSY` for `PEGASUS_DUP_RUNNING`,
 * `PEGASUS_DUP_ERROR_WRONG_STATE` for `PEGASUS_DUP_LOG_TAKEN`, and
 * `PEGASUS_DUP_ERROR_INVALID_ARGUMENT` for the others.
 *
 * Returns `PEGASUS_DUP_BAD_ARGUMENT` for `PEGASUS_DUP_OK` and for a number that is no status. The
 * caller owns the outcome and frees it with `pegasus_dup_outcome_free`.
 */
int32_t pegasus_dup_outcome_of_status(int32_t refused,
                                      struct pegasus_dup_outcome **outcome);

/**
 * Frees an outcome, and what it has given out. NULL is allowed.
 */
void pegasus_dup_outcome_free(struct pegasus_dup_outcome *outcome);

/**
 * How many tables were listed. 0 for the outcome of any other operation than
 * `PEGASUS_DUP_OPERATION_LIST_BY_TABLE`.
 */
size_t pegasus_dup_outcome_table_count(const struct pegasus_dup_outcome *outcome);

/**
 * The name of one of those tables, by its place in the list, from 0. Tables are in the order of their
 * names. NULL past the end.
 */
const char *pegasus_dup_outcome_table_name(const struct pegasus_dup_outcome *outcome,
                                           size_t place);

/**
 * The table's id in this cluster. `PEGASUS_DUP_NOT_TOLD` past the end.
 */
int32_t pegasus_dup_outcome_table_id(const struct pegasus_dup_outcome *outcome, size_t place);

/**
 * The table's number of partitions. `PEGASUS_DUP_NOT_TOLD` where the server did not tell it, and past
 * the end.
 */
int32_t pegasus_dup_outcome_table_partition_count(const struct pegasus_dup_outcome *outcome,
                                                  size_t place);

/**
 * How many duplications the table has. 0 past the end.
 */
size_t pegasus_dup_outcome_table_duplication_count(const struct pegasus_dup_outcome *outcome,
                                                   size_t place);

/**
 * One of the table's duplications, by its place among them, from 0. NULL past the end.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_table_duplication_at(const struct pegasus_dup_outcome *outcome,
                                                                               size_t place,
                                                                               size_t of_table);

/**
 * The server that leads. NULL if no server says that it does, or the kind is not `PEGASUS_DUP_INFO`.
 */
const char *pegasus_dup_info_leader(const struct pegasus_dup_outcome *outcome);

/**
 * The version that the leader tells over HTTP. NULL if it tells none.
 */
const char *pegasus_dup_info_version(const struct pegasus_dup_outcome *outcome);

/**
 * The generation of the leader that the client goes by: one of `PEGASUS_DUP_GENERATION_*`, or
 * `PEGASUS_DUP_NOT_TOLD` if it could not be found out.
 */
int32_t pegasus_dup_info_generation(const struct pegasus_dup_outcome *outcome);

/**
 * How the generation is known: "list_rpc", "no_replica_count_rpc", "version", "no_version" or
 * "stated"; others may come. NULL if the generation is not known.
 */
const char *pegasus_dup_info_known_by(const struct pegasus_dup_outcome *outcome);

/**
 * How many servers were asked: each address of a listed name counts, and so do the servers that a
 * follower named.
 */
size_t pegasus_dup_info_server_count(const struct pegasus_dup_outcome *outcome);

/**
 * The address of one of those servers, by its place, from 0. NULL past the end.
 */
const char *pegasus_dup_info_server(const struct pegasus_dup_outcome *outcome, size_t place);

/**
 * What that server is: "leader", "follower", "not_ready", "unreachable", "no_answer" or
 * "no_meta_server"; others may come. NULL past the end.
 */
const char *pegasus_dup_info_server_role(const struct pegasus_dup_outcome *outcome, size_t place);

/**
 * What more is known of that server, in words: why it cannot be reached, whom a follower names. NULL
 * if there is nothing, and past the end.
 */
const char *pegasus_dup_info_server_detail(const struct pegasus_dup_outcome *outcome,
                                           size_t place);

/**
 * The table whose writes are shipped.
 */
const char *pegasus_dup_duplication_table(const struct pegasus_dup_duplication *duplication);

/**
 * The table's id in this cluster.
 */
int32_t pegasus_dup_duplication_table_id(const struct pegasus_dup_duplication *duplication);

/**
 * The remote cluster's name.
 */
const char *pegasus_dup_duplication_cluster(const struct pegasus_dup_duplication *duplication);

/**
 * The duplication's id within the table. It is reused after a removal: two duplications are the same
 * one if table id, cluster, dupid and time of creation are.
 */
int32_t pegasus_dup_duplication_dupid(const struct pegasus_dup_duplication *duplication);

/**
 * Where it stands: one of `PEGASUS_DUP_STATUS_*`, `PEGASUS_DUP_NOT_TOLD` or `PEGASUS_DUP_UNNAMED`.
 */
int32_t pegasus_dup_duplication_status(const struct pegasus_dup_duplication *duplication);

/**
 * Where it stands, as Pegasus names it: "DS_LOG". NULL where it wasn't told.
 */
const char *pegasus_dup_duplication_status_name(const struct pegasus_dup_duplication *duplication);

/**
 * What it does with writes that the remote cluster doesn't take: one of `PEGASUS_DUP_FAIL_*`,
 * `PEGASUS_DUP_NOT_TOLD` or `PEGASUS_DUP_UNNAMED`.
 */
int32_t pegasus_dup_duplication_fail_mode(const struct pegasus_dup_duplication *duplication);

/**
 * The fail mode, as Pegasus names it: "FAIL_SLOW". NULL where it wasn't told.
 */
const char *pegasus_dup_duplication_fail_mode_name(const struct pegasus_dup_duplication *duplication);

/**
 * The table's name in the remote cluster. NULL where it wasn't told: only 2.6 snapshots do.
 */
const char *pegasus_dup_duplication_remote_table(const struct pegasus_dup_duplication *duplication);

/**
 * The remote table's replica count. `PEGASUS_DUP_NOT_TOLD` where it wasn't told: only 2.6 snapshots
 * do.
 */
int32_t pegasus_dup_duplication_remote_replica_count(const struct pegasus_dup_duplication *duplication);

/**
 * When it was made, in milliseconds since 1970 by the server's clock. `PEGASUS_DUP_NOT_TOLD` where
 * it wasn't told.
 */
int64_t pegasus_dup_duplication_create_ts_ms(const struct pegasus_dup_duplication *duplication);

/**
 * How many partitions there is progress for. 0 where none was told: only newer 2.6 snapshots do.
 */
size_t pegasus_dup_duplication_partition_count(const struct pegasus_dup_duplication *duplication);

/**
 * How far one partition has come, by its place in the list, from 0: its index in the table, the last
 * decree that the remote cluster confirmed, and the last committed here. A decree that isn't known
 * yet is `PEGASUS_DUP_NOT_TOLD`. An output that isn't wanted may be NULL.
 */
int32_t pegasus_dup_duplication_partition_at(const struct pegasus_dup_duplication *duplication,
                                             size_t place,
                                             int32_t *partition,
                                             int64_t *confirmed_decree,
                                             int64_t *last_committed_decree);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /*PEGASUS_DUP_H */
