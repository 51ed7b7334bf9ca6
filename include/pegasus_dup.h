/*
 * pegasus-dup: adds Apache Pegasus duplications, tables and backup policies. An add or a create ends in one
 * of three outcomes: CREATED, ALREADY_EXISTS or ERROR.
 *
 * This file is generated from src/capi by cbindgen. Do not edit it.
 *
 * Conventions of this header
 *
 * - Status: A function that returns int32_t and can refuse its arguments returns a status. The status is
 *   PEGASUS_DUP_OK, or the reason why the function did nothing. Unless a function says otherwise, it writes
 *   its output parameters only if it returns PEGASUS_DUP_OK.
 * - Ownership: Every handle has one owner. A handle that a function writes to an output parameter belongs to
 *   the caller, who frees it once with the _free function of its type. A pointer to const that a function
 *   returns is lent: it belongs to the handle that was passed to the function, and it is valid until that
 *   handle is freed.
 * - Freeing: The _free functions accept NULL. They neither wait nor send anything. Handles may be freed in
 *   any order.
 * - Text: Text arguments are UTF-8. They end with a NUL, or have the given length if the name of the function
 *   ends in _n. The library does not use them after the function returns. Returned texts are UTF-8 and end
 *   with a NUL.
 * - Pointers: A pointer argument must be NULL or point to an object of its type. Every function checks for
 *   NULL. Where NULL is not allowed, the function returns the status PEGASUS_DUP_NULL_ARGUMENT, or, if it
 *   returns no status, PEGASUS_DUP_NONE, 0 or NULL. The output parameters of one call must not point to
 *   the same object.
 * - Enumerations: Values of enumerations are passed as int32_t. A newer library may return values that this
 *   header does not define, so a switch needs a default.
 * - Times: All times are in milliseconds, unless the name says that they are in seconds.
 * - Threads: A function may be called on any thread. The documentation of each type says how many threads may
 *   use one handle at the same time.
 */

#ifndef PEGASUS_DUP_H
#define PEGASUS_DUP_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of the ABI that this header declares. Compare it with the result of
 * `pegasus_dup_abi_version` to find out whether the header and the library belong together. The
 * number grows with every addition to the ABI. Existing parts of the ABI do not change as long as
 * the soname stays the same.
 */
#define PEGASUS_DUP_ABI_VERSION 2

/**
 * Status: success. The function wrote all its output parameters.
 */
#define PEGASUS_DUP_OK 0

/**
 * Status: an argument is NULL that must not be NULL. As with every status other than
 * `PEGASUS_DUP_OK`, the function did nothing and wrote no output parameter.
 */
#define PEGASUS_DUP_NULL_ARGUMENT 1

/**
 * Status: a text argument is not UTF-8.
 */
#define PEGASUS_DUP_NOT_UTF8 2

/**
 * Status: an argument is invalid. It is a number that this header does not define, a negative
 * timeout or reserve time, or a request that lacks a value which its operation needs.
 */
#define PEGASUS_DUP_BAD_ARGUMENT 3

/**
 * Status: the function failed because of a defect of this library. If the function sends requests,
 * it is not known whether it sent one and what effect the request had.
 */
#define PEGASUS_DUP_PANICKED 4

/**
 * Status: the handle was created before this process was forked, and cannot be used in the child
 * process. Create another client in the child process.
 */
#define PEGASUS_DUP_FORKED 5

/**
 * Status: the call in the background is not finished yet.
 */
#define PEGASUS_DUP_RUNNING 6

/**
 * Status: the library could not start a thread that it needs. Nothing was sent.
 */
#define PEGASUS_DUP_NO_THREAD 7

/**
 * Status: a function that waits was called in a log callback or on a thread of the library that
 * must not wait. Nothing was done.
 */
#define PEGASUS_DUP_WRONG_THREAD 8

/**
 * Status: the Rust program that links this library already receives the log of this process.
 */
#define PEGASUS_DUP_LOG_TAKEN 9

/**
 * No value. A function returns this number if the server did not report the value, if the value
 * does not apply to the handle, or if the handle is NULL.
 */
#define PEGASUS_DUP_NONE -1

/**
 * The server reported a number that has no name in this library. The function that returns the
 * name as text shows the number.
 */
#define PEGASUS_DUP_UNNAMED -2

/**
 * The outcome kind `created`. The resource did not exist before the call, and exists now.
 */
#define PEGASUS_DUP_CREATED 0

/**
 * The outcome kind `already_exists`. The resource existed already, and this call created nothing.
 * The differences and the unverified properties say how the existing resource compares with the
 * request.
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
 * The outcome kind `changed`. The call changed the resource.
 */
#define PEGASUS_DUP_CHANGED 4

/**
 * The outcome kind `unchanged`. The resource was already in the requested state, and this call
 * changed nothing.
 */
#define PEGASUS_DUP_UNCHANGED 5

/**
 * The outcome kind `removed`. The resource existed when the call looked it up, and does not exist
 * any more.
 */
#define PEGASUS_DUP_REMOVED 6

/**
 * The outcome kind `not_found`. The resource to be removed does not exist. Nothing was removed.
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
 * The resource kind `table`. A table.
 */
#define PEGASUS_DUP_RESOURCE_TABLE 1

/**
 * The resource kind `backup_policy`. A policy by which the cluster backs up tables periodically.
 */
#define PEGASUS_DUP_RESOURCE_BACKUP_POLICY 2

/**
 * The resource kind `table_duplications`. A table with all its duplications, as listed by table.
 */
#define PEGASUS_DUP_RESOURCE_TABLE_DUPLICATIONS 3

/**
 * The resource kind `meta_servers`. The meta servers of a cluster.
 */
#define PEGASUS_DUP_RESOURCE_META_SERVERS 4

/**
 * The resource kind `remote_cluster`. What a cluster knows about a remote cluster.
 */
#define PEGASUS_DUP_RESOURCE_REMOTE_CLUSTER 5

/**
 * The evidence `server_said_so`. Certain. The response of the server shows the outcome. For an add
 * of a duplication, a server that is proven to be of the generation `dup-exist` returned ERR_OK,
 * or any server returned ERR_DUP_EXIST. For a create of a table, any server returned ERR_OK with a
 * new table id, or ERR_APP_EXIST.
 */
#define PEGASUS_DUP_SERVER_SAID_SO 0

/**
 * The evidence `listed_before`. Certain. The resource was listed before the request, and nothing
 * was sent.
 */
#define PEGASUS_DUP_LISTED_BEFORE 1

/**
 * The evidence `listed_after`. Certain. The resource that is listed after the request cannot be
 * the one that this call requested.
 */
#define PEGASUS_DUP_LISTED_AFTER 2

/**
 * The evidence `appeared_during_call`. Not certain. The requested effect was absent before the
 * call, and is present afterwards, as far as it can be compared with the request. Either this call
 * or a concurrent call caused it.
 */
#define PEGASUS_DUP_APPEARED_DURING_CALL 3

/**
 * The evidence `proof_listed`. Certain. The table that is listed after the request has the random
 * value that this call wrote into its settings to prove that it created the table.
 */
#define PEGASUS_DUP_PROOF_LISTED 4

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
 * The error kind `unsupported`. The server cannot do what the request says. The server would
 * ignore or misread the request, or could crash because of it, or the feature is switched off on
 * the server. The request was not sent, or the server refused it.
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
 * The value type `absent`. There is no value.
 */
#define PEGASUS_DUP_VALUE_ABSENT 0

/**
 * The value type `boolean`. Yes or no.
 */
#define PEGASUS_DUP_VALUE_BOOLEAN 1

/**
 * The value type `number`. A number.
 */
#define PEGASUS_DUP_VALUE_NUMBER 2

/**
 * The value type `text`. Text.
 */
#define PEGASUS_DUP_VALUE_TEXT 3

/**
 * The value type `list`. A list of values.
 */
#define PEGASUS_DUP_VALUE_LIST 4

/**
 * The value type `map`. Values with names.
 */
#define PEGASUS_DUP_VALUE_MAP 5

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
 * The operation `create_table`. Creates a table. The request needs a table and a partition count.
 */
#define PEGASUS_DUP_OPERATION_CREATE_TABLE 9

/**
 * The operation `wait_ready`. Waits until all partitions of a table have their replicas. The
 * request needs a table.
 */
#define PEGASUS_DUP_OPERATION_WAIT_READY 10

/**
 * The operation `drop_table`. Drops a table. The request needs a table.
 */
#define PEGASUS_DUP_OPERATION_DROP_TABLE 11

/**
 * The operation `recall_table`. Recalls a dropped table. The request needs the id of the table.
 */
#define PEGASUS_DUP_OPERATION_RECALL_TABLE 12

/**
 * The operation `list_tables`. Returns several tables. The request may select the tables, and by
 * default selects all tables that are not dropped.
 */
#define PEGASUS_DUP_OPERATION_LIST_TABLES 13

/**
 * The operation `describe_table`. Returns one table with its partitions. The request needs a
 * table.
 */
#define PEGASUS_DUP_OPERATION_DESCRIBE_TABLE 14

/**
 * The operation `add_backup_policy`. Adds a backup policy. The request needs the name of the
 * policy, a provider, the names of the tables, an interval, a history count and a start time.
 */
#define PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY 15

/**
 * The operation `check_remote_cluster`. Finds out whether the cluster accepts a remote cluster as
 * the target of duplications. The request needs a remote cluster.
 */
#define PEGASUS_DUP_OPERATION_CHECK_REMOTE_CLUSTER 16

/**
 * A client of the meta servers of one cluster. The caller owns the handle and frees it once. Any
 * number of threads may use a client at the same time, but no thread may use it while or after it
 * is freed. Calls in the background that were started before continue without the handle.
 *
 * A client cannot be used in a forked child process: its calls are refused there with
 * `PEGASUS_DUP_FORKED`. Freeing a client there does not release its memory.
 */
typedef struct pegasus_dup_client pegasus_dup_client;

/**
 * A duplication, as far as the server reported it. A duplication is always lent by an outcome and
 * is valid until the outcome is freed. The caller never frees it. It never changes, so any number
 * of threads may read it.
 */
typedef struct pegasus_dup_duplication pegasus_dup_duplication;

/**
 * A call in the background. The caller owns the handle and frees it once. Freeing the handle
 * neither cancels the call nor withdraws its callback. Any number of threads may use the handle at
 * the same time, and so may the callback.
 */
typedef struct pegasus_dup_operation pegasus_dup_operation;

/**
 * The options of a client. The caller owns the handle and frees it once. A client copies its
 * options, so the same options may be used for several clients and freed at any time. Only one
 * thread at a time may use a handle while an option is being set.
 */
typedef struct pegasus_dup_options pegasus_dup_options;

/**
 * The outcome of a call. The caller owns the handle and frees it once, before or after the client.
 * An outcome never changes, so any number of threads may read it. It lends the texts, values and
 * duplications that its functions return. They are valid until the outcome is freed.
 */
typedef struct pegasus_dup_outcome pegasus_dup_outcome;

/**
 * A description of a call that is set up step by step. A request is needed for a call in the
 * background, for text that does not end with a NUL, and for values that the plain functions have
 * no arguments for. The caller owns the handle and frees it once. A call copies the request, so
 * the same request may be used for several calls and freed at any time. Only one thread at a time
 * may use a request while a value is being set. Otherwise any number of threads may use it.
 */
typedef struct pegasus_dup_request pegasus_dup_request;

/**
 * The value of a field, with its type. A value is always lent by an outcome and is valid until the
 * outcome is freed. The caller never frees it. It never changes, so any number of threads may read
 * it.
 */
typedef struct pegasus_dup_value pegasus_dup_value;

/**
 * The type of a log callback. It is called with the `user_data` of the callback, the level of the
 * message, one of `PEGASUS_DUP_LOG_*`, and the text of the message. The text is valid until the
 * callback returns.
 */
typedef void (*pegasus_dup_log)(void *user_data, int32_t level, const char *message);

/**
 * The type of a callback for a call in the background. It is called once, when the call is
 * finished. The callback owns the outcome: it frees the outcome, or passes it on to code that
 * does.
 */
typedef void (*pegasus_dup_done)(void *user_data, struct pegasus_dup_outcome *outcome);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the ABI that the library has.
 */
uint32_t pegasus_dup_abi_version(void);

/**
 * Returns the version of the library, such as "0.1.0". The text is static: it is never NULL and
 * never freed.
 */
const char *pegasus_dup_version(void);

/**
 * Returns a description of a status, such as "an argument is NULL that must not be NULL". The text
 * is static: it is never NULL and never freed. For a number that is not a status it is "unknown".
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
 * Sets the callback that receives the library's log messages, for the whole process. It replaces
 * the previous callback. NULL ends the log. By default there is no log.
 *
 * `max_level`: one of `PEGASUS_DUP_LOG_*`. Messages of a less important level are not forwarded.
 * `user_data`: a pointer that is passed to the callback.
 *
 * The callback is called on any thread, and on several threads at once. The library holds no lock
 * meanwhile. The callback must return; it must not throw an exception or leave by `longjmp`. It
 * may call every function that does not wait for a server. When this function returns, the
 * previous callback is not running any more and is never called again, except if this function is
 * called in a callback.
 *
 * A forked child process keeps the callback of its parent and may set another callback. There is
 * one exception: if a thread of the parent was in the first call of this function at the moment of
 * the fork, the child process has no log, and this function returns `PEGASUS_DUP_FORKED` there.
 */
int32_t pegasus_dup_set_log(pegasus_dup_log callback, int32_t max_level, void *user_data);

/**
 * Creates options that have their default values.
 */
int32_t pegasus_dup_options_new(struct pegasus_dup_options **options);

/**
 * Sets the timeout of each call, in milliseconds. The default is 10 seconds. The value 0 restores
 * the default.
 */
int32_t pegasus_dup_options_set_timeout_ms(struct pegasus_dup_options *options, int32_t timeout_ms);

/**
 * States the generation of the meta servers, one of `PEGASUS_DUP_GENERATION_*`.
 * `PEGASUS_DUP_NONE`, the default, states none.
 *
 * Only one case needs a statement: an add with another remote table or replica count, on a 2.6
 * snapshot that has no list RPC. The client still finds out what it can. If the server contradicts
 * the statement, every call fails with `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. If the version of the
 * server is not available by HTTP, a wrong statement may let a server of version 2.5 ignore the
 * remote table. That add fails with `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
 */
int32_t pegasus_dup_options_set_generation(struct pegasus_dup_options *options, int32_t generation);

/**
 * Sets the way in which adds are done, one of `PEGASUS_DUP_MODE_*`. The default is
 * `PEGASUS_DUP_MODE_SAFE`.
 */
int32_t pegasus_dup_options_set_mode(struct pegasus_dup_options *options, int32_t mode);

/**
 * Frees options. NULL is allowed.
 */
void pegasus_dup_options_free(struct pegasus_dup_options *options);

/**
 * Creates a request for an operation, one of `PEGASUS_DUP_OPERATION_*`.
 */
int32_t pegasus_dup_request_new(int32_t operation, struct pegasus_dup_request **request);

/**
 * Sets the name of the table that the operation is about. For an operation on duplications this is
 * the table whose writes are shipped.
 */
int32_t pegasus_dup_request_set_table(struct pegasus_dup_request *request, const char *table);

/**
 * Works like `pegasus_dup_request_set_table`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_table_n(struct pegasus_dup_request *request,
                                        const char *table,
                                        size_t length);

/**
 * Sets the remote cluster, by the name that it has in the configuration of the meta servers.
 */
int32_t pegasus_dup_request_set_cluster(struct pegasus_dup_request *request, const char *cluster);

/**
 * Works like `pegasus_dup_request_set_cluster`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_cluster_n(struct pegasus_dup_request *request,
                                          const char *cluster,
                                          size_t length);

/**
 * Sets the name of the table in the remote cluster, for an add. NULL, the default, stands for the
 * name that the table has in this cluster.
 */
int32_t pegasus_dup_request_set_remote_table(struct pegasus_dup_request *request,
                                             const char *remote_table);

/**
 * Works like `pegasus_dup_request_set_remote_table`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_remote_table_n(struct pegasus_dup_request *request,
                                               const char *remote_table,
                                               size_t length);

/**
 * Sets the replica count of the remote table, for an add. 0, the default, stands for the replica
 * count that the table has in this cluster.
 */
int32_t pegasus_dup_request_set_remote_replica_count(struct pegasus_dup_request *request,
                                                     int32_t remote_replica_count);

/**
 * Sets whether an add also ships the data that the table already holds, as a checkpoint: 1 or 0.
 * The default is 0.
 */
int32_t pegasus_dup_request_set_checkpoint(struct pegasus_dup_request *request, int32_t checkpoint);

/**
 * Selects the duplication by its dupid. If the dupid is 0, the remote cluster selects the
 * duplication. If the dupid is 0 and no remote cluster is set, the call fails with
 * `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. If neither was ever set, the call is refused with
 * `PEGASUS_DUP_BAD_ARGUMENT`.
 */
int32_t pegasus_dup_request_set_dupid(struct pegasus_dup_request *request, int32_t dupid);

/**
 * Sets the requested fail mode, one of `PEGASUS_DUP_FAIL_*`.
 */
int32_t pegasus_dup_request_set_fail_mode(struct pegasus_dup_request *request, int32_t fail_mode);

/**
 * Selects the tables to list. `which` is one of `PEGASUS_DUP_TABLES_*`, and `text` is the text
 * that the names are compared with. `PEGASUS_DUP_TABLES_ALL` ignores the text.
 */
int32_t pegasus_dup_request_set_tables(struct pegasus_dup_request *request,
                                       int32_t which,
                                       const char *text);

/**
 * Works like `pegasus_dup_request_set_tables`, for a text of the given length without a NUL.
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
 * Sets the number of partitions of the table to create. It cannot be lowered afterwards. Without
 * this number a create is refused with `PEGASUS_DUP_BAD_ARGUMENT`.
 */
int32_t pegasus_dup_request_set_partition_count(struct pegasus_dup_request *request,
                                                int32_t partition_count);

/**
 * Sets the number of replicas of each partition of the table to create. The default is 3.
 */
int32_t pegasus_dup_request_set_replica_count(struct pegasus_dup_request *request,
                                              int32_t replica_count);

/**
 * Sets one of the settings ("envs") of the table to create. If the key is set already, the new
 * value replaces the old value.
 */
int32_t pegasus_dup_request_set_env(struct pegasus_dup_request *request,
                                    const char *key,
                                    const char *value);

/**
 * Works like `pegasus_dup_request_set_env`, for texts of the given lengths without a NUL.
 */
int32_t pegasus_dup_request_set_env_n(struct pegasus_dup_request *request,
                                      const char *key,
                                      size_t key_length,
                                      const char *value,
                                      size_t value_length);

/**
 * Sets whether the writes of the table to create are made idempotent before they are replicated: 1
 * or 0. `PEGASUS_DUP_NONE`, the default, leaves it to the server and is never a difference.
 */
int32_t pegasus_dup_request_set_atomic_idempotent(struct pegasus_dup_request *request,
                                                  int32_t atomic_idempotent);

/**
 * Sets the largest number of partitions that a create accepts. The limit protects against typing
 * errors, because a server allocates memory for all partitions at once. The default is 1024.
 */
int32_t pegasus_dup_request_set_partition_limit(struct pegasus_dup_request *request,
                                                int32_t partition_limit);

/**
 * Sets whether a create writes a random value into the settings of the table, under the key
 * "pegasus_dup.created_by": 1 or 0. If the response is lost, the value shows whether this call
 * created the table. The setting stays, duplications copy it, and a repeated `create` of the
 * Pegasus shell fails because of it. The default is 0.
 */
int32_t pegasus_dup_request_set_prove_authorship(struct pegasus_dup_request *request,
                                                 int32_t prove_authorship);

/**
 * Sets for how many seconds a dropped table can be recalled. `PEGASUS_DUP_NONE`, the default,
 * stands for the reserve time that is configured on the server, which is a week by default. Other
 * negative numbers are refused. With 0 the call fails with `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`,
 * because servers would use their default.
 */
int32_t pegasus_dup_request_set_reserve_seconds(struct pegasus_dup_request *request,
                                                int64_t reserve_seconds);

/**
 * Sets the id of the dropped table to recall. Without this id a recall is refused with
 * `PEGASUS_DUP_BAD_ARGUMENT`.
 */
int32_t pegasus_dup_request_set_table_id(struct pegasus_dup_request *request, int32_t table_id);

/**
 * Sets the name that a recalled table gets. NULL, the default, stands for the name that the table
 * had.
 */
int32_t pegasus_dup_request_set_new_name(struct pegasus_dup_request *request,
                                         const char *new_name);

/**
 * Works like `pegasus_dup_request_set_new_name`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_new_name_n(struct pegasus_dup_request *request,
                                           const char *new_name,
                                           size_t length);

/**
 * Sets whether a table is recalled although the recall may end replica servers, because the table
 * was dropped soon after it was created: 1 or 0. The default is 0.
 */
int32_t pegasus_dup_request_set_force(struct pegasus_dup_request *request, int32_t force);

/**
 * Sets whether `PEGASUS_DUP_OPERATION_LIST_TABLES` returns dropped tables too: 1 or 0. The default
 * is 0.
 */
int32_t pegasus_dup_request_set_dropped(struct pegasus_dup_request *request, int32_t dropped);

/**
 * Sets whether `PEGASUS_DUP_OPERATION_LIST_TABLES` reads the number of ready partitions, with one
 * request to the server for each table that is available: 1 or 0. The default is 0.
 */
int32_t pegasus_dup_request_set_health(struct pegasus_dup_request *request, int32_t health);

/**
 * Sets the name of the backup policy.
 */
int32_t pegasus_dup_request_set_policy(struct pegasus_dup_request *request, const char *policy);

/**
 * Works like `pegasus_dup_request_set_policy`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_policy_n(struct pegasus_dup_request *request,
                                         const char *policy,
                                         size_t length);

/**
 * Sets the storage to which the backups are written: the name of a section `block_service.NAME` in
 * the configuration of the meta servers.
 */
int32_t pegasus_dup_request_set_provider(struct pegasus_dup_request *request,
                                         const char *provider);

/**
 * Works like `pegasus_dup_request_set_provider`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_provider_n(struct pegasus_dup_request *request,
                                           const char *provider,
                                           size_t length);

/**
 * Adds the name of one table to the tables that the policy backs up. The table must exist when the
 * call is made.
 */
int32_t pegasus_dup_request_add_policy_table(struct pegasus_dup_request *request,
                                             const char *table);

/**
 * Works like `pegasus_dup_request_add_policy_table`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_add_policy_table_n(struct pegasus_dup_request *request,
                                               const char *table,
                                               size_t length);

/**
 * Sets the time between two backups, in seconds. Servers of 2.6 require at least a day.
 */
int32_t pegasus_dup_request_set_interval_seconds(struct pegasus_dup_request *request,
                                                 int64_t interval_seconds);

/**
 * Sets the number of backups that are kept.
 */
int32_t pegasus_dup_request_set_history_count(struct pegasus_dup_request *request,
                                              int32_t history_count);

/**
 * Sets the time of day at which a backup starts, as "HH:MM" from "00:00" to "23:59" in the
 * server's local time. Servers only use the hour.
 */
int32_t pegasus_dup_request_set_start_time(struct pegasus_dup_request *request,
                                           const char *start_time);

/**
 * Works like `pegasus_dup_request_set_start_time`, for a text of the given length without a NUL.
 */
int32_t pegasus_dup_request_set_start_time_n(struct pegasus_dup_request *request,
                                             const char *start_time,
                                             size_t length);

/**
 * Creates a client. The client does not connect to a server yet.
 *
 * `metas`: the meta servers as "HOST:PORT", separated by commas; an IPv6 address is written as
 * `[::1]:34601`.
 * `options`: the options, or NULL for the default options.
 * `client`: receives the client.
 * `error`: NULL, or receives an outcome of the kind `PEGASUS_DUP_ERROR` that says what is wrong
 * with `metas`, if the status is `PEGASUS_DUP_BAD_ARGUMENT`. The caller frees that outcome. With
 * every other status it receives NULL.
 */
int32_t pegasus_dup_client_new(const char *metas,
                               const struct pegasus_dup_options *options,
                               struct pegasus_dup_client **client,
                               struct pegasus_dup_outcome **error);

/**
 * Adds a duplication of `table` to `cluster`.
 *
 * `remote_table`: the name of the table in the remote cluster, or NULL for the name that it has in
 * this cluster.
 * `remote_replica_count`: the replica count of the remote table, or 0 for the replica count of the
 * table in this cluster.
 * `checkpoint`: 1 to ship the data that the table already holds too, or 0.
 * `timeout_ms`: the timeout of the call in milliseconds, or 0 for the timeout of the client.
 * `outcome`: receives the outcome. The caller frees it with `pegasus_dup_outcome_free`.
 *
 * Returns `PEGASUS_DUP_OK` whenever it writes an outcome, also if the kind of the outcome is
 * `PEGASUS_DUP_ERROR`. Check `pegasus_dup_outcome_kind` before you rely on the duplication. With
 * every other status the function wrote no outcome. It also sent nothing, except if the status is
 * `PEGASUS_DUP_PANICKED`.
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
 * Returns the duplications of one table. The kind of the outcome is `PEGASUS_DUP_LISTED` or
 * `PEGASUS_DUP_ERROR`. See `pegasus_dup_add` for `timeout_ms` and the status.
 */
int32_t pegasus_dup_query(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Returns the duplications of several tables. `which` is one of `PEGASUS_DUP_TABLES_*`, and `text`
 * is the text that the names of the tables are compared with, or NULL for
 * `PEGASUS_DUP_TABLES_ALL`. The kind of the outcome is `PEGASUS_DUP_LISTED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_list(const struct pegasus_dup_client *client,
                         int32_t which,
                         const char *text,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Returns the duplications of several tables, like `pegasus_dup_list`, but grouped by table.
 * Tables without a duplication are included, and the number of partitions of each table is
 * reported. Read the tables with `pegasus_dup_outcome_table_count` and the functions that follow
 * it.
 */
int32_t pegasus_dup_list_by_table(const struct pegasus_dup_client *client,
                                  int32_t which,
                                  const char *text,
                                  int32_t timeout_ms,
                                  struct pegasus_dup_outcome **outcome);

/**
 * Describes the meta servers: which of them can be reached, which of them is the leader, and the
 * version and the generation of the leader. Changes nothing. The kind of the outcome is
 * `PEGASUS_DUP_INFO`, also if no server is the leader, or `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_info(const struct pegasus_dup_client *client,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Starts a paused duplication. Give either its `dupid`, and NULL as `cluster`, or its remote
 * `cluster`, and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_CHANGED`,
 * `PEGASUS_DUP_UNCHANGED` or `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_start(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t dupid,
                          const char *cluster,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Pauses a duplication. Give either its `dupid`, and NULL as `cluster`, or its remote `cluster`,
 * and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_pause(const struct pegasus_dup_client *client,
                          const char *table,
                          int32_t dupid,
                          const char *cluster,
                          int32_t timeout_ms,
                          struct pegasus_dup_outcome **outcome);

/**
 * Removes a duplication. Give either its `dupid`, and NULL as `cluster`, or its remote `cluster`,
 * and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_REMOVED`, `PEGASUS_DUP_NOT_FOUND` or
 * `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_remove(const struct pegasus_dup_client *client,
                           const char *table,
                           int32_t dupid,
                           const char *cluster,
                           int32_t timeout_ms,
                           struct pegasus_dup_outcome **outcome);

/**
 * Sets the fail mode of a duplication to one of `PEGASUS_DUP_FAIL_*`. Give either its `dupid`, and
 * NULL as `cluster`, or its remote `cluster`, and 0 as `dupid`. The kind of the outcome is
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
 * Makes the call that a request describes. The outcome is that of the function for the same
 * operation. The operations on tables, backup policies and remote clusters have no function of their own. Apart from
 * `PEGASUS_DUP_ERROR`, their outcomes have these kinds:
 * - `PEGASUS_DUP_OPERATION_CREATE_TABLE` and `PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY`:
 *   `PEGASUS_DUP_CREATED` or `PEGASUS_DUP_ALREADY_EXISTS`.
 * - `PEGASUS_DUP_OPERATION_DROP_TABLE`: `PEGASUS_DUP_REMOVED` or `PEGASUS_DUP_NOT_FOUND`.
 * - `PEGASUS_DUP_OPERATION_RECALL_TABLE`: `PEGASUS_DUP_CHANGED` or `PEGASUS_DUP_UNCHANGED`.
 * - `PEGASUS_DUP_OPERATION_LIST_TABLES`: `PEGASUS_DUP_LISTED`.
 * - `PEGASUS_DUP_OPERATION_DESCRIBE_TABLE` and `PEGASUS_DUP_OPERATION_WAIT_READY`:
 *   `PEGASUS_DUP_LISTED`, with one table.
 * - `PEGASUS_DUP_OPERATION_CHECK_REMOTE_CLUSTER`: `PEGASUS_DUP_LISTED`, with one remote cluster.
 *
 * `pegasus_dup_outcome_value` and `pegasus_dup_outcome_value_at` return the tables, policies and
 * remote clusters.
 */
int32_t pegasus_dup_call(const struct pegasus_dup_client *client,
                         const struct pegasus_dup_request *request,
                         int32_t timeout_ms,
                         struct pegasus_dup_outcome **outcome);

/**
 * Frees a client. The function neither waits nor sends anything. NULL is allowed. Outcomes of the
 * client stay valid.
 */
void pegasus_dup_client_free(struct pegasus_dup_client *client);

/**
 * Starts the call that a request describes in the background, and returns at once.
 *
 * `timeout_ms`: the timeout of the call in milliseconds, or 0 for the timeout of the client.
 * `callback`: NULL, or a function that is called once when the call is finished, also if the call
 * was cancelled. It is called with `user_data` and with the outcome, which it must free.
 * `operation`: receives the operation.
 *
 * The callback runs on a thread of the library, or on the thread that is in
 * `pegasus_dup_operation_stop`. It never runs during this function, and the library holds no lock
 * while it runs. It may therefore use every function of the library, free the operation and the
 * client, and wait. The callbacks of one client run one after the other. A callback must return;
 * it must not throw an exception or leave by `longjmp`.
 */
int32_t pegasus_dup_submit(const struct pegasus_dup_client *client,
                           const struct pegasus_dup_request *request,
                           int32_t timeout_ms,
                           pegasus_dup_done callback,
                           void *user_data,
                           struct pegasus_dup_operation **operation);

/**
 * Waits until a call in the background is finished, and writes its outcome. Every caller gets an
 * outcome of its own and frees it. Pass NULL as `outcome` if you do not need the outcome. The
 * callback may run before or after this function returns.
 */
int32_t pegasus_dup_operation_wait(const struct pegasus_dup_operation *operation,
                                   struct pegasus_dup_outcome **outcome);

/**
 * Works like `pegasus_dup_operation_wait`, but waits for at most `timeout_ms` milliseconds. It
 * does not wait at all if the timeout is 0. Returns `PEGASUS_DUP_RUNNING` if the call is not
 * finished by then. The call continues.
 */
int32_t pegasus_dup_operation_wait_for(const struct pegasus_dup_operation *operation,
                                       int32_t timeout_ms,
                                       struct pegasus_dup_outcome **outcome);

/**
 * Cancels a call in the background, without waiting. A finished call is not affected. A request
 * that was not sent yet is never sent. If nothing was sent that changes anything, the outcome is
 * the error `PEGASUS_DUP_ERROR_TIMEOUT`. Otherwise it is the error
 * `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
 */
int32_t pegasus_dup_operation_cancel(const struct pegasus_dup_operation *operation);

/**
 * Cancels a call in the background, and waits until the call is finished and its callback has
 * returned. Afterwards the library does not use `user_data` any more. If the callback was not
 * called yet, this function calls it on the current thread. If this function is called in that
 * callback, it does not wait for the callback to return.
 */
int32_t pegasus_dup_operation_stop(const struct pegasus_dup_operation *operation);

/**
 * Frees an operation. The call continues, and its callback is still called. NULL is allowed.
 */
void pegasus_dup_operation_free(struct pegasus_dup_operation *operation);

/**
 * Returns the kind of an outcome. The outcome of an add or a create is `PEGASUS_DUP_CREATED`,
 * `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR`. The outcome of another operation is
 * `PEGASUS_DUP_ERROR` or one of the kinds that are declared after it.
 */
int32_t pegasus_dup_outcome_kind(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the kind of the resource that an outcome describes, one of `PEGASUS_DUP_RESOURCE_*`, or
 * `PEGASUS_DUP_NONE` for an error that is not the outcome of an operation. Later versions may
 * return other numbers.
 */
int32_t pegasus_dup_outcome_resource(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the reason why the outcome is known: `PEGASUS_DUP_SERVER_SAID_SO` or one of the numbers
 * that are declared after it. Returns `PEGASUS_DUP_NONE` if the outcome has no evidence.
 */
int32_t pegasus_dup_outcome_evidence(const struct pegasus_dup_outcome *outcome);

/**
 * Returns 1 if the outcome is certain. Returns 0 for `PEGASUS_DUP_APPEARED_DURING_CALL` and for an
 * outcome without evidence.
 */
int32_t pegasus_dup_outcome_certain(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the duplication that was created, that existed already, that is the result of a change,
 * or that was removed. Returns NULL for the other kinds of outcomes and resources.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_duplication(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the duplication as it was before the change. Returns NULL unless the kind of the outcome
 * is `PEGASUS_DUP_CHANGED` and the resource is a duplication.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_duplication_before(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the number of duplications in an outcome. These are the listed duplications, the
 * duplications that exist according to an error, or else the duplication that
 * `pegasus_dup_outcome_duplication` returns.
 */
size_t pegasus_dup_outcome_duplication_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the duplication at an index, which starts at 0. Returns NULL if the index is too large.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_duplication_at(const struct pegasus_dup_outcome *outcome,
                                                                         size_t index);

/**
 * Returns the number of fields in which the existing resource differs from the request. The
 * resource is as requested if this number and `pegasus_dup_outcome_unverified_count` are 0.
 * Returns 0 unless the kind of the outcome is `PEGASUS_DUP_ALREADY_EXISTS`.
 */
size_t pegasus_dup_outcome_difference_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the name of the differing field at an index, which starts at 0, such as "remote_table" of
 * a duplication or "partition_count" of a table. Later versions may return other names. Returns
 * NULL if the index is too large.
 */
const char *pegasus_dup_outcome_difference_field(const struct pegasus_dup_outcome *outcome,
                                                 size_t index);

/**
 * Returns the requested value of that field as text. Returns NULL if no value was requested or the
 * index is too large.
 */
const char *pegasus_dup_outcome_difference_asked(const struct pegasus_dup_outcome *outcome,
                                                 size_t index);

/**
 * Returns the existing value of that field as text. Returns NULL if the resource has no such value
 * or the index is too large.
 */
const char *pegasus_dup_outcome_difference_existing(const struct pegasus_dup_outcome *outcome,
                                                    size_t index);

/**
 * Returns the requested value of that field with its type. Returns NULL if the index is too large.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_difference_asked_value(const struct pegasus_dup_outcome *outcome,
                                                                           size_t index);

/**
 * Returns the existing value of that field with its type. Returns NULL if the index is too large.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_difference_existing_value(const struct pegasus_dup_outcome *outcome,
                                                                              size_t index);

/**
 * Returns the number of properties that were requested and could not be compared, because the
 * server does not report them. Returns 0 unless the kind of the outcome is `PEGASUS_DUP_CREATED` or
 * `PEGASUS_DUP_ALREADY_EXISTS`, and 0 for a certain `PEGASUS_DUP_CREATED`.
 */
size_t pegasus_dup_outcome_unverified_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the name of the unverified property at an index, which starts at 0, such as "checkpoint"
 * of a duplication or "atomic_idempotent" of a table. Later versions may return other names. Returns
 * NULL if the index is too large.
 */
const char *pegasus_dup_outcome_unverified_at(const struct pegasus_dup_outcome *outcome,
                                              size_t index);

/**
 * Returns additional information for the user, for example that the existing duplication is paused.
 * Returns NULL if there is none.
 */
const char *pegasus_dup_outcome_warning(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the kind of the error, one of `PEGASUS_DUP_ERROR_*`. Returns `PEGASUS_DUP_NONE` unless
 * the kind of the outcome is `PEGASUS_DUP_ERROR`.
 */
int32_t pegasus_dup_outcome_error_kind(const struct pegasus_dup_outcome *outcome);

/**
 * Returns a description of the error for people. Returns NULL unless the kind of the outcome is
 * `PEGASUS_DUP_ERROR`.
 */
const char *pegasus_dup_outcome_error_message(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the server's explanation of the error, or else advice what to do next. Returns NULL if
 * there is neither. The explanation is returned as the server sent it, so it may contain any
 * character, including characters that control a terminal.
 */
const char *pegasus_dup_outcome_error_hint(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the Pegasus error code, such as "ERR_BUSY". Returns NULL if no server returned an error
 * code.
 */
const char *pegasus_dup_outcome_error_code(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the meta server that responded or was asked, as "HOST:PORT". If the host is a name, the
 * address that was tried follows: "meta.example:34601 (10.0.0.1:34601)". Returns NULL if no server
 * is known.
 */
const char *pegasus_dup_outcome_error_server(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the whole outcome as text for people: the lines that `pegasus-dup` writes to stdout and
 * stderr for the same call, without a line end after the last line. Characters that control a
 * terminal or are invisible are escaped, such as `\u{9b}`. Returns NULL only for NULL.
 */
const char *pegasus_dup_outcome_text(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the whole outcome as JSON: the same object that `pegasus-dup --json` writes for the same
 * call, on one line without a line end. For a list or a query it returns one object on each line,
 * or an empty text if nothing was found. Returns NULL only for NULL.
 */
const char *pegasus_dup_outcome_json(const struct pegasus_dup_outcome *outcome);

/**
 * Creates an outcome of the kind `PEGASUS_DUP_ERROR` from a status other than `PEGASUS_DUP_OK`. A
 * program can then report a refused call like a call that failed, with its text, its JSON and its
 * error kind. The caller owns the outcome.
 *
 * The error kind is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN` for `PEGASUS_DUP_PANICKED`,
 * `PEGASUS_DUP_ERROR_UNAVAILABLE` for `PEGASUS_DUP_FORKED`, `PEGASUS_DUP_NO_THREAD` and
 * `PEGASUS_DUP_WRONG_THREAD`, `PEGASUS_DUP_ERROR_BUSY` for `PEGASUS_DUP_RUNNING`,
 * `PEGASUS_DUP_ERROR_WRONG_STATE` for `PEGASUS_DUP_LOG_TAKEN`, and
 * `PEGASUS_DUP_ERROR_INVALID_ARGUMENT` for every other status.
 *
 * Returns `PEGASUS_DUP_BAD_ARGUMENT` for `PEGASUS_DUP_OK` and for a number that is not a status.
 */
int32_t pegasus_dup_outcome_of_status(int32_t refused, struct pegasus_dup_outcome **outcome);

/**
 * Frees an outcome and everything that it lent. NULL is allowed.
 */
void pegasus_dup_outcome_free(struct pegasus_dup_outcome *outcome);

/**
 * Returns the number of tables that were listed. It is 0 for the outcome of every operation other
 * than `PEGASUS_DUP_OPERATION_LIST_BY_TABLE`.
 */
size_t pegasus_dup_outcome_table_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the name of the table at an index, which starts at 0. The tables are sorted by name.
 * Returns NULL if the index is too large.
 */
const char *pegasus_dup_outcome_table_name(const struct pegasus_dup_outcome *outcome, size_t index);

/**
 * Returns the id of the table in this cluster, or `PEGASUS_DUP_NONE` if the index is too
 * large.
 */
int32_t pegasus_dup_outcome_table_id(const struct pegasus_dup_outcome *outcome, size_t index);

/**
 * Returns the number of partitions of the table, or `PEGASUS_DUP_NONE` if the server did not
 * report it or the index is too large.
 */
int32_t pegasus_dup_outcome_table_partition_count(const struct pegasus_dup_outcome *outcome,
                                                  size_t index);

/**
 * Returns the number of duplications of the table, or 0 if the index is too large.
 */
size_t pegasus_dup_outcome_table_duplication_count(const struct pegasus_dup_outcome *outcome,
                                                   size_t index);

/**
 * Returns a duplication of the table. The index among the duplications of the table starts at 0.
 * Returns NULL if an index is too large.
 */
const struct pegasus_dup_duplication *pegasus_dup_outcome_table_duplication_at(const struct pegasus_dup_outcome *outcome,
                                                                               size_t index,
                                                                               size_t index_in_table);

/**
 * Returns the address of the leader, or NULL if no server is the leader or the kind of the outcome
 * is not `PEGASUS_DUP_INFO`.
 */
const char *pegasus_dup_info_leader(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the name of the cluster itself, or NULL if the leader does not report the name.
 */
const char *pegasus_dup_info_cluster_name(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the version that the leader reports over HTTP, or NULL if it reports none.
 */
const char *pegasus_dup_info_version(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the generation that the client uses for the leader, one of `PEGASUS_DUP_GENERATION_*`,
 * or `PEGASUS_DUP_NONE` if the generation is not known.
 */
int32_t pegasus_dup_info_generation(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the reason why the generation is known: "list_rpc", "no_replica_count_rpc", "version",
 * "no_version" or "stated". Later versions may return other texts. Returns NULL if the generation
 * is not known.
 */
const char *pegasus_dup_info_known_by(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the number of servers that were asked. Each address of a listed name counts, and so does
 * each server that a follower named.
 */
size_t pegasus_dup_info_server_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the address of the server at an index, which starts at 0. Returns NULL if the index is
 * too large.
 */
const char *pegasus_dup_info_server(const struct pegasus_dup_outcome *outcome, size_t index);

/**
 * Returns the role of that server: "leader", "follower", "not_ready", "unreachable", "no_answer"
 * or "no_meta_server". Later versions may return other texts. Returns NULL if the index is too
 * large.
 */
const char *pegasus_dup_info_server_role(const struct pegasus_dup_outcome *outcome, size_t index);

/**
 * Returns further information on that server in words, such as the reason why it cannot be reached
 * or the leader that a follower names. Returns NULL if there is no further information or the
 * index is too large.
 */
const char *pegasus_dup_info_server_detail(const struct pegasus_dup_outcome *outcome, size_t index);

/**
 * Sets whether a call records its history: 1 or 0. The default is 0. The history says what was
 * sent, what the servers responded and what was concluded, attempt by attempt. The outcome of the
 * call contains the history, also if the call failed or was cancelled.
 */
int32_t pegasus_dup_request_set_record_history(struct pegasus_dup_request *request,
                                               int32_t record_history);

/**
 * Returns the history of the call as a list of its entries. Each entry is a map with these fields:
 * - "entry": the kind of the entry, a text: "step", "request", "late_response", "version", "server"
 *   or "conclusion". Later versions may have other kinds.
 * - "call": the number 1, because an outcome belongs to one call.
 * - "attempt": the number of the attempt, from 1.
 * - "server": the server that the entry is about, a text.
 * - "name": the code name of the RPC, "GET /version", or the name of the step, a text.
 * - "request" and "response": the fields of the request and of the response, each a map.
 * - "text": the detail of the step, the reason why there is no response, the version, what was
 *   found out about the server, or the conclusion.
 *
 * A field that the entry does not have is absent. docs/json.md describes the fields. Returns NULL if
 * the call did not record its history.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_history(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the history of the call as text for people: the lines that `pegasus-dup --explain` writes
 * for the same call, without a line end after the last line. Characters that control a terminal or
 * are invisible are escaped. Returns NULL if the call did not record its history.
 */
const char *pegasus_dup_outcome_history_text(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the history of the call as JSON: one object for each entry, each on a line, without a line
 * end after the last line. Returns NULL if the call did not record its history.
 */
const char *pegasus_dup_outcome_history_json(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the name of the table whose writes are shipped.
 */
const char *pegasus_dup_duplication_table(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the id of the table in this cluster.
 */
int32_t pegasus_dup_duplication_table_id(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the name of the remote cluster.
 */
const char *pegasus_dup_duplication_cluster(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the id of the duplication within the table. The server may reuse the id after a removal.
 * Two handles describe the same duplication only if table id, cluster, dupid and creation time are
 * equal.
 */
int32_t pegasus_dup_duplication_dupid(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the status, one of `PEGASUS_DUP_STATUS_*`, `PEGASUS_DUP_NONE` or
 * `PEGASUS_DUP_UNNAMED`. These numbers have the same meaning for all generations of servers. They
 * are not the numbers of the protocol.
 */
int32_t pegasus_dup_duplication_status(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the name of the status in Pegasus, such as "DS_LOG", or NULL if the server did not
 * report the status.
 */
const char *pegasus_dup_duplication_status_name(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the fail mode, one of `PEGASUS_DUP_FAIL_*`, `PEGASUS_DUP_NONE` or
 * `PEGASUS_DUP_UNNAMED`.
 */
int32_t pegasus_dup_duplication_fail_mode(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the name of the fail mode in Pegasus, such as "FAIL_SLOW", or NULL if the server did not
 * report the fail mode.
 */
const char *pegasus_dup_duplication_fail_mode_name(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the name of the table in the remote cluster, or NULL if the server did not report it.
 * Only snapshots of 2.6 report it.
 */
const char *pegasus_dup_duplication_remote_table(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the replica count of the remote table, or `PEGASUS_DUP_NONE` if the server did not
 * report it. Only snapshots of 2.6 report it.
 */
int32_t pegasus_dup_duplication_remote_replica_count(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the creation time in milliseconds since 1970, by the server's clock, or
 * `PEGASUS_DUP_NONE` if the server did not report it.
 */
int64_t pegasus_dup_duplication_create_ts_ms(const struct pegasus_dup_duplication *duplication);

/**
 * Returns the number of partitions whose progress is known. It is 0 if the server did not report
 * the progress. Only newer snapshots of 2.6 report it.
 */
size_t pegasus_dup_duplication_partition_count(const struct pegasus_dup_duplication *duplication);

/**
 * Writes the progress of the partition at an index, which starts at 0: the index of the partition
 * in the table, the last decree that the remote cluster confirmed, and the last decree that is
 * committed in this cluster. A decree that is not known yet is `PEGASUS_DUP_NONE`. An output
 * parameter may be NULL if its value is not needed.
 */
int32_t pegasus_dup_duplication_partition_at(const struct pegasus_dup_duplication *duplication,
                                             size_t index,
                                             int32_t *partition,
                                             int64_t *confirmed_decree,
                                             int64_t *last_committed_decree);

/**
 * Returns the table or backup policy that was created, that existed already, that is the result of
 * a change, or that was removed, as a map of its fields. Returns NULL for the other kinds of
 * outcomes and for duplications. Read the fields with `pegasus_dup_value_get`:
 *
 * The fields of a table, which `PEGASUS_DUP_RESOURCE_TABLE` marks:
 * - "table": the name of the table, a text.
 * - "table_id": the id of the table. Servers do not use an id again.
 * - "status": the status, a text such as "AS_AVAILABLE" or "AS_DROPPED". Absent if only the
 *   response to a request is known.
 * - "partition_count": the number of partitions.
 * - "replica_count": the number of replicas that each partition is supposed to have.
 * - "atomic_idempotent": a boolean that says whether the writes of the table are made idempotent
 *   before they are replicated. Only 2.6 snapshots since March 2025 report it.
 * - "envs": the settings of the table, a map of texts.
 * - "duplicating": a boolean that says whether the table has, or had before a drop, a duplication.
 * - "create_ts_ms": the time of creation, in milliseconds since 1970, by the server's clock.
 * - "drop_ts_ms": the time of the drop. Absent for a table that is not dropped.
 * - "expire_ts_ms": the time until which the table can be recalled. Absent for a table that is not
 *   dropped.
 * - "ready_partitions": the number of partitions that have a primary and enough secondaries. Absent
 *   if the partitions were not read. For a table that was just dropped, the number before the drop.
 * - "partitions": absent if the partitions were not read, or a list of maps with the fields
 *   "partition" (the index of the partition), "ready" (a boolean), "primary" (the replica server as
 *   "HOST:PORT", absent if there is none) and "secondaries" (a list of replica servers).
 *
 * The fields of a backup policy, which `PEGASUS_DUP_RESOURCE_BACKUP_POLICY` marks:
 * - "policy": the name of the policy, a text.
 * - "provider": the storage to which the backups are written, a text.
 * - "table_ids": the ids of the tables, a list of numbers in ascending order.
 * - "interval_seconds": the time between two backups, in seconds.
 * - "history_count": the number of backups that are kept.
 * - "start_time": the time of day at which a backup starts, a text such as "03:00".
 * - "disabled": a boolean that says whether the policy is disabled.
 *
 * The fields of a remote cluster, which `PEGASUS_DUP_RESOURCE_REMOTE_CLUSTER` marks and which is
 * only listed:
 * - "cluster": the name of the remote cluster, a text.
 * - "state": "configured", "not_configured" or "own_cluster". Later versions may have other texts.
 * - "hint": the explanation of the server. Absent if the remote cluster is configured.
 *
 * A field whose value the server did not report is absent. Later versions may add fields.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_value(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the table as it was before the change, as a map of its fields. Returns NULL unless the
 * kind of the outcome is `PEGASUS_DUP_CHANGED` and the resource is a table.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_value_before(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the number of tables, backup policies and remote clusters in an outcome. These are the
 * listed ones, the resources that exist according to an error, or else the resource that `pegasus_dup_outcome_value`
 * returns. All of them have the kind that `pegasus_dup_outcome_resource` returns.
 */
size_t pegasus_dup_outcome_value_count(const struct pegasus_dup_outcome *outcome);

/**
 * Returns the table, backup policy or remote cluster at an index, which starts at 0, as a map of
 * its fields. Returns NULL if the index is too large.
 */
const struct pegasus_dup_value *pegasus_dup_outcome_value_at(const struct pegasus_dup_outcome *outcome,
                                                             size_t index);

/**
 * Returns the type of a value, one of `PEGASUS_DUP_VALUE_*`, or `PEGASUS_DUP_NONE` for NULL.
 */
int32_t pegasus_dup_value_type(const struct pegasus_dup_value *value);

/**
 * Returns a value of any type as text, such as "true", "3", "[1,2]" or "{key=value}". A text is
 * returned as the server sent it, so it may contain any character, including characters that
 * control a terminal. Returns NULL for NULL and for an absent value.
 */
const char *pegasus_dup_value_text(const struct pegasus_dup_value *value);

/**
 * Writes the number of a value of the type `PEGASUS_DUP_VALUE_NUMBER`, or 1 or 0 for a value of
 * the type `PEGASUS_DUP_VALUE_BOOLEAN`. Returns `PEGASUS_DUP_BAD_ARGUMENT` for every other type.
 */
int32_t pegasus_dup_value_number(const struct pegasus_dup_value *value, int64_t *number);

/**
 * Returns the number of values in a list or a map, or 0 for every other type.
 */
size_t pegasus_dup_value_count(const struct pegasus_dup_value *value);

/**
 * Returns the value at an index of a list or a map, which starts at 0. Returns NULL if the index
 * is too large.
 */
const struct pegasus_dup_value *pegasus_dup_value_at(const struct pegasus_dup_value *value,
                                                     size_t index);

/**
 * Returns the name of the value at an index of a map, which starts at 0. Returns NULL for a list,
 * and if the index is too large.
 */
const char *pegasus_dup_value_key_at(const struct pegasus_dup_value *value, size_t index);

/**
 * Returns the value that has a name in a map. Returns NULL if the map has no such name, if the
 * value is no map, and if an argument is NULL. A name is compared byte for byte. The functions that
 * read a value accept NULL, so that a field that does not exist can be read like an absent field.
 */
const struct pegasus_dup_value *pegasus_dup_value_get(const struct pegasus_dup_value *value,
                                                      const char *key);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /*PEGASUS_DUP_H */
