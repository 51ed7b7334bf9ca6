/*
 * Tests the three outcomes of an add: CREATED, ALREADY_EXISTS and ERROR.
 * Usage: three_kinds HOST:PORT. The server needs a table "kinds" without duplications and a remote cluster
 * "target".
 */
#include <pegasus_dup.h>

#include "check.h"

static pegasus_dup_outcome *add(const pegasus_dup_client *client, const char *table,
                                const char *cluster, const char *remote_table, int32_t replicas,
                                int32_t checkpoint) {
    pegasus_dup_outcome *outcome = NULL;
    int32_t status =
        pegasus_dup_add(client, table, cluster, remote_table, replicas, checkpoint, 0, &outcome);
    CHECK(status == PEGASUS_DUP_OK);
    CHECK(outcome != NULL);
    CHECK(pegasus_dup_outcome_resource(outcome) == PEGASUS_DUP_RESOURCE_DUPLICATION);
    printf("%s\n", pegasus_dup_outcome_text(outcome));
    return outcome;
}

static void check_no_error(const pegasus_dup_outcome *outcome) {
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_NONE);
    CHECK_TEXT(pegasus_dup_outcome_error_message(outcome), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_hint(outcome), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_code(outcome), NULL);
    CHECK_TEXT(pegasus_dup_outcome_error_server(outcome), NULL);
}

static int32_t created(const pegasus_dup_client *client) {
    pegasus_dup_outcome *outcome = add(client, "kinds", "target", "elsewhere", 3, 0);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_CREATED);
    CHECK(pegasus_dup_outcome_unverified_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_SERVER_SAID_SO);
    CHECK(pegasus_dup_outcome_certain(outcome) == 1);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_duplication_count(outcome) == 1);
    CHECK(pegasus_dup_outcome_duplication_before(outcome) == NULL);
    check_no_error(outcome);

    const pegasus_dup_duplication *made = pegasus_dup_outcome_duplication(outcome);
    CHECK(made == pegasus_dup_outcome_duplication_at(outcome, 0));
    CHECK_TEXT(pegasus_dup_duplication_table(made), "kinds");
    CHECK_TEXT(pegasus_dup_duplication_cluster(made), "target");
    CHECK_TEXT(pegasus_dup_duplication_remote_table(made), "elsewhere");
    CHECK(pegasus_dup_duplication_remote_replica_count(made) == 3);
    CHECK(pegasus_dup_duplication_table_id(made) > 0);
    int32_t dupid = pegasus_dup_duplication_dupid(made);
    CHECK(dupid > 0);
    pegasus_dup_outcome_free(outcome);
    return dupid;
}

static void already_exists(const pegasus_dup_client *client, int32_t dupid) {
    pegasus_dup_outcome *outcome = add(client, "kinds", "target", "elsewhere", 3, 0);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_unverified_count(outcome) == 0);
    CHECK_TEXT(pegasus_dup_outcome_unverified_at(outcome, 0), NULL);
    CHECK(pegasus_dup_outcome_certain(outcome) == 1);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 0);
    check_no_error(outcome);
    const pegasus_dup_duplication *existing = pegasus_dup_outcome_duplication(outcome);
    CHECK(pegasus_dup_duplication_dupid(existing) == dupid);
    CHECK(pegasus_dup_duplication_create_ts_ms(existing) > 0);
    pegasus_dup_outcome_free(outcome);

    outcome = add(client, "kinds", "target", "elsewhere", 3, 1);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_unverified_count(outcome) == 1);
    CHECK_TEXT(pegasus_dup_outcome_unverified_at(outcome, 0), "checkpoint");
    CHECK_TEXT(pegasus_dup_outcome_unverified_at(outcome, 1), NULL);
    CHECK(strstr(pegasus_dup_outcome_text(outcome), "; not compared: checkpoint (") != NULL);
    pegasus_dup_outcome_free(outcome);

    outcome = add(client, "kinds", "target", "nowhere", 1, 0);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_LISTED_BEFORE);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 2);
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 0), "remote_table");
    CHECK_TEXT(pegasus_dup_outcome_difference_asked(outcome, 0), "nowhere");
    CHECK_TEXT(pegasus_dup_outcome_difference_existing(outcome, 0), "elsewhere");
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 1), "remote_replica_count");
    CHECK_TEXT(pegasus_dup_outcome_difference_asked(outcome, 1), "1");
    CHECK_TEXT(pegasus_dup_outcome_difference_existing(outcome, 1), "3");
    CHECK_TEXT(pegasus_dup_outcome_difference_field(outcome, 2), NULL);
    const pegasus_dup_value *asked = pegasus_dup_outcome_difference_asked_value(outcome, 0);
    CHECK(pegasus_dup_value_type(asked) == PEGASUS_DUP_VALUE_TEXT);
    CHECK_TEXT(pegasus_dup_value_text(asked), "nowhere");
    const pegasus_dup_value *count = pegasus_dup_outcome_difference_existing_value(outcome, 1);
    CHECK(pegasus_dup_value_type(count) == PEGASUS_DUP_VALUE_NUMBER);
    int64_t number = 0;
    CHECK(pegasus_dup_value_number(count, &number) == PEGASUS_DUP_OK);
    CHECK(number == 3);
    CHECK(pegasus_dup_value_number(asked, &number) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_outcome_difference_existing_value(outcome, 2) == NULL);
    existing = pegasus_dup_outcome_duplication(outcome);
    CHECK(pegasus_dup_duplication_dupid(existing) == dupid);
    CHECK_TEXT(pegasus_dup_duplication_remote_table(existing), "elsewhere");
    pegasus_dup_outcome_free(outcome);
}

static void error(const pegasus_dup_client *client) {
    pegasus_dup_outcome *outcome = add(client, "no_such_table", "target", NULL, 0, 0);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_TABLE_NOT_FOUND);
    CHECK(pegasus_dup_outcome_error_message(outcome) != NULL);
    CHECK(pegasus_dup_outcome_error_server(outcome) != NULL);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_NONE);
    CHECK(pegasus_dup_outcome_certain(outcome) == 0);
    CHECK(pegasus_dup_outcome_duplication(outcome) == NULL);
    CHECK(pegasus_dup_outcome_duplication_count(outcome) == 0);
    pegasus_dup_outcome_free(outcome);

    outcome = add(client, "kinds", "no_such_cluster", NULL, 0, 0);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) ==
          PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED);
    CHECK(pegasus_dup_outcome_error_hint(outcome) != NULL);
    pegasus_dup_outcome_free(outcome);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    pegasus_dup_client *client = NULL;
    if (!CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK)) {
        return checks_result();
    }
    int32_t dupid = created(client);
    already_exists(client, dupid);
    error(client);

    /* The program can then run again with the same server. */
    pegasus_dup_outcome *removed = NULL;
    CHECK(pegasus_dup_remove(client, "kinds", dupid, NULL, 0, &removed) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(removed) == PEGASUS_DUP_REMOVED);
    pegasus_dup_client_free(client);

    /* An outcome stays valid after its client is freed. */
    const pegasus_dup_duplication *was = pegasus_dup_outcome_duplication(removed);
    CHECK(pegasus_dup_duplication_dupid(was) == dupid);
    pegasus_dup_outcome_free(removed);
    return checks_result();
}
