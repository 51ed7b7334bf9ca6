/*
 * Prints the JSON of seven calls. It must be the same that the command line prints for these calls.
 * Usage: json HOST:PORT
 */
#include <pegasus_dup.h>

#include "check.h"

static void print(int32_t status, pegasus_dup_outcome **outcome) {
    CHECK(status == PEGASUS_DUP_OK);
    if (CHECK(pegasus_dup_outcome_json(*outcome) != NULL)) {
        puts(pegasus_dup_outcome_json(*outcome));
    }
    pegasus_dup_outcome_free(*outcome);
    *outcome = NULL;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;
    print(pegasus_dup_add(client, "json", "target", NULL, 0, 0, 0, &outcome), &outcome);
    print(pegasus_dup_add(client, "no_such_table", "target", NULL, 0, 0, 0, &outcome), &outcome);
    print(pegasus_dup_query(client, "json", 0, &outcome), &outcome);
    print(pegasus_dup_list_by_table(client, PEGASUS_DUP_TABLES_PREFIX, "js", 0, &outcome), &outcome);
    print(pegasus_dup_info(client, 0, &outcome), &outcome);
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_LIST_TABLES, &request) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_tables(request, PEGASUS_DUP_TABLES_PREFIX, "js") ==
          PEGASUS_DUP_OK);
    print(pegasus_dup_call(client, request, 0, &outcome), &outcome);
    pegasus_dup_request_free(request);
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_DESCRIBE_TABLE, &request) ==
          PEGASUS_DUP_OK);
    CHECK(pegasus_dup_request_set_table(request, "json") == PEGASUS_DUP_OK);
    print(pegasus_dup_call(client, request, 0, &outcome), &outcome);
    pegasus_dup_request_free(request);
    pegasus_dup_client_free(client);
    return checks_result();
}
