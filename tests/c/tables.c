/*
 * Tests tables and backup policies: creating, waiting, describing, listing, dropping, recalling and adding.
 * Usage: tables HOST:PORT. The partitions of a new table must soon be ready on this server, and it must allow
 * backups with the provider "local_service".
 */
#include <pegasus_dup.h>

#include <pthread.h>
#include <unistd.h>

#include "check.h"

static pegasus_dup_client *client;
/* A run cannot remove its backup policy, so each run has names of its own. */
static char table[64], recalled[64], raced[64], policy[64];

static pegasus_dup_request *request_of(int32_t operation, const char *name) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(operation, &request) == PEGASUS_DUP_OK);
    if (name != NULL) {
        CHECK(pegasus_dup_request_set_table(request, name) == PEGASUS_DUP_OK);
    }
    return request;
}

/* Makes the call of a request, and frees the request. */
static pegasus_dup_outcome *outcome_of(pegasus_dup_request *request, int32_t kind, int line) {
    pegasus_dup_outcome *outcome = NULL;
    int32_t status = pegasus_dup_call(client, request, 0, &outcome);
    if (status != PEGASUS_DUP_OK || pegasus_dup_outcome_kind(outcome) != kind) {
        fprintf(stderr, "tables.c:%d: status %d, not %s: %s\n", line, (int)status,
                pegasus_dup_kind_name(kind), pegasus_dup_outcome_text(outcome));
        checks_failed++;
    }
    pegasus_dup_request_free(request);
    return outcome;
}
#define CALL(request, kind) outcome_of((request), (kind), __LINE__)

/* Returns the number of a field, or -7 if the field is absent. */
static int64_t number(const pegasus_dup_value *of, const char *field) {
    int64_t number = -7;
    pegasus_dup_value_number(pegasus_dup_value_get(of, field), &number);
    return number;
}

static const char *text(const pegasus_dup_value *of, const char *field) {
    return pegasus_dup_value_text(pegasus_dup_value_get(of, field));
}

static pegasus_dup_request *create_of(const char *name, int32_t partitions) {
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_CREATE_TABLE, name);
    CHECK(pegasus_dup_request_set_partition_count(request, partitions) == PEGASUS_DUP_OK);
    return request;
}

static int32_t create_it(void) {
    pegasus_dup_request *request = create_of(table, 4);
    CHECK(pegasus_dup_request_set_replica_count(request, 1) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_env(request, "business.info", "60") == PEGASUS_DUP_OK);
    /* A second value replaces the first. */
    CHECK(pegasus_dup_request_set_env_n(request, "business.info.", 13, "86400s", 5) ==
          PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_replica_count(request, 2) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_prove_authorship(request, 1) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = CALL(request, PEGASUS_DUP_CREATED);
    CHECK(pegasus_dup_outcome_resource(outcome) == PEGASUS_DUP_RESOURCE_TABLE);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_SERVER_SAID_SO);
    CHECK(pegasus_dup_outcome_certain(outcome) == 1);
    CHECK(pegasus_dup_outcome_duplication(outcome) == NULL);
    CHECK(pegasus_dup_outcome_duplication_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_value_before(outcome) == NULL);
    const pegasus_dup_value *made = pegasus_dup_outcome_value(outcome);
    CHECK(pegasus_dup_outcome_value_count(outcome) == 1);
    CHECK(pegasus_dup_outcome_value_at(outcome, 0) == made);
    CHECK(pegasus_dup_outcome_value_at(outcome, 1) == NULL);
    CHECK(pegasus_dup_value_type(made) == PEGASUS_DUP_VALUE_MAP);
    CHECK_TEXT(text(made, "table"), table);
    CHECK(number(made, "partition_count") == 4 && number(made, "replica_count") == 2);
    const pegasus_dup_value *envs = pegasus_dup_value_get(made, "envs");
    CHECK(pegasus_dup_value_count(envs) == 2);
    CHECK_TEXT(text(envs, "business.info"), "86400");
    CHECK(text(envs, "pegasus_dup.created_by") != NULL);
    /* A field that does not exist reads like an absent field. */
    CHECK(pegasus_dup_value_get(made, "partition") == NULL);
    CHECK(pegasus_dup_value_type(pegasus_dup_value_get(made, "partition")) == PEGASUS_DUP_NONE);
    CHECK_TEXT(text(made, "drop_ts_ms"), NULL);
    int32_t id = (int32_t)number(made, "table_id");
    CHECK(id > 0);
    pegasus_dup_outcome_free(outcome);
    return id;
}

static void create_again(int32_t id) {
    pegasus_dup_request *request = create_of(table, 8);
    CHECK(pegasus_dup_request_set_replica_count(request, 2) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = CALL(request, PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(number(pegasus_dup_outcome_value(outcome), "table_id") == id);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 2);
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 0), "partition_count");
    CHECK_TEXT(pegasus_dup_outcome_difference_asked(outcome, 0), "8");
    CHECK_TEXT(pegasus_dup_outcome_difference_existing(outcome, 0), "4");
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 1), "envs");
    pegasus_dup_outcome_free(outcome);

    request = create_of("above_the_limit", 8);
    CHECK(pegasus_dup_request_set_partition_limit(request, 7) == PEGASUS_DUP_OK);
    outcome = CALL(request, PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_INVALID_ARGUMENT);
    CHECK(pegasus_dup_outcome_resource(outcome) == PEGASUS_DUP_RESOURCE_TABLE);
    CHECK(pegasus_dup_outcome_value(outcome) == NULL);
    pegasus_dup_outcome_free(outcome);
}

/* Both operations return the one table with its partitions. */
static void wait_and_describe(int32_t id) {
    static const int32_t operations[] = {PEGASUS_DUP_OPERATION_WAIT_READY,
                                         PEGASUS_DUP_OPERATION_DESCRIBE_TABLE};
    for (int i = 0; i < 2; i++) {
        pegasus_dup_outcome *outcome = CALL(request_of(operations[i], table), PEGASUS_DUP_LISTED);
        CHECK(pegasus_dup_outcome_value_count(outcome) == 1);
        CHECK(pegasus_dup_outcome_value(outcome) == NULL);
        const pegasus_dup_value *it = pegasus_dup_outcome_value_at(outcome, 0);
        CHECK(number(it, "table_id") == id && number(it, "ready_partitions") == 4);
        CHECK_TEXT(text(it, "status"), "AS_AVAILABLE");
        const pegasus_dup_value *partitions = pegasus_dup_value_get(it, "partitions");
        CHECK(pegasus_dup_value_type(partitions) == PEGASUS_DUP_VALUE_LIST);
        CHECK(pegasus_dup_value_count(partitions) == 4);
        /* The values of a list have no names. */
        CHECK(pegasus_dup_value_get(partitions, "0") == NULL);
        const pegasus_dup_value *last = pegasus_dup_value_at(partitions, 3);
        CHECK(number(last, "partition") == 3 && number(last, "ready") == 1);
        CHECK(text(last, "primary") != NULL);
        CHECK(pegasus_dup_value_count(pegasus_dup_value_get(last, "secondaries")) == 1);
        pegasus_dup_outcome_free(outcome);

        outcome = CALL(request_of(operations[i], "no_such_table"), PEGASUS_DUP_ERROR);
        CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_TABLE_NOT_FOUND);
        pegasus_dup_outcome_free(outcome);
    }
}

/* Returns a list of the tables with this name. */
static pegasus_dup_outcome *list(const char *name, int32_t dropped, int32_t health) {
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_LIST_TABLES, NULL);
    CHECK(pegasus_dup_request_set_tables(request, PEGASUS_DUP_TABLES_EXACT, name) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_dropped(request, dropped) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_health(request, health) == PEGASUS_DUP_OK);
    return CALL(request, PEGASUS_DUP_LISTED);
}

static void drop_it(int32_t id) {
    pegasus_dup_outcome *outcome = list(table, 0, 1);
    CHECK(pegasus_dup_outcome_value_count(outcome) == 1);
    CHECK(number(pegasus_dup_outcome_value_at(outcome, 0), "ready_partitions") == 4);
    CHECK_TEXT(text(pegasus_dup_outcome_value_at(outcome, 0), "partitions"), NULL);
    /* The functions for a list by table do not read this list. */
    CHECK(pegasus_dup_outcome_table_count(outcome) == 0);
    pegasus_dup_outcome_free(outcome);

    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_DROP_TABLE, table);
    CHECK(pegasus_dup_request_set_reserve_seconds(request, 0) == PEGASUS_DUP_OK);
    outcome = CALL(request, PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_INVALID_ARGUMENT);
    pegasus_dup_outcome_free(outcome);

    request = request_of(PEGASUS_DUP_OPERATION_DROP_TABLE, table);
    CHECK(pegasus_dup_request_set_reserve_seconds(request, 3600) == PEGASUS_DUP_OK);
    outcome = CALL(request, PEGASUS_DUP_REMOVED);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_SERVER_SAID_SO);
    CHECK(pegasus_dup_outcome_certain(outcome) == 1);
    const pegasus_dup_value *was = pegasus_dup_outcome_value(outcome);
    CHECK(number(was, "table_id") == id && number(was, "ready_partitions") == 4);
    CHECK_TEXT(text(was, "status"), "AS_DROPPED");
    int64_t reserve = number(was, "expire_ts_ms") - number(was, "drop_ts_ms");
    CHECK(reserve >= 3599000 && reserve <= 3601000);
    pegasus_dup_outcome_free(outcome);

    outcome = CALL(request_of(PEGASUS_DUP_OPERATION_DROP_TABLE, table), PEGASUS_DUP_NOT_FOUND);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_value(outcome) == NULL);
    pegasus_dup_outcome_free(outcome);
}

static pegasus_dup_request *recall_of(int32_t id) {
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_RECALL_TABLE, NULL);
    CHECK(pegasus_dup_request_set_table_id(request, id) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_new_name(request, "another_name") == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_new_name(request, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_new_name_n(request, recalled, strlen(recalled)) ==
          PEGASUS_DUP_OK);
    return request;
}

static void recall_it(int32_t id) {
    pegasus_dup_outcome *outcome = list(table, 0, 0);
    CHECK(pegasus_dup_outcome_value_count(outcome) == 0);
    pegasus_dup_outcome_free(outcome);
    outcome = list(table, 1, 0);
    CHECK(number(pegasus_dup_outcome_value_at(outcome, 0), "table_id") == id);
    pegasus_dup_outcome_free(outcome);

    /* The table lived for less than a minute. */
    outcome = CALL(recall_of(id), PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_UNSUPPORTED);
    pegasus_dup_outcome_free(outcome);

    pegasus_dup_request *request = recall_of(id);
    CHECK(pegasus_dup_request_set_force(request, 1) == PEGASUS_DUP_OK);
    outcome = CALL(request, PEGASUS_DUP_CHANGED);
    CHECK_TEXT(text(pegasus_dup_outcome_value_before(outcome), "table"), table);
    CHECK_TEXT(text(pegasus_dup_outcome_value_before(outcome), "status"), "AS_DROPPED");
    CHECK_TEXT(text(pegasus_dup_outcome_value(outcome), "table"), recalled);
    CHECK(number(pegasus_dup_outcome_value(outcome), "table_id") == id);
    pegasus_dup_outcome_free(outcome);

    outcome = CALL(recall_of(id), PEGASUS_DUP_UNCHANGED);
    CHECK(pegasus_dup_outcome_value_before(outcome) == NULL);
    pegasus_dup_outcome_free(outcome);
}

static pegasus_dup_outcome *add_policy(int32_t history_count, int32_t kind) {
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY, NULL);
    CHECK(pegasus_dup_request_set_policy(request, policy) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_provider(request, "local_service") == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_add_policy_table(request, recalled) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_interval_seconds(request, 86400) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_history_count(request, history_count) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_start_time(request, "03:00") == PEGASUS_DUP_OK);
    return CALL(request, kind);
}

static void add_policies(int32_t id) {
    pegasus_dup_outcome *outcome = add_policy(3, PEGASUS_DUP_CREATED);
    CHECK(pegasus_dup_outcome_resource(outcome) == PEGASUS_DUP_RESOURCE_BACKUP_POLICY);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_APPEARED_DURING_CALL);
    CHECK(pegasus_dup_outcome_certain(outcome) == 0);
    const pegasus_dup_value *made = pegasus_dup_outcome_value(outcome);
    CHECK_TEXT(text(made, "policy"), policy);
    CHECK_TEXT(text(made, "provider"), "local_service");
    const pegasus_dup_value *ids = pegasus_dup_value_get(made, "table_ids");
    int64_t first = 0;
    CHECK(pegasus_dup_value_count(ids) == 1);
    CHECK(pegasus_dup_value_number(pegasus_dup_value_at(ids, 0), &first) == PEGASUS_DUP_OK);
    CHECK(first == id);
    CHECK(number(made, "interval_seconds") == 86400 && number(made, "history_count") == 3);
    CHECK_TEXT(text(made, "start_time"), "03:00");
    CHECK(number(made, "disabled") == 0);
    pegasus_dup_outcome_free(outcome);

    outcome = add_policy(3, PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 0);
    pegasus_dup_outcome_free(outcome);
    outcome = add_policy(4, PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 1);
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 0), "history_count");
    pegasus_dup_outcome_free(outcome);
}

/* Creates a table that several threads create, and then reads the list of tables that they share. */
struct racer {
    pthread_t thread;
    const pegasus_dup_request *request;
    const pegasus_dup_outcome *listed;
    int32_t kind;
};

static void *race(void *of) {
    struct racer *racer = of;
    pegasus_dup_outcome *outcome = NULL;
    if (pegasus_dup_call(client, racer->request, 0, &outcome) == PEGASUS_DUP_OK) {
        racer->kind = pegasus_dup_outcome_kind(outcome);
    }
    pegasus_dup_outcome_free(outcome);
    for (size_t i = 0; i < pegasus_dup_outcome_value_count(racer->listed); i++) {
        if (text(pegasus_dup_outcome_value_at(racer->listed, i), "table") == NULL) {
            racer->kind = PEGASUS_DUP_NONE;
        }
    }
    return NULL;
}

static void threads_create(void) {
    enum { RACERS = 6 };
    struct racer racers[RACERS];
    pegasus_dup_request *request = create_of(raced, 4);
    pegasus_dup_outcome *listed =
        CALL(request_of(PEGASUS_DUP_OPERATION_LIST_TABLES, NULL), PEGASUS_DUP_LISTED);
    for (int i = 0; i < RACERS; i++) {
        racers[i].request = request;
        racers[i].listed = listed;
        racers[i].kind = PEGASUS_DUP_NONE;
        CHECK(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    int created = 0, existed = 0;
    for (int i = 0; i < RACERS; i++) {
        CHECK(pthread_join(racers[i].thread, NULL) == 0);
        created += racers[i].kind == PEGASUS_DUP_CREATED;
        existed += racers[i].kind == PEGASUS_DUP_ALREADY_EXISTS;
    }
    CHECK(created == 1 && existed == RACERS - 1);
    pegasus_dup_outcome_free(listed);
    pegasus_dup_request_free(request);
}

/* Drops both tables, in the background. */
static void drop_all(void) {
    const char *const names[] = {recalled, raced};
    for (int i = 0; i < 2; i++) {
        pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_DROP_TABLE, names[i]);
        pegasus_dup_operation *operation = NULL;
        pegasus_dup_outcome *outcome = NULL;
        CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &operation) == PEGASUS_DUP_OK);
        pegasus_dup_request_free(request);
        CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_REMOVED);
        pegasus_dup_outcome_free(outcome);
        pegasus_dup_operation_free(operation);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    long run = (long)getpid();
    snprintf(table, sizeof table, "c_made_%ld", run);
    snprintf(recalled, sizeof recalled, "c_recalled_%ld", run);
    snprintf(raced, sizeof raced, "c_raced_%ld", run);
    snprintf(policy, sizeof policy, "c_policy_%ld", run);
    CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK);
    int32_t id = create_it();
    create_again(id);
    wait_and_describe(id);
    drop_it(id);
    recall_it(id);
    add_policies(id);
    threads_create();
    drop_all();
    pegasus_dup_client_free(client);
    return checks_result();
}
