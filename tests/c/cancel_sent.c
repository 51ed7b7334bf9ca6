/*
 * Tests cancelling a call after its request was sent. The outcome must be the error outcome_unknown, the
 * callback must receive the same outcome, and the server must have executed the request.
 * Usage: cancel_sent HOST:PORT. The server needs a table "cancel" and a remote cluster "target".
 */
#include <pegasus_dup.h>
#include <stdatomic.h>

#include "check.h"
#include "withhold.h"

struct called {
    atomic_int times;
    int32_t kind;
    int32_t error_kind;
};

static void note(void *user_data, pegasus_dup_outcome *outcome) {
    struct called *called = user_data;
    called->kind = pegasus_dup_outcome_kind(outcome);
    called->error_kind = pegasus_dup_outcome_error_kind(outcome);
    pegasus_dup_outcome_free(outcome);
    atomic_fetch_add(&called->times, 1);
}

static pegasus_dup_request *request_of(int32_t operation) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(operation, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(request, "cancel") == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_cluster(request, "target") == PEGASUS_DUP_OK);
    return request;
}

/* Asks the server directly, and returns the number of its duplications. */
static size_t count(const char *address) {
    pegasus_dup_client *client = NULL;
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_client_new(address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_query(client, "cancel", 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
    size_t found = pegasus_dup_outcome_duplication_count(outcome);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
    return found;
}

/* Writes the expected message, which describes the request that was sent. */
static void expected_message(const char *address, int32_t what, char *message, size_t size) {
    if (what == PEGASUS_DUP_OPERATION_ADD) {
        snprintf(message, size,
                 "cancelled after the request was sent: add table=cancel cluster=target");
        return;
    }
    pegasus_dup_client *client = NULL;
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_client_new(address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_query(client, "cancel", 0, &outcome) == PEGASUS_DUP_OK);
    int32_t dupid = pegasus_dup_duplication_dupid(pegasus_dup_outcome_duplication_at(outcome, 0));
    snprintf(message, size,
             "cancelled after the request was sent: remove table=cancel cluster=target dupid=%d",
             (int)dupid);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
}

/* `stop` also cancels the call, and returns only after the callback has returned. */
static void cancelled_after_sent(const char *address, int32_t what, const char *rpc, int by_stop) {
    struct withhold *way = withhold_start(address, rpc);
    if (!CHECK(way != NULL)) {
        return;
    }
    char message[128];
    expected_message(address, what, message, sizeof message);
    pegasus_dup_client *client = NULL;
    pegasus_dup_operation *operation = NULL;
    pegasus_dup_outcome *outcome = NULL;
    struct called called = {0};
    pegasus_dup_request *request = request_of(what);
    CHECK(pegasus_dup_client_new(way->address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_submit(client, request, 60000, note, &called, &operation) == PEGASUS_DUP_OK);
    CHECK(withhold_seen(way));
    CHECK(pegasus_dup_operation_wait_for(operation, 0, NULL) == PEGASUS_DUP_RUNNING);
    if (by_stop) {
        CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
        CHECK(atomic_load(&called.times) == 1);
    } else {
        CHECK(pegasus_dup_operation_cancel(operation) == PEGASUS_DUP_OK);
    }
    CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN);
    CHECK_TEXT(pegasus_dup_outcome_error_message(outcome), message);
    CHECK(pegasus_dup_outcome_error_hint(outcome) != NULL);
    CHECK(pegasus_dup_outcome_evidence(outcome) == PEGASUS_DUP_NONE);
    pegasus_dup_outcome_free(outcome);
    /* However the call was cancelled, its callback has returned after this. */
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    CHECK(atomic_load(&called.times) == 1);
    CHECK(called.kind == PEGASUS_DUP_ERROR);
    CHECK(called.error_kind == PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN);
    pegasus_dup_operation_free(operation);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    withhold_stop(way);
}

/* One add is in flight, and a second add of the same duplication waits for its turn. Cancelling the second
 * add is certain to have no effect. */
static void cancelled_behind_another(const char *address) {
    struct withhold *way = withhold_start(address, "RPC_CM_ADD_DUPLICATION");
    if (!CHECK(way != NULL)) {
        return;
    }
    pegasus_dup_client *client = NULL;
    pegasus_dup_operation *first = NULL, *second = NULL;
    pegasus_dup_outcome *outcome = NULL;
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_ADD);
    CHECK(pegasus_dup_client_new(way->address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_submit(client, request, 60000, NULL, NULL, &first) == PEGASUS_DUP_OK);
    CHECK(withhold_seen(way));
    CHECK(pegasus_dup_submit(client, request, 60000, NULL, NULL, &second) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait_for(second, 50, NULL) == PEGASUS_DUP_RUNNING);
    CHECK(pegasus_dup_operation_cancel(second) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait(second, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_TIMEOUT);
    pegasus_dup_outcome_free(outcome);
    CHECK(pegasus_dup_operation_cancel(first) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait(first, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_operation_free(first);
    pegasus_dup_operation_free(second);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    withhold_stop(way);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    for (int by_stop = 0; by_stop < 2; by_stop++) {
        CHECK(count(argv[1]) == 0);
        cancelled_after_sent(argv[1], PEGASUS_DUP_OPERATION_ADD, "RPC_CM_ADD_DUPLICATION", by_stop);
        CHECK(count(argv[1]) == 1);
        cancelled_after_sent(argv[1], PEGASUS_DUP_OPERATION_REMOVE, "RPC_CM_MODIFY_DUPLICATION",
                             by_stop);
        CHECK(count(argv[1]) == 0);
    }
    cancelled_behind_another(argv[1]);
    CHECK(count(argv[1]) == 1);
    cancelled_after_sent(argv[1], PEGASUS_DUP_OPERATION_REMOVE, "RPC_CM_MODIFY_DUPLICATION", 0);
    CHECK(count(argv[1]) == 0);
    return checks_result();
}
