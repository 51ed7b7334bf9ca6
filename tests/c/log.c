/* Tests the log callback: it is called, replaced and ended, and calls functions. Usage: log HOST:PORT */
#include <pegasus_dup.h>
#include <stdatomic.h>

#include "check.h"

struct log {
    atomic_int messages;
    atomic_int refused;
    pegasus_dup_client *client;
};

static void count(void *user_data, int32_t level, const char *message) {
    struct log *log = user_data;
    CHECK(level >= PEGASUS_DUP_LOG_ERROR && level <= PEGASUS_DUP_LOG_TRACE);
    CHECK(message != NULL && strlen(message) > 0);
    atomic_fetch_add(&log->messages, 1);
    /* A function that waits for a server is refused in a log callback. */
    pegasus_dup_outcome *outcome = NULL;
    if (pegasus_dup_query(log->client, "temp", 0, &outcome) == PEGASUS_DUP_WRONG_THREAD) {
        atomic_fetch_add(&log->refused, 1);
    }
    CHECK(outcome == NULL);
}

static void end_itself(void *user_data, int32_t level, const char *message) {
    (void)level;
    (void)message;
    atomic_int *calls = user_data;
    atomic_fetch_add(calls, 1);
    CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_ERROR, NULL) == PEGASUS_DUP_OK);
}

static void make_a_call(pegasus_dup_client *client) {
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_query(client, "temp", 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
    pegasus_dup_outcome_free(outcome);
}

static pegasus_dup_client *client_of(const char *address) {
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(address, NULL, &client, NULL) == PEGASUS_DUP_OK);
    return client;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    static const int32_t wrong[] = {0, -1, 6, INT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(pegasus_dup_set_log(count, wrong[i], NULL) == PEGASUS_DUP_BAD_ARGUMENT);
    }
    /* The client logs at the level debug that it has found the leader. */
    struct log log = {0};
    log.client = client_of(argv[1]);
    CHECK(pegasus_dup_set_log(count, PEGASUS_DUP_LOG_ERROR, &log) == PEGASUS_DUP_OK);
    make_a_call(log.client);
    CHECK(atomic_load(&log.messages) == 0);
    pegasus_dup_client_free(log.client);

    log.client = client_of(argv[1]);
    CHECK(pegasus_dup_set_log(count, PEGASUS_DUP_LOG_TRACE, &log) == PEGASUS_DUP_OK);
    make_a_call(log.client);
    int messages = atomic_load(&log.messages);
    CHECK(messages > 0);
    CHECK(atomic_load(&log.refused) == messages);

    atomic_int calls = 0;
    pegasus_dup_client *another = client_of(argv[1]);
    CHECK(pegasus_dup_set_log(end_itself, PEGASUS_DUP_LOG_TRACE, &calls) == PEGASUS_DUP_OK);
    messages = atomic_load(&log.messages);
    make_a_call(another);
    make_a_call(another);
    CHECK(atomic_load(&log.messages) == messages);
    CHECK(atomic_load(&calls) == 1);
    CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_client_free(another);
    pegasus_dup_client_free(log.client);
    return checks_result();
}
