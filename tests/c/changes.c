/*
 * Tests pausing, starting, setting the fail mode and removing. Each call says whether it changed anything.
 * Usage: changes HOST:PORT. The server needs a table "changes" and a remote cluster "target", and its
 * duplications must reach DS_LOG by themselves.
 */
#include <pegasus_dup.h>

#include "check.h"

static pegasus_dup_client *client;

static void expect(int32_t status, pegasus_dup_outcome **outcome, int32_t kind, int line) {
    if (status != PEGASUS_DUP_OK || pegasus_dup_outcome_kind(*outcome) != kind) {
        fprintf(stderr, "changes.c:%d: status %d, not %s: %s\n", line, (int)status,
                pegasus_dup_kind_name(kind), pegasus_dup_outcome_text(*outcome));
        checks_failed++;
    }
    /* Of these outcomes, only a removal says how it is known. */
    CHECK(pegasus_dup_outcome_evidence(*outcome) ==
          (kind == PEGASUS_DUP_REMOVED ? PEGASUS_DUP_SERVER_SAID_SO : PEGASUS_DUP_NONE));
    CHECK(pegasus_dup_outcome_certain(*outcome) == (kind == PEGASUS_DUP_REMOVED));
    CHECK(pegasus_dup_outcome_value_count(*outcome) == 0);
    CHECK((pegasus_dup_outcome_duplication_before(*outcome) != NULL) == (kind == PEGASUS_DUP_CHANGED));
}
#define EXPECT(status, kind) expect((status), &outcome, (kind), __LINE__)

static int32_t status_now(void) {
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_query(client, "changes", 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_duplication_count(outcome) == 1);
    const pegasus_dup_duplication *one = pegasus_dup_outcome_duplication_at(outcome, 0);
    int32_t status = pegasus_dup_duplication_status(one);
    if (status == PEGASUS_DUP_STATUS_LOG) {
        int32_t partition = -2;
        int64_t confirmed = -2, committed = -2;
        CHECK_TEXT(pegasus_dup_duplication_status_name(one), "DS_LOG");
        CHECK(pegasus_dup_duplication_partition_count(one) == 8);
        CHECK(pegasus_dup_duplication_partition_at(one, 7, &partition, &confirmed, &committed) ==
              PEGASUS_DUP_OK);
        CHECK(partition == 7 && confirmed >= -1 && committed >= confirmed);
        CHECK(pegasus_dup_duplication_partition_at(one, 0, NULL, NULL, NULL) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_duplication_partition_at(one, 8, &partition, NULL, NULL) ==
              PEGASUS_DUP_BAD_ARGUMENT);
        CHECK(partition == 7);
    }
    pegasus_dup_outcome_free(outcome);
    return status;
}

static void pause_and_start(int32_t dupid) {
    pegasus_dup_outcome *outcome = NULL;
    EXPECT(pegasus_dup_pause(client, "changes", dupid, NULL, 0, &outcome), PEGASUS_DUP_CHANGED);
    CHECK(pegasus_dup_duplication_status(pegasus_dup_outcome_duplication_before(outcome)) ==
          PEGASUS_DUP_STATUS_LOG);
    CHECK(pegasus_dup_duplication_status(pegasus_dup_outcome_duplication(outcome)) ==
          PEGASUS_DUP_STATUS_PAUSE);
    pegasus_dup_outcome_free(outcome);
    EXPECT(pegasus_dup_pause(client, "changes", 0, "target", 0, &outcome), PEGASUS_DUP_UNCHANGED);
    pegasus_dup_outcome_free(outcome);

    /* An add that finds a paused duplication has a warning. */
    CHECK(pegasus_dup_add(client, "changes", "target", NULL, 0, 0, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ALREADY_EXISTS);
    CHECK(pegasus_dup_outcome_difference_count(outcome) == 0);
    CHECK(pegasus_dup_outcome_warning(outcome) != NULL);
    pegasus_dup_outcome_free(outcome);

    EXPECT(pegasus_dup_start(client, "changes", 0, "target", 0, &outcome), PEGASUS_DUP_CHANGED);
    pegasus_dup_outcome_free(outcome);
    EXPECT(pegasus_dup_start(client, "changes", dupid, NULL, 0, &outcome), PEGASUS_DUP_UNCHANGED);
    pegasus_dup_outcome_free(outcome);
}

static void fail_modes(int32_t dupid) {
    pegasus_dup_outcome *outcome = NULL;
    EXPECT(pegasus_dup_set_fail_mode(client, "changes", dupid, NULL, PEGASUS_DUP_FAIL_SKIP, 0,
                                     &outcome),
           PEGASUS_DUP_CHANGED);
    const pegasus_dup_duplication *after = pegasus_dup_outcome_duplication(outcome);
    CHECK(pegasus_dup_duplication_fail_mode(after) == PEGASUS_DUP_FAIL_SKIP);
    CHECK_TEXT(pegasus_dup_duplication_fail_mode_name(after), "FAIL_SKIP");
    CHECK(pegasus_dup_duplication_fail_mode(pegasus_dup_outcome_duplication_before(outcome)) ==
          PEGASUS_DUP_FAIL_SLOW);
    pegasus_dup_outcome_free(outcome);
    EXPECT(pegasus_dup_set_fail_mode(client, "changes", dupid, NULL, PEGASUS_DUP_FAIL_SKIP, 0,
                                     &outcome),
           PEGASUS_DUP_UNCHANGED);
    pegasus_dup_outcome_free(outcome);
}

static void remove_it(int32_t dupid) {
    pegasus_dup_outcome *outcome = NULL;
    EXPECT(pegasus_dup_remove(client, "changes", dupid, NULL, 0, &outcome), PEGASUS_DUP_REMOVED);
    CHECK(pegasus_dup_duplication_dupid(pegasus_dup_outcome_duplication(outcome)) == dupid);
    pegasus_dup_outcome_free(outcome);
    EXPECT(pegasus_dup_remove(client, "changes", dupid, NULL, 0, &outcome), PEGASUS_DUP_NOT_FOUND);
    CHECK(pegasus_dup_outcome_duplication(outcome) == NULL);
    CHECK(pegasus_dup_outcome_json(outcome) != NULL);
    pegasus_dup_outcome_free(outcome);
    CHECK(pegasus_dup_pause(client, "changes", dupid, NULL, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND);
    pegasus_dup_outcome_free(outcome);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_add(client, "changes", "target", NULL, 0, 0, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_CREATED);
    int32_t dupid = pegasus_dup_duplication_dupid(pegasus_dup_outcome_duplication(outcome));
    pegasus_dup_outcome_free(outcome);

    const struct timespec pause = {0, 20000000};
    for (int i = 0; i < 500 && status_now() != PEGASUS_DUP_STATUS_LOG; i++) {
        nanosleep(&pause, NULL);
    }
    CHECK(status_now() == PEGASUS_DUP_STATUS_LOG);
    pause_and_start(dupid);
    fail_modes(dupid);
    remove_it(dupid);
    pegasus_dup_client_free(client);
    return checks_result();
}
