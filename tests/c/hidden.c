/*
 * Texts and JSON must not contain characters that control a terminal or are invisible. Fields must contain
 * the text of the server unchanged. Usage: hidden HOST:PORT
 */
#include <pegasus_dup.h>

#include "check.h"

/* U+202E reverses the direction of text, and U+200B is invisible. Both are in UTF-8. */
#define TURN "\xe2\x80\xae"
#define NOTHING "\xe2\x80\x8b"

static int logged;

static int nothing_hidden(const char *text) {
    return text != NULL && strstr(text, TURN) == NULL && strstr(text, NOTHING) == NULL;
}

static void shows_nothing_hidden(const pegasus_dup_outcome *outcome, const char *text) {
    CHECK(nothing_hidden(pegasus_dup_outcome_text(outcome)));
    CHECK(nothing_hidden(pegasus_dup_outcome_json(outcome)));
    CHECK(strstr(pegasus_dup_outcome_text(outcome), text) != NULL);
    CHECK(strstr(pegasus_dup_outcome_json(outcome), "\\u202e") != NULL);
}

static void on_log(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    (void)level;
    CHECK(nothing_hidden(message));
    logged++;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOST:PORT\n", argv[0]);
        return 2;
    }
    CHECK(pegasus_dup_set_log(on_log, PEGASUS_DUP_LOG_TRACE, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_client *client = NULL;
    CHECK(pegasus_dup_client_new(argv[1], NULL, &client, NULL) == PEGASUS_DUP_OK);
    pegasus_dup_outcome *outcome = NULL;

    /* The duplication may exist already, because this program runs several times. It exists afterwards. */
    const char *there = "copy" TURN NOTHING;
    CHECK(pegasus_dup_add(client, "hidden", "target", there, 0, 0, 0, &outcome) == PEGASUS_DUP_OK);
    shows_nothing_hidden(outcome, "remote_table=\"copy\\u{202e}\\u{200b}\"");
    pegasus_dup_outcome_free(outcome);

    CHECK(pegasus_dup_add(client, "hidden", "target", NULL, 0, 0, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ALREADY_EXISTS);
    shows_nothing_hidden(outcome, "existing=\"copy\\u{202e}\\u{200b}\"");
    if (CHECK(pegasus_dup_outcome_difference_count(outcome) == 1)) {
        CHECK_TEXT(pegasus_dup_outcome_difference_existing(outcome, 0), there);
    }
    pegasus_dup_outcome_free(outcome);

    CHECK(pegasus_dup_query(client, "hidden", 0, &outcome) == PEGASUS_DUP_OK);
    shows_nothing_hidden(outcome, "\"copy\\u{202e}\\u{200b}\"");
    pegasus_dup_outcome_free(outcome);

    CHECK(pegasus_dup_query(client, "no" TURN, 0, &outcome) == PEGASUS_DUP_OK);
    CHECK(pegasus_dup_outcome_kind(outcome) == PEGASUS_DUP_ERROR);
    CHECK(nothing_hidden(pegasus_dup_outcome_text(outcome)));
    CHECK(nothing_hidden(pegasus_dup_outcome_error_message(outcome)));
    pegasus_dup_outcome_free(outcome);

    pegasus_dup_client_free(client);
    CHECK(pegasus_dup_set_log(NULL, PEGASUS_DUP_LOG_ERROR, NULL) == PEGASUS_DUP_OK);
    CHECK(logged > 0);
    return checks_result();
}
