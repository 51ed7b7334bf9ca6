/*
 * Tests calls in the background: waiting, cancelling, callbacks, freeing in any order, and fork.
 * Usage: background HOST:PORT
 */
#include <pegasus_dup.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "silent.h"

static pegasus_dup_client *client_of(const char *address) {
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    return client;
}

static pegasus_dup_request *request_of(int32_t operation, const char *table) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(operation, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(request, table) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_cluster(request, "target") == PEGASUS_DUP_OK);
    return request;
}

static void wait_and_wait_again(const char *address) {
    pegasus_dup_client *client = client_of(address);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &operation) == PEGASUS_DUP_OK);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    pegasus_dup_outcome *first = NULL, *second = NULL;
    CHECK(pegasus_dup_operation_wait(operation, &first) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait(operation, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait_for(operation, 0, &second) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_cancel(operation) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    pegasus_dup_operation_free(operation);
    CHECK(first != second);
    pegasus_dup_outcome_free(first);
    CHECK(pegasus_dup_outcome_kind(second) == PEGASUS_DUP_LISTED);
    pegasus_dup_outcome_free(second);
}

struct called {
    atomic_int times;
    int32_t kind;
    int32_t error_kind;
    pegasus_dup_client *client;
    _Atomic(pegasus_dup_operation *) operation;
};

static void note(void *user_data, pegasus_dup_outcome *outcome) {
    struct called *called = user_data;
    called->kind = pegasus_dup_outcome_kind(outcome);
    called->error_kind = pegasus_dup_outcome_error_kind(outcome);
    pegasus_dup_outcome_free(outcome);
    atomic_fetch_add(&called->times, 1);
}

static void callback_once(const char *address) {
    pegasus_dup_client *client = client_of(address);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    struct called called = {0};
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 0, note, &called, &operation) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
    pegasus_dup_outcome_free(outcome);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    CHECK(atomic_load(&called.times) == 1);
    CHECK(called.kind == PEGASUS_DUP_LISTED);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    CHECK(atomic_load(&called.times) == 1);
    pegasus_dup_operation_free(operation);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
}

/* A callback may call every function, also with its own operation and client. */
static void use_everything(void *user_data, pegasus_dup_outcome *outcome) {
    struct called *called = user_data;
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_operation *operation;
    while ((operation = atomic_load(&called->operation)) == NULL) {
    }
    CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
    pegasus_dup_outcome_free(outcome);
    CHECK(pegasus_dup_operation_cancel(operation) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    pegasus_dup_operation_free(operation);
    outcome = NULL;
    CHECK(pegasus_dup_query(called->client, "temp", 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
    pegasus_dup_outcome_free(outcome);

    /* The callback of a second operation would run on this thread. Stopping the operation runs it. */
    struct called inner = {0};
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    CHECK(pegasus_dup_submit(called->client, request, 0, note, &inner, &operation) ==
          PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    CHECK(atomic_load(&inner.times) == 1);
    pegasus_dup_operation_free(operation);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(called->client);
    atomic_fetch_add(&called->times, 1);
}

static void pause_for(long milliseconds) {
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void within_a_callback(const char *address) {
    struct called called = {0};
    called.client = client_of(address);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(called.client, request, 0, use_everything, &called, &operation) ==
          PEGASUS_DUP_OK);
    pegasus_dup_request_free(request);
    atomic_store(&called.operation, operation);
    for (int i = 0; i < 1000 && atomic_load(&called.times) == 0; i++) {
        pause_for(10);
    }
    CHECK(atomic_load(&called.times) == 1);
}

static void cancel(const char *silent) {
    pegasus_dup_client *client = client_of(silent);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_ADD, "temp");
    struct called called = {0};
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 60000, note, &called, &operation) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = (void *)&called;
    CHECK(pegasus_dup_operation_wait_for(operation, 0, &outcome) == PEGASUS_DUP_RUNNING);
    CHECK(pegasus_dup_operation_wait_for(operation, 50, &outcome) == PEGASUS_DUP_RUNNING);
    CHECK(pegasus_dup_operation_wait_for(operation, -1, &outcome) == PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(outcome == (void *)&called);
    CHECK(atomic_load(&called.times) == 0);
    CHECK(pegasus_dup_operation_cancel(operation) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_OK);
    /* The call was waiting for the response to its first request, which changes nothing. */
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_TIMEOUT);
    pegasus_dup_outcome_free(outcome);
    CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_OK);
    CHECK(atomic_load(&called.times) == 1);
    CHECK(called.error_kind == PEGASUS_DUP_ERROR_TIMEOUT);
    pegasus_dup_operation_free(operation);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
}

/* All handles are freed while the call is in flight. Its callback is still called. */
static void free_in_flight(const char *silent) {
    pegasus_dup_client *client = client_of(silent);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    struct called called = {0};
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 300, note, &called, &operation) == PEGASUS_DUP_OK);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    pegasus_dup_operation_free(operation);
    for (int i = 0; i < 1000 && atomic_load(&called.times) == 0; i++) {
        pause_for(10);
    }
    CHECK(atomic_load(&called.times) == 1);
    CHECK(called.kind == PEGASUS_DUP_ERROR);
}

static void forked(const char *address) {
    pegasus_dup_client *client = client_of(address);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    pegasus_dup_operation *operation = NULL;
    CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &operation) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_operation_wait(operation, NULL) == PEGASUS_DUP_OK);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        pegasus_dup_outcome *outcome = NULL;
        checks_failed = 0;
        CHECK(pegasus_dup_query(client, "temp", 0, &outcome) == PEGASUS_DUP_FORKED);
        CHECK(pegasus_dup_operation_wait(operation, &outcome) == PEGASUS_DUP_FORKED);
        CHECK(pegasus_dup_operation_cancel(operation) == PEGASUS_DUP_FORKED);
        CHECK(pegasus_dup_operation_stop(operation) == PEGASUS_DUP_FORKED);
        pegasus_dup_operation *another = NULL;
        CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, &another) == PEGASUS_DUP_FORKED);
        pegasus_dup_operation_free(operation);
        pegasus_dup_client_free(client);
        /* A client that the child process creates works. */
        client = client_of(address);
        CHECK(pegasus_dup_query(client, "temp", 0, &outcome) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
        pegasus_dup_outcome_free(outcome);
        pegasus_dup_client_free(client);
        pegasus_dup_request_free(request);
        if (checks_result() == 0) {
            /* The child must not call exit(): a leak checker would report the memory that only the threads of
             * the parent refer to, because these threads do not exist in the child. */
            execl("/bin/true", "true", (char *)NULL);
        }
        _exit(1);
    }
    int how = -1;
    CHECK(child > 0 && waitpid(child, &how, 0) == child);
    CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    pegasus_dup_request_free(request);
    pegasus_dup_operation_free(operation);
    pegasus_dup_client_free(client);
}

static void null_arguments(const char *address) {
    const int32_t null = PEGASUS_DUP_NULL_ARGUMENT;
    pegasus_dup_client *client = client_of(address);
    pegasus_dup_request *request = request_of(PEGASUS_DUP_OPERATION_QUERY, "temp");
    pegasus_dup_operation *operation = (void *)client;
    pegasus_dup_outcome *outcome = (void *)client;
    CHECK(pegasus_dup_submit(NULL, request, 0, NULL, NULL, &operation) == null);
    CHECK(pegasus_dup_submit(client, NULL, 0, NULL, NULL, &operation) == null);
    CHECK(pegasus_dup_submit(client, request, 0, NULL, NULL, NULL) == null);
    CHECK(pegasus_dup_submit(client, request, -1, NULL, NULL, &operation) ==
          PEGASUS_DUP_BAD_ARGUMENT);
    CHECK(pegasus_dup_operation_wait(NULL, &outcome) == null);
    CHECK(pegasus_dup_operation_wait_for(NULL, 0, &outcome) == null);
    CHECK(pegasus_dup_operation_cancel(NULL) == null);
    CHECK(pegasus_dup_operation_stop(NULL) == null);
    pegasus_dup_operation_free(NULL);
    CHECK((void *)operation == (void *)client && (void *)outcome == (void *)client);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
}

int main(int argc, char **argv) {
    char silent[64];
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    int listener = silent_server(silent, sizeof silent);
    if (!CHECK(listener >= 0)) {
        return checks_result();
    }
    null_arguments(argv[1]);
    wait_and_wait_again(argv[1]);
    callback_once(argv[1]);
    within_a_callback(argv[1]);
    cancel(silent);
    free_in_flight(silent);
    forked(argv[1]);
    close(listener);
    return checks_result();
}
