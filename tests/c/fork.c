/* Forks child processes while other threads of the parent are inside the library. Each child process must be
 * able to make calls with a client of its own. Usage: fork HOST:PORT [FORKS] */
#include <pegasus_dup.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { TOGGLING = 3, CALLING = 2, MANY = 100 };

static const char *address;
static atomic_int stop;
static atomic_int messages;

static void count(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    (void)level;
    (void)message;
    atomic_fetch_add(&messages, 1);
}

/* Switches the log on and off, like a program whose settings change. */
static void *toggle(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        CHECK(pegasus_dup_set_log(count, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
        CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
    }
    return NULL;
}

static int32_t query(void) {
    pegasus_dup_client *client = NULL;
    if (pegasus_dup_client_new(address, NULL, &client, NULL) != PEGASUS_DUP_OK) {
        return -1;
    }
    pegasus_dup_outcome *outcome = NULL;
    int32_t status = pegasus_dup_query(client, "temp", 5000, &outcome);
    int32_t kind = status == PEGASUS_DUP_OK ? pegasus_dup_outcome_kind(outcome) : -1;
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
    return kind;
}

/* Makes calls. Each call writes log messages. */
static void *call(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        CHECK(query() == PEGASUS_DUP_LISTED);
    }
    return NULL;
}

/* Runs in a child process. It calls only functions that may be called after a fork. */
static int child(void) {
    /* This is far beyond the timeout of the call. It ends a child process that waits for a lock for ever. */
    alarm(15);
    if (query() != PEGASUS_DUP_LISTED) {
        return 2;
    }
    /* The child process can switch the log on and off, like its parent. */
    int before = atomic_load(&messages);
    if (pegasus_dup_set_log(count, PEGASUS_DUP_LOG_TRACE, NULL) != PEGASUS_DUP_OK ||
        query() != PEGASUS_DUP_LISTED || atomic_load(&messages) == before) {
        return 3;
    }
    return pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK ? 0 : 4;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s HOST:PORT [FORKS]\n", argv[0]);
        return 2;
    }
    address = argv[1];
    int forks = argc > 2 ? atoi(argv[2]) : MANY;
    /* The first call is made before any fork. A child process that is forked during the first call may be
     * refused. */
    CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
    pthread_t working[TOGGLING + CALLING];
    for (int i = 0; i < TOGGLING + CALLING; i++) {
        CHECK(pthread_create(&working[i], NULL, i < TOGGLING ? toggle : call, NULL) == 0);
    }
    int bad = 0;
    for (int i = 0; i < forks; i++) {
        pid_t made = fork();
        if (made == 0) {
            _exit(child());
        }
        int status = 0;
        if (!CHECK(made > 0 && waitpid(made, &status, 0) == made)) {
            break;
        }
        if (status != 0) {
            fprintf(stderr, "fork %d: status=%#x\n", i, (unsigned)status);
            bad++;
        }
    }
    printf("%d forks, %d bad\n", forks, bad);
    CHECK(bad == 0);
    atomic_store(&stop, 1);
    for (int i = 0; i < TOGGLING + CALLING; i++) {
        CHECK(pthread_join(working[i], NULL) == 0);
    }
    CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
    return checks_result();
}
