/*
 * If no file descriptor or thread is left, a call must end in an error of the kind unavailable. A later call
 * must work again when there are some. Usage: resources HOST:PORT
 */
#include <pegasus_dup.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

static rlim_t limit_descriptors(rlim_t to) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = to;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return before;
}

/* Makes a query while only this many further file descriptors can be opened. */
static void query_with(const char *metas, rlim_t more) {
    pegasus_dup_client *client = NULL;
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_client_new(metas, NULL, &client, NULL) == PEGASUS_DUP_OK);
    int next = dup(STDERR_FILENO);
    close(next);
    rlim_t before = limit_descriptors((rlim_t)next + more);
    int32_t status = pegasus_dup_query(client, "temp", 5000, &outcome);
    limit_descriptors(before);
    if (CHECK(status == PEGASUS_DUP_OK)) {
        int32_t kind = pegasus_dup_outcome_kind(outcome);
        CHECK(kind == PEGASUS_DUP_LISTED || kind == PEGASUS_DUP_ERROR);
        CHECK(more > 0 || kind == PEGASUS_DUP_ERROR);
        if (kind == PEGASUS_DUP_ERROR) {
            CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_UNAVAILABLE);
            const char *message = pegasus_dup_outcome_error_message(outcome);
            CHECK(strstr(message, "nothing was sent") != NULL);
            const char *hint = pegasus_dup_outcome_error_hint(outcome);
            CHECK(hint != NULL && strstr(hint, "ulimit -n") != NULL);
        }
    }
    pegasus_dup_outcome_free(outcome);

    CHECK(pegasus_dup_query(client, "temp", 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_LISTED);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    for (rlim_t more = 0; more < 12; more++) {
        query_with(argv[1], more);
    }
    return checks_result();
}
