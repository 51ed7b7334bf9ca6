/*
 * Tests the history of a call, for blocking calls and for calls in the background.
 * Usage: history HOST:PORT
 */
#include <pegasus_dup.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "silent.h"

static pegasus_dup_client *client_of(const char *address) {
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    return client;
}

static pegasus_dup_request *query_of(const char *table) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_QUERY, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(request, table) == PEGASUS_DUP_OK);
    return request;
}

static const char *text_of(const pegasus_dup_value *map, const char *field) {
    return pegasus_dup_value_text(pegasus_dup_value_get(map, field));
}

static void wrong_arguments(void) {
    CHECK(pegasus_dup_request_set_record_history(NULL, 1) == PEGASUS_DUP_NULL_ARGUMENT);
    pegasus_dup_request *request = query_of("temp");
    CHECK(pegasus_dup_request_set_record_history(request, 2) == PEGASUS_DUP_BAD_ARGUMENT);
    pegasus_dup_request_free(request);
    CHECK(pegasus_dup_outcome_history(NULL) == NULL);
    CHECK(pegasus_dup_outcome_history_text(NULL) == NULL);
    CHECK(pegasus_dup_outcome_history_json(NULL) == NULL);
}

/* A blocking call and a call in the background of the same client have the same history. */
static void recorded_on_request(const char *address) {
    pegasus_dup_client *client = client_of(address);
    pegasus_dup_request *request = query_of("temp");
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_history(outcome) == NULL);
    CHECK(pegasus_dup_outcome_history_text(outcome) == NULL);
    CHECK(pegasus_dup_outcome_history_json(outcome) == NULL);
    pegasus_dup_outcome_free(outcome);

    CHECK(pegasus_dup_request_set_record_history(request, 1) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_call(client, request, 0, &outcome) == PEGASUS_DUP_OK);
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &operation) == PEGASUS_DUP_OK);
    pegasus_dup_request_free(request);
    pegasus_dup_outcome *background = NULL;
    CHECK(pegasus_dup_operation_wait(operation, &background) == PEGASUS_DUP_OK);
    pegasus_dup_operation_free(operation);
    pegasus_dup_client_free(client);

    const pegasus_dup_value *history = pegasus_dup_outcome_history(outcome);
    /* The connection is known, so the call has a step, a request and its conclusion. */
    if (CHECK(pegasus_dup_value_count(history) == 3)) {
        const pegasus_dup_value *step = pegasus_dup_value_at(history, 0);
        CHECK_TEXT(text_of(step, "entry"), "step");
        CHECK_TEXT(text_of(step, "name"), "asking");
        CHECK_TEXT(text_of(step, "server"), NULL);
        CHECK_TEXT(text_of(step, "text"), address);
        const pegasus_dup_value *sent = pegasus_dup_value_at(history, 1);
        CHECK_TEXT(text_of(sent, "name"), "RPC_CM_LIST_DUPLICATION");
        CHECK_TEXT(text_of(sent, "server"), address);
        CHECK_TEXT(text_of(pegasus_dup_value_get(sent, "request"), "app_name_pattern"), "temp");
        CHECK_TEXT(text_of(pegasus_dup_value_get(sent, "response"), "err"), "ERR_OK");
        const pegasus_dup_value *conclusion = pegasus_dup_value_at(history, 2);
        CHECK_TEXT(text_of(conclusion, "entry"), "conclusion");
    }
    const char *text = pegasus_dup_outcome_history_text(outcome);
    const char *json = pegasus_dup_outcome_history_json(outcome);
    CHECK(text != NULL && strncmp(text, "attempt 1: asking: ", 19) == 0);
    CHECK(json != NULL && strncmp(json, "{\"entry\":\"step\",\"call\":1,", 25) == 0);
    CHECK_TEXT(pegasus_dup_outcome_history_text(background), text);
    CHECK_TEXT(pegasus_dup_outcome_history_json(background), json);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_outcome_free(background);
}

/* The history of a call that was cancelled ends with its outcome. */
static void cancelled(void) {
    char silent[64];
    int listener = silent_server(silent, sizeof silent);
    pegasus_dup_client *client = client_of(silent);
    pegasus_dup_request *request = query_of("temp");
    CHECK(pegasus_dup_request_set_record_history(request, 1) == PEGASUS_DUP_OK);
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &operation) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
    const pegasus_dup_value *history = pegasus_dup_outcome_history(outcome);
    const size_t count = pegasus_dup_value_count(history);
    if (CHECK(count > 0)) {
        const pegasus_dup_value *last = pegasus_dup_value_at(history, count - 1);
        CHECK_TEXT(text_of(last, "entry"), "conclusion");
        CHECK_TEXT(text_of(last, "text"), pegasus_dup_outcome_text(outcome));
    }
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_operation_free(operation);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    close(listener);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    wrong_arguments();
    recorded_on_request(argv[1]);
    cancelled();
    return checks_result();
}
