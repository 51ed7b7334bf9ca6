/*
 * The library must have exactly the operations and the enums of tests/parity.json, with the same names and
 * numbers. Usage: parity ANYTHING
 */
#include <pegasus_dup.h>

#include "parity.h"

/* All numbers of the enums lie between these two. */
enum { FROM = -5, TO = 300 };

static void named(const struct parity *table, const char *section, const char *(*name)(int32_t)) {
    int found = 0;
    for (int32_t number = FROM; number < TO; number++) {
        const char *should = parity_name(table, section, number);
        found += should != NULL;
        CHECK_TEXT(name(number), should == NULL ? "unknown" : should);
    }
    CHECK(found == parity_count(table, section) && found > 0);
}

static int32_t operation(int32_t number) {
    pegasus_dup_request *request = NULL;
    int32_t status = pegasus_dup_request_new(number, &request);
    pegasus_dup_request_free(request);
    return status;
}

/* The function also accepts PEGASUS_DUP_NONE, which states no generation. */
static int32_t generation(int32_t number) {
    if (number == PEGASUS_DUP_NONE) {
        return PEGASUS_DUP_BAD_ARGUMENT;
    }
    pegasus_dup_options *options = NULL;
    CHECK(pegasus_dup_options_new(&options) == PEGASUS_DUP_OK);
    int32_t status = pegasus_dup_options_set_generation(options, number);
    pegasus_dup_options_free(options);
    return status;
}

static int32_t mode(int32_t number) {
    pegasus_dup_options *options = NULL;
    CHECK(pegasus_dup_options_new(&options) == PEGASUS_DUP_OK);
    int32_t status = pegasus_dup_options_set_mode(options, number);
    pegasus_dup_options_free(options);
    return status;
}

static int32_t match_type(int32_t number) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_LIST, &request) == PEGASUS_DUP_OK);
    int32_t status = pegasus_dup_request_set_tables(request, number, "t");
    pegasus_dup_request_free(request);
    return status;
}

/* Without a callback, the function only ends the log. */
static int32_t log_level(int32_t number) {
    return pegasus_dup_set_log(NULL, number, NULL);
}

static int32_t fail_mode(int32_t number) {
    pegasus_dup_request *request = NULL;
    CHECK(pegasus_dup_request_new(PEGASUS_DUP_OPERATION_SET_FAIL_MODE, &request) == PEGASUS_DUP_OK);
    int32_t status = pegasus_dup_request_set_fail_mode(request, number);
    pegasus_dup_request_free(request);
    return status;
}

/* These enums have no function that returns a name in C. A number must be accepted if it is in the table, and
 * refused otherwise. */
static void taken(const struct parity *table, const char *section, int32_t (*take)(int32_t)) {
    int found = 0;
    for (int32_t number = FROM; number < TO; number++) {
        int there = parity_name(table, section, number) != NULL;
        found += there;
        if (!CHECK(take(number) == (there ? PEGASUS_DUP_OK : PEGASUS_DUP_BAD_ARGUMENT))) {
            fprintf(stderr, "    %s %d\n", section, number);
        }
    }
    CHECK(found == parity_count(table, section) && found > 0);
}

int main(void) {
    const struct parity table = parity_read();
    named(&table, "outcomes", pegasus_dup_kind_name);
    named(&table, "evidence", pegasus_dup_evidence_name);
    named(&table, "errors", pegasus_dup_error_kind_name);
    taken(&table, "operations", operation);
    taken(&table, "generations", generation);
    taken(&table, "fail_modes", fail_mode);
    taken(&table, "modes", mode);
    taken(&table, "match_types", match_type);
    taken(&table, "log_levels", log_level);
    return checks_result();
}
