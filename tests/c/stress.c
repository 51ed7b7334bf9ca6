/*
 * Many threads submit, wait for, cancel, stop and free calls of shared clients. Some of the clients have a
 * server that never responds. Every callback must be called once, and never after its operation was stopped.
 * Usage: stress HOST:PORT
 */
#include <pegasus_dup.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "silent.h"

#define THREADS 8
#define ROUNDS 60

static pegasus_dup_client *lively, *lost;
static pegasus_dup_request *query, *add;
static atomic_int wrong;

struct once {
    atomic_int times;
    int reclaimed;
};

static void note(void *user_data, pegasus_dup_outcome *outcome) {
    struct once *once = user_data;
    if (once->reclaimed || pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_NONE) {
        atomic_fetch_add(&wrong, 1);
    }
    pegasus_dup_outcome_free(outcome);
    atomic_fetch_add(&once->times, 1);
}

/* Returns a pseudo-random number by xorshift, so that every run makes the same choices. */
static unsigned next_random(unsigned *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void one_round(unsigned *random) {
    struct once once = {0};
    pegasus_dup_operation *operation = NULL;
    pegasus_dup_outcome *outcome = NULL;
    pegasus_dup_client *client = next_random(random) % 2 ? lively : lost;
    pegasus_dup_request *request = next_random(random) % 2 ? query : add;
    int32_t timeout = (int32_t)(next_random(random) % 50 + 1);
    if (pegasus_dup_submit(client, request, timeout, note, &once, &operation) != PEGASUS_DUP_OK) {
        atomic_fetch_add(&wrong, 1);
        return;
    }
    switch (next_random(random) % 4) {
    case 0:
        pegasus_dup_operation_cancel(operation);
        break;
    case 1:
        pegasus_dup_operation_wait_for(operation, 5, &outcome);
        break;
    case 2:
        pegasus_dup_operation_wait(operation, &outcome);
        break;
    default:
        break;
    }
    pegasus_dup_outcome_free(outcome);
    if (pegasus_dup_operation_stop(operation) != PEGASUS_DUP_OK || atomic_load(&once.times) != 1) {
        atomic_fetch_add(&wrong, 1);
    }
    once.reclaimed = 1;
    pegasus_dup_operation_free(operation);
}

static void *run(void *argument) {
    unsigned random = *(unsigned *)argument;
    for (int round = 0; round < ROUNDS; round++) {
        one_round(&random);
    }
    return NULL;
}

int main(int argc, char **argv) {
    char silent[64];
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    int listener = silent_server(silent, sizeof silent);
    CHECK(listener >= 0);
    CHECK(pegasus_dup_client_new(argv[1], NULL, &lively, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_client_new(silent, NULL, &lost, NULL) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_QUERY, &query) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(query, "temp") == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_ADD, &add) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(add, "others") == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_cluster(add, "target") == PEGASUS_DUP_OK);

    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = 2463534242u + i;
        CHECK(pthread_create(&threads[i], NULL, run, &seeds[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&wrong) == 0);

    pegasus_dup_client_free(lost);
    pegasus_dup_request_free(add);
    pegasus_dup_request_free(query);
    pegasus_dup_client_free(lively);
    close(listener);
    return checks_result();
}
