/*
 * The library must survive wrong use: NULL for every pointer, texts that are not UTF-8, numbers without a
 * meaning, and handles that are freed in any order. Usage: hostile HOST:PORT
 */
#include <pegasus_dup.h>
#include <stdlib.h>

#include "check.h"

#define INVALID_UTF8 "temp\xff"
/* The value of an output parameter that a function must not write. */
#define UNTOUCHED ((void *)&untouched)
static char untouched;

static const int32_t wrong_numbers[] = {-3, 99, INT32_MIN, INT32_MAX};
#define WRONG_NUMBERS (sizeof wrong_numbers / sizeof wrong_numbers[0])

static void free_null(void) {
    pegasus_dup_client_free(NULL);
    pegasus_dup_options_free(NULL);
    pegasus_dup_outcome_free(NULL);
    pegasus_dup_request_free(NULL);
}

static void outcomes_of_statuses(void) {
    static const int32_t errors[][2] = {
        {PEGASUS_DUP_NULL_ARGUMENT, PEGASUS_DUP_ERROR_INVALID_ARGUMENT},
        {PEGASUS_DUP_NOT_UTF8, PEGASUS_DUP_ERROR_INVALID_ARGUMENT},
        {PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_ERROR_INVALID_ARGUMENT},
        {PEGASUS_DUP_PANICKED, PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN},
        {PEGASUS_DUP_FORKED, PEGASUS_DUP_ERROR_UNAVAILABLE},
        {PEGASUS_DUP_RUNNING, PEGASUS_DUP_ERROR_BUSY},
        {PEGASUS_DUP_NO_THREAD, PEGASUS_DUP_ERROR_UNAVAILABLE},
        {PEGASUS_DUP_WRONG_THREAD, PEGASUS_DUP_ERROR_UNAVAILABLE},
        {PEGASUS_DUP_LOG_TAKEN, PEGASUS_DUP_ERROR_WRONG_STATE},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        pegasus_dup_outcome *outcome = NULL;
        CHECK(pegasus_dup_outcome_of_status(errors[i][0], &outcome) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
        CHECK(pegasus_dup_outcome_error_kind(outcome) == errors[i][1]);
        CHECK_TEXT(pegasus_dup_outcome_error_message(outcome),
                   pegasus_dup_status_text(errors[i][0]));
        CHECK(strstr(pegasus_dup_outcome_json(outcome), "{\"outcome\":\"error\"") != NULL);
        pegasus_dup_outcome_free(outcome);
    }
    pegasus_dup_outcome *outcome = UNTOUCHED;
    CHECK(pegasus_dup_outcome_of_status(PEGASUS_DUP_OK, &outcome) == PEGASUS_DUP_BAD_ARGUMENT);
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        CHECK(pegasus_dup_outcome_of_status(wrong_numbers[i], &outcome) ==
              PEGASUS_DUP_BAD_ARGUMENT);
    }
    CHECK(outcome == UNTOUCHED);
    CHECK(pegasus_dup_outcome_of_status(PEGASUS_DUP_NOT_UTF8, NULL) == PEGASUS_DUP_NULL_ARGUMENT);
}

static void ask_null(void) {
    CHECK(pegasus_dup_outcome_kind(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_resource(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_evidence(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_certain(NULL) == 0);
    CHECK(pegasus_dup_outcome_duplication(NULL) == NULL);
    CHECK(pegasus_dup_outcome_duplication_before(NULL) == NULL);
    CHECK(pegasus_dup_outcome_duplication_count(NULL) == 0);
    CHECK(pegasus_dup_outcome_duplication_at(NULL, 0) == NULL);
    CHECK(pegasus_dup_outcome_difference_count(NULL) == 0);
    CHECK(pegasus_dup_outcome_unverified_count(NULL) == 0);
    CHECK_TEXT(pegasus_dup_outcome_unverified_at(NULL, 0), NULL);
    CHECK_TEXT(pegasus_dup_outcome_difference_field(NULL, 0), NULL);
    CHECK_TEXT(pegasus_dup_outcome_difference_asked(NULL, 0), NULL);
    CHECK_TEXT(pegasus_dup_outcome_difference_existing(NULL, 0), NULL);
    CHECK(pegasus_dup_outcome_difference_asked_value(NULL, 0) == NULL);
    CHECK(pegasus_dup_outcome_difference_existing_value(NULL, 0) == NULL);
    int64_t number = 0;
    CHECK(pegasus_dup_value_type(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_value_text(NULL), NULL);
    CHECK(pegasus_dup_value_number(NULL, &number) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_value_count(NULL) == 0);
    CHECK(pegasus_dup_value_at(NULL, 0) == NULL);
    CHECK_TEXT(pegasus_dup_value_key_at(NULL, 0), NULL);
    CHECK(pegasus_dup_value_get(NULL, "table") == NULL);
    CHECK(pegasus_dup_outcome_value(NULL) == NULL);
    CHECK(pegasus_dup_outcome_value_before(NULL) == NULL);
    CHECK(pegasus_dup_outcome_value_count(NULL) == 0);
    CHECK(pegasus_dup_outcome_value_at(NULL, 0) == NULL);
    CHECK_TEXT(pegasus_dup_outcome_warning(NULL), NULL);
    CHECK(pegasus_dup_outcome_error_kind(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_outcome_error_message(NULL), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_hint(NULL), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_code(NULL), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_server(NULL), NULL);
    CHECK_TEXT(pegasus_dup_outcome_text(NULL), NULL);
    CHECK_TEXT(pegasus_dup_outcome_json(NULL), NULL);
    CHECK_TEXT(pegasus_dup_info_leader(NULL), NULL);
    CHECK_TEXT(pegasus_dup_info_version(NULL), NULL);
    CHECK(pegasus_dup_info_generation(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_info_known_by(NULL), NULL);
    CHECK_TEXT(pegasus_dup_info_cluster_name(NULL), NULL);
    CHECK(pegasus_dup_info_server_count(NULL) == 0);
    CHECK_TEXT(pegasus_dup_info_server(NULL, 0), NULL);
    CHECK_TEXT(pegasus_dup_info_server_role(NULL, 0), NULL);
    CHECK_TEXT(pegasus_dup_info_server_detail(NULL, 0), NULL);
    CHECK(pegasus_dup_info(NULL, 0, NULL) == PEGASUS_DUP_NULL_ARGUMENT);

    CHECK_TEXT(pegasus_dup_duplication_table(NULL), NULL);
    CHECK(pegasus_dup_duplication_table_id(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_duplication_cluster(NULL), NULL);
    CHECK(pegasus_dup_duplication_dupid(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_duplication_status(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_duplication_status_name(NULL), NULL);
    CHECK(pegasus_dup_duplication_fail_mode(NULL) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_duplication_fail_mode_name(NULL), NULL);
    CHECK_TEXT(pegasus_dup_duplication_remote_table(NULL), NULL);
    CHECK(pegasus_dup_duplication_remote_replica_count(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_duplication_create_ts_ms(NULL) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_duplication_partition_count(NULL) == 0);
    CHECK(pegasus_dup_duplication_partition_at(NULL, 0, NULL, NULL, NULL) ==
          PEGASUS_DUP_NULL_ARGUMENT);
}

static void options(void) {
    CHECK(pegasus_dup_options_new(NULL) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_options_set_timeout_ms(NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_options_set_generation(NULL, 0) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_options_set_mode(NULL, 0) == PEGASUS_DUP_NULL_ARGUMENT);

    pegasus_dup_options *options = NULL;
    CHECK(pegasus_dup_options_new(&options) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_options_set_timeout_ms(options, -1) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_options_set_timeout_ms(options, INT32_MAX) == PEGASUS_DUP_OK);
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        CHECK(pegasus_dup_options_set_generation(options, wrong_numbers[i]) ==
              PEGASUS_DUP_BAD_ARGUMENT);
        CHECK(pegasus_dup_options_set_mode(options, wrong_numbers[i]) == PEGASUS_DUP_BAD_ARGUMENT);
    }
    for (int32_t i = PEGASUS_DUP_NONE; i <= PEGASUS_DUP_GENERATION_DUP_EXIST; i++) {
        CHECK(pegasus_dup_options_set_generation(options, i) == PEGASUS_DUP_OK);
    }
    CHECK(pegasus_dup_options_set_mode(options, PEGASUS_DUP_MODE_DIRECT) == PEGASUS_DUP_OK);
    pegasus_dup_options_free(options);
}

static void client_new(const char *address) {
    pegasus_dup_client *client = UNTOUCHED;
    pegasus_dup_outcome *error = NULL;
    CHECK(pegasus_dup_client_new(NULL, NULL, &client, &error) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_client_new(address, NULL, NULL, &error) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_client_new(INVALID_UTF8, NULL, &client, &error) == PEGASUS_DUP_NOT_UTF8);
    CHECK(error == NULL);
    static const char *const wrong_metas[] = {"", ",", "nonsense", "host:", "host:99999", ":1"};
    for (size_t i = 0; i < sizeof wrong_metas / sizeof wrong_metas[0]; i++) {
        error = NULL;
        CHECK(pegasus_dup_client_new(wrong_metas[i], NULL, &client, &error) ==
              PEGASUS_DUP_BAD_ARGUMENT);
        CHECK(pegasus_dup_outcome_kind(error) == PEGASUS_DUP_ERROR);
        CHECK(pegasus_dup_outcome_error_kind(error) == PEGASUS_DUP_ERROR_INVALID_ARGUMENT);
        CHECK(pegasus_dup_outcome_error_message(error) != NULL);
        pegasus_dup_outcome_free(error);
        CHECK(pegasus_dup_client_new(wrong_metas[i], NULL, &client, NULL) ==
              PEGASUS_DUP_BAD_ARGUMENT);
    }
    CHECK(client == UNTOUCHED);
}

/* Calls that are refused write no outcome. */
static void calls(const pegasus_dup_client *client) {
    pegasus_dup_outcome *o = UNTOUCHED;
    const int32_t null = PEGASUS_DUP_NULL_ARGUMENT;
    CHECK(pegasus_dup_add(NULL, "temp", "target", NULL, 0, 0, 0, &o) == null);
    CHECK(pegasus_dup_add(client, NULL, "target", NULL, 0, 0, 0, &o) == null);
    CHECK(pegasus_dup_add(client, "temp", NULL, NULL, 0, 0, 0, &o) == null);
    CHECK(pegasus_dup_add(client, "temp", "target", NULL, 0, 0, 0, NULL) == null);
    CHECK(pegasus_dup_query(NULL, "temp", 0, &o) == null);
    CHECK(pegasus_dup_query(client, NULL, 0, &o) == null);
    CHECK(pegasus_dup_query(client, "temp", 0, NULL) == null);
    CHECK(pegasus_dup_list(NULL, PEGASUS_DUP_TABLES_ALL, NULL, 0, &o) == null);
    CHECK(pegasus_dup_list(client, PEGASUS_DUP_TABLES_EXACT, NULL, 0, &o) == null);
    CHECK(pegasus_dup_list(client, PEGASUS_DUP_TABLES_ALL, NULL, 0, NULL) == null);
    CHECK(pegasus_dup_list_by_table(NULL, PEGASUS_DUP_TABLES_ALL, NULL, 0, &o) == null);
    CHECK(pegasus_dup_list_by_table(client, PEGASUS_DUP_TABLES_EXACT, NULL, 0, &o) == null);
    CHECK(pegasus_dup_list_by_table(client, PEGASUS_DUP_TABLES_ALL, NULL, 0, NULL) == null);
    CHECK(pegasus_dup_start(NULL, "temp", 1, NULL, 0, &o) == null);
    CHECK(pegasus_dup_start(client, NULL, 1, NULL, 0, &o) == null);
    CHECK(pegasus_dup_pause(client, NULL, 1, NULL, 0, &o) == null);
    CHECK(pegasus_dup_remove(client, NULL, 1, NULL, 0, &o) == null);
    CHECK(pegasus_dup_set_fail_mode(client, NULL, 1, NULL, 0, 0, &o) == null);
    CHECK(pegasus_dup_call(client, NULL, 0, &o) == null);

    const int32_t utf8 = PEGASUS_DUP_NOT_UTF8;
    CHECK(pegasus_dup_add(client, INVALID_UTF8, "target", NULL, 0, 0, 0, &o) == utf8);
    CHECK(pegasus_dup_add(client, "temp", INVALID_UTF8, NULL, 0, 0, 0, &o) == utf8);
    CHECK(pegasus_dup_add(client, "temp", "target", INVALID_UTF8, 0, 0, 0, &o) == utf8);
    CHECK(pegasus_dup_query(client, INVALID_UTF8, 0, &o) == utf8);
    CHECK(pegasus_dup_list(client, PEGASUS_DUP_TABLES_PREFIX, INVALID_UTF8, 0, &o) == utf8);
    CHECK(pegasus_dup_pause(client, "temp", 0, INVALID_UTF8, 0, &o) == utf8);

    const int32_t bad = PEGASUS_DUP_BAD_ARGUMENT;
    CHECK(pegasus_dup_add(client, "temp", "target", NULL, 0, 0, -1, &o) == bad);
    CHECK(pegasus_dup_start(client, "temp", 0, NULL, 0, &o) == bad);
    CHECK(pegasus_dup_start(client, "temp", 1, "target", 0, &o) == bad);
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        int32_t wrong = wrong_numbers[i];
        CHECK(pegasus_dup_add(client, "temp", "target", NULL, 0, wrong, 0, &o) == bad);
        CHECK(pegasus_dup_list(client, wrong, "temp", 0, &o) == bad);
        CHECK(pegasus_dup_list_by_table(client, wrong, "temp", 0, &o) == bad);
        CHECK(pegasus_dup_set_fail_mode(client, "temp", 1, NULL, wrong, 0, &o) == bad);
    }
    CHECK(o == UNTOUCHED);
}

/* Calls whose arguments the library can pass on, but which are invalid, have an outcome that says so. */
static void errors(const pegasus_dup_client *client) {
    char long_name[4096];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const struct {
        const char *table, *cluster, *remote_table;
        int32_t replicas;
    } wrong[] = {
        {"", "target", NULL, 0},        {"temp", "", NULL, 0},       {"temp", "target", "", 0},
        {"temp", "target", NULL, -1},   {long_name, "target", NULL, 0}, {"temp", long_name, NULL, 0},
        {"temp", "target", long_name, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pegasus_dup_outcome *outcome = NULL;
        CHECK(pegasus_dup_add(client, wrong[i].table, wrong[i].cluster, wrong[i].remote_table,
                              wrong[i].replicas, 0, 0, &outcome) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
        CHECK(pegasus_dup_outcome_error_message(outcome) != NULL);
        pegasus_dup_outcome_free(outcome);
    }
}

static void requests(const pegasus_dup_client *client) {
    pegasus_dup_request *request = UNTOUCHED;
    pegasus_dup_outcome *outcome = UNTOUCHED;
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        CHECK(pegasus_dup_request_new(wrong_numbers[i], &request) == PEGASUS_DUP_BAD_ARGUMENT);
    }
    CHECK(request == UNTOUCHED);
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_ADD, NULL) == PEGASUS_DUP_NULL_ARGUMENT);
    const int32_t null = PEGASUS_DUP_NULL_ARGUMENT;
    CHECK(pegasus_dup_request_set_table(NULL, "temp") == null);
    CHECK(pegasus_dup_request_set_table_n(NULL, "temp", 4) == null);
    CHECK(pegasus_dup_request_set_cluster(NULL, "target") == null);
    CHECK(pegasus_dup_request_set_cluster_n(NULL, "target", 6) == null);
    CHECK(pegasus_dup_request_set_remote_table(NULL, "temp") == null);
    CHECK(pegasus_dup_request_set_remote_table_n(NULL, "temp", 4) == null);
    CHECK(pegasus_dup_request_set_remote_replica_count(NULL, 1) == null);
    CHECK(pegasus_dup_request_set_checkpoint(NULL, 1) == null);
    CHECK(pegasus_dup_request_set_dupid(NULL, 1) == null);
    CHECK(pegasus_dup_request_set_fail_mode(NULL, 1) == null);
    CHECK(pegasus_dup_request_set_tables(NULL, PEGASUS_DUP_TABLES_ALL, NULL) == null);
    CHECK(pegasus_dup_request_set_tables_n(NULL, PEGASUS_DUP_TABLES_ALL, NULL, 0) == null);

    /* Without further values only the lists and the description of the meta servers are complete. */
    for (int32_t i = 0; i <= PEGASUS_DUP_OPERATION_CHECK_REMOTE_CLUSTER; i++) {
        CHECK(pegasus_dup_request_new(i, &request) == PEGASUS_DUP_OK);
        if (i != PEGASUS_DUP_OPERATION_LIST && i != PEGASUS_DUP_OPERATION_LIST_BY_TABLE &&
            i != PEGASUS_DUP_OPERATION_LIST_TABLES && i != PEGASUS_DUP_OPERATION_INFO) {
            CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_BAD_ARGUMENT);
        }
        pegasus_dup_request_free(request);
    }
    CHECK(outcome == UNTOUCHED);

    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_QUERY, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(request, NULL) == null);
    CHECK(pegasus_dup_request_set_table_n(request, NULL, 4) == null);
    CHECK(pegasus_dup_request_set_table_n(request, "x", SIZE_MAX) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_request_set_table_n(request, INVALID_UTF8, 5) == PEGASUS_DUP_NOT_UTF8);
    CHECK(pegasus_dup_request_set_table(request, INVALID_UTF8) == PEGASUS_DUP_NOT_UTF8);
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        int32_t wrong = wrong_numbers[i];
        CHECK(pegasus_dup_request_set_checkpoint(request, wrong) == PEGASUS_DUP_BAD_ARGUMENT);
        CHECK(pegasus_dup_request_set_fail_mode(request, wrong) == PEGASUS_DUP_BAD_ARGUMENT);
        CHECK(pegasus_dup_request_set_tables(request, wrong, "x") == PEGASUS_DUP_BAD_ARGUMENT);
    }
    /* A text of a given length needs no NUL. */
    char *unended = malloc(4);
    if (CHECK(unended != NULL)) {
        memcpy(unended, "temp", 4);
        CHECK(pegasus_dup_request_set_table_n(request, unended, 4) == PEGASUS_DUP_OK);
        free(unended);
    }
    CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
    CHECK(pegasus_dup_outcome_duplication_at(outcome, SIZE_MAX) == NULL);
    CHECK(pegasus_dup_outcome_duplication(outcome) == NULL);
    /* The outcome of a query has no tables. */
    CHECK(pegasus_dup_outcome_table_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_table_name(outcome, 0) == NULL);
    CHECK(pegasus_dup_outcome_table_id(outcome, 0) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_table_partition_count(outcome, 0) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_table_duplication_count(outcome, 0) == 0);
    CHECK(pegasus_dup_outcome_table_duplication_at(outcome, 0, 0) == NULL);
    CHECK(pegasus_dup_outcome_table_count(NULL) == 0);
    CHECK(pegasus_dup_outcome_table_duplication_at(NULL, 0, 0) == NULL);
    pegasus_dup_request_free(request);
    pegasus_dup_outcome_free(outcome);
}

/* A function that sets a text, or adds one. */
typedef int32_t (*set_text)(pegasus_dup_request *, const char *);
typedef int32_t (*set_text_n)(pegasus_dup_request *, const char *, size_t);

static void texts_of_requests(pegasus_dup_request *request) {
    static const struct {
        set_text ended;
        set_text_n sized;
        int32_t of_null;
    } setters[] = {
        {pegasus_dup_request_set_new_name, pegasus_dup_request_set_new_name_n, PEGASUS_DUP_OK},
        {pegasus_dup_request_set_policy, pegasus_dup_request_set_policy_n,
         PEGASUS_DUP_NULL_ARGUMENT},
        {pegasus_dup_request_set_provider, pegasus_dup_request_set_provider_n,
         PEGASUS_DUP_NULL_ARGUMENT},
        {pegasus_dup_request_add_policy_table, pegasus_dup_request_add_policy_table_n,
         PEGASUS_DUP_NULL_ARGUMENT},
        {pegasus_dup_request_set_start_time, pegasus_dup_request_set_start_time_n,
         PEGASUS_DUP_NULL_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        CHECK(setters[i].ended(NULL, "x") == PEGASUS_DUP_NULL_ARGUMENT);
        CHECK(setters[i].sized(NULL, "x", 1) == PEGASUS_DUP_NULL_ARGUMENT);
        CHECK(setters[i].ended(request, NULL) == setters[i].of_null);
        CHECK(setters[i].sized(request, NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
        CHECK(setters[i].sized(request, NULL, 0) == PEGASUS_DUP_OK);
        CHECK(setters[i].ended(request, INVALID_UTF8) == PEGASUS_DUP_NOT_UTF8);
        CHECK(setters[i].sized(request, INVALID_UTF8, 5) == PEGASUS_DUP_NOT_UTF8);
        CHECK(setters[i].sized(request, "x", SIZE_MAX) == PEGASUS_DUP_BAD_ARGUMENT);
    }
    const int32_t null = PEGASUS_DUP_NULL_ARGUMENT;
    CHECK(pegasus_dup_request_set_env(NULL, "k", "v") == null);
    CHECK(pegasus_dup_request_set_env(request, NULL, "v") == null);
    CHECK(pegasus_dup_request_set_env(request, "k", NULL) == null);
    CHECK(pegasus_dup_request_set_env(request, INVALID_UTF8, "v") == PEGASUS_DUP_NOT_UTF8);
    CHECK(pegasus_dup_request_set_env(request, "k", INVALID_UTF8) == PEGASUS_DUP_NOT_UTF8);
    CHECK(pegasus_dup_request_set_env_n(NULL, "k", 1, "v", 1) == null);
    CHECK(pegasus_dup_request_set_env_n(request, NULL, 1, "v", 1) == null);
    CHECK(pegasus_dup_request_set_env_n(request, "k", 1, NULL, 1) == null);
    CHECK(pegasus_dup_request_set_env_n(request, "k", SIZE_MAX, "v", 1) ==
          PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_request_set_env_n(request, "k", 1, "v", SIZE_MAX) ==
          PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_request_set_env_n(request, "k", 1, INVALID_UTF8, 5) ==
          PEGASUS_DUP_NOT_UTF8);
}

static void numbers_of_requests(pegasus_dup_request *request) {
    static int32_t (*const flags[])(pegasus_dup_request *, int32_t) = {
        pegasus_dup_request_set_prove_authorship, pegasus_dup_request_set_force,
        pegasus_dup_request_set_dropped, pegasus_dup_request_set_health,
        pegasus_dup_request_set_atomic_idempotent,
    };
    static int32_t (*const any[])(pegasus_dup_request *, int32_t) = {
        pegasus_dup_request_set_partition_count, pegasus_dup_request_set_replica_count,
        pegasus_dup_request_set_partition_limit, pegasus_dup_request_set_table_id,
        pegasus_dup_request_set_history_count,
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        CHECK(flags[i](NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
        CHECK(flags[i](request, 1) == PEGASUS_DUP_OK && flags[i](request, 0) == PEGASUS_DUP_OK);
        for (size_t j = 0; j < WRONG_NUMBERS; j++) {
            CHECK(flags[i](request, wrong_numbers[j]) == PEGASUS_DUP_BAD_ARGUMENT);
        }
    }
    CHECK(pegasus_dup_request_set_atomic_idempotent(request, PEGASUS_DUP_NONE) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_force(request, PEGASUS_DUP_NONE) == PEGASUS_DUP_BAD_ARGUMENT);
    /* The call refuses numbers that make no sense. */
    for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
        CHECK(any[i](NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
        CHECK(any[i](request, INT32_MIN) == PEGASUS_DUP_OK);
    }
    CHECK(pegasus_dup_request_set_interval_seconds(NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_request_set_interval_seconds(request, INT64_MIN) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_reserve_seconds(NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
    CHECK(pegasus_dup_request_set_reserve_seconds(request, -2) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_request_set_reserve_seconds(request, INT64_MIN) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_request_set_reserve_seconds(request, INT64_MAX) == PEGASUS_DUP_OK);
}

/* Requests about tables and backup policies with wrong values end in an error. */
static void wrong_tables(const pegasus_dup_client *client) {
    static const int32_t operations[] = {
        PEGASUS_DUP_OPERATION_CREATE_TABLE,
        PEGASUS_DUP_OPERATION_RECALL_TABLE,
        PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY,
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        pegasus_dup_request *request = NULL;
        pegasus_dup_outcome *outcome = NULL;
        CHECK(pegasus_dup_request_new(operations[i], &request) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_request_set_table(request, "temp") == PEGASUS_DUP_OK);
        texts_of_requests(request);
        numbers_of_requests(request);
        CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
        CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_INVALID_ARGUMENT);
        CHECK(pegasus_dup_outcome_value(outcome) == NULL);
        CHECK(pegasus_dup_outcome_value_at(outcome, SIZE_MAX) == NULL);
        pegasus_dup_outcome_free(outcome);
        pegasus_dup_request_free(request);
    }
    /* A field is found by its exact name only. */
    pegasus_dup_request *request = NULL;
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_LIST_TABLES, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_OK);
    const pegasus_dup_value *table = pegasus_dup_outcome_value_at(outcome, 0);
    CHECK(pegasus_dup_value_get(table, "table") != NULL);
    CHECK(pegasus_dup_value_get(table, NULL) == NULL);
    CHECK(pegasus_dup_value_get(table, "") == NULL);
    CHECK(pegasus_dup_value_get(table, "tab") == NULL);
    CHECK(pegasus_dup_value_get(table, "Table") == NULL);
    CHECK(pegasus_dup_value_get(table, INVALID_UTF8) == NULL);
    CHECK(pegasus_dup_value_get(pegasus_dup_value_get(table, "table"), "table") == NULL);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_request_free(request);
}

static void numbers(void) {
    CHECK(pegasus_dup_abi_version() == PEGASUS_DUP_ABI_VERSION);
    CHECK(strlen(pegasus_dup_version()) > 0);
    for (size_t i = 0; i < WRONG_NUMBERS; i++) {
        CHECK_TEXT(pegasus_dup_status_text(wrong_numbers[i]), "unknown");
        CHECK_TEXT(pegasus_dup_kind_name(wrong_numbers[i]), "unknown");
        CHECK_TEXT(pegasus_dup_evidence_name(wrong_numbers[i]), "unknown");
        CHECK_TEXT(pegasus_dup_error_kind_name(wrong_numbers[i]), "unknown");
    }
}

static void unreachable(void) {
    pegasus_dup_client *client = NULL;
    pegasus_dup_outcome *outcome = NULL;
    /* No server listens on port 1. */
    CHECK(pegasus_dup_client_new("127.0.0.1:1", NULL, &client, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_query(client, "temp", 500, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    int32_t kind = pegasus_dup_outcome_error_kind(outcome);
    CHECK(kind == PEGASUS_DUP_ERROR_UNAVAILABLE || kind == PEGASUS_DUP_ERROR_TIMEOUT);
    CHECK(pegasus_dup_outcome_text(outcome) != NULL);
    CHECK_TEXT(pegasus_dup_info_leader(outcome), NULL);
    CHECK(pegasus_dup_info_server_count(outcome) == 0);
    pegasus_dup_outcome_free(outcome);

    /* It is not an error that no server is the leader. */
    CHECK(pegasus_dup_info(client, 500, &outcome) == PEGASUS_DUP_OK);
    pegasus_dup_client_free(client);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_INFO);
    CHECK(pegasus_dup_outcome_resource(outcome) == PEGASUS_DUP_RESOURCE_META_SERVERS);
    CHECK(pegasus_dup_outcome_duplication(outcome) == NULL);
    CHECK_TEXT(pegasus_dup_info_leader(outcome), NULL);
    CHECK(pegasus_dup_info_generation(outcome) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_info_server_count(outcome) == 1);
    CHECK_TEXT(pegasus_dup_info_server(outcome, 0), "127.0.0.1:1");
    CHECK_TEXT(pegasus_dup_info_server_role(outcome, 0), "unreachable");
    CHECK(pegasus_dup_info_server_detail(outcome, 0) != NULL);
    CHECK_TEXT(pegasus_dup_info_server(outcome, 1), NULL);
    pegasus_dup_outcome_free(outcome);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    free_null();
    outcomes_of_statuses();
    ask_null();
    numbers();
    options();
    client_new(argv[1]);

    pegasus_dup_options *options = NULL;
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_options_new(&options) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_options_set_timeout_ms(options, 20000) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_client_new(argv[1], options, &client, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_options_free(options);
    calls(client);
    errors(client);
    requests(client);
    wrong_tables(client);
    pegasus_dup_client_free(client);
    unreachable();
    return checks_result();
}
