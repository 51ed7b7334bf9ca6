/*
 * Links the static library together with another Rust static library, and calls both.
 * Usage: main HOST:PORT. The server must not have a table "no_such_table".
 */
#include <pegasus_dup.h>

#include "../check.h"

extern int32_t other_rust_library(int32_t number);

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    CHECK(other_rust_library(1) == 1);
    CHECK(other_rust_library(-7) == -1);
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;
    CHECK(pegasus_dup_add(client, "no_such_table", "target", NULL, 0, 0, 0, &outcome) ==
          PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_error_kind(outcome) == PEGASUS_DUP_ERROR_TABLE_NOT_FOUND);
    pegasus_dup_outcome_free(outcome);
    pegasus_dup_client_free(client);
    return checks_result();
}
