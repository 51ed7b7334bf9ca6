/*
 * Adds a duplication of a table to a remote cluster. Exits with 0 only if the duplication now exists as requested.
 *
 *     cc add.c $(pkg-config --cflags --libs pegasus_dup) -o add
 *     ./add 127.0.0.1:34601 temp target
 */
#include <pegasus_dup.h>
#include <stdio.h>

int main(int argc, char **argv) {
    pegasus_dup_client *client = NULL;
    pegasus_dup_outcome *outcome = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST:PORT[,...] TABLE CLUSTER\n", argv[0]);
        return 2;
    }
    int32_t status = pegasus_dup_client_new(argv[1], NULL, &client, &outcome);
    if (status == PEGASUS_DUP_OK) {
        status = pegasus_dup_add(client, argv[2], argv[3], NULL, 0, 0, 10000, &outcome);
    }
    int32_t kind = pegasus_dup_outcome_kind(outcome);
    const char *text = pegasus_dup_outcome_text(outcome);
    puts(text != NULL ? text : pegasus_dup_status_text(status));
    int as_requested =
        kind == PEGASUS_DUP_CREATED ||
        (kind == PEGASUS_DUP_ALREADY_EXISTS && pegasus_dup_outcome_difference_count(outcome) == 0);
    if (pegasus_dup_outcome_unverified_count(outcome) > 0) {
        as_requested = 0; /* The text names the properties that the server does not report. */
    }
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
    return as_requested ? 0 : 1;
}
