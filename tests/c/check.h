/* What the test programs share: a check that says where it failed, and goes on. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>
#include <time.h>

static int checks_failed;

/* Returns whether it held, so that what leans on it can be left out. */
static inline int check_that(int held, const char *what, const char *file, int line) {
    if (!held) {
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
        checks_failed++;
    }
    return held;
}
#define CHECK(what) check_that((what) != 0, #what, __FILE__, __LINE__)

static inline int check_text(const char *is, const char *should, const char *file, int line) {
    int same = is == NULL || should == NULL ? is == should : strcmp(is, should) == 0;
    if (!same) {
        fprintf(stderr, "%s:%d: failed: is \"%s\", should be \"%s\"\n", file, line,
                is == NULL ? "(NULL)" : is, should == NULL ? "(NULL)" : should);
        checks_failed++;
    }
    return same;
}
#define CHECK_TEXT(is, should) check_text((is), (should), __FILE__, __LINE__)

/* How many threads this process has. */
static inline int threads(void) {
    char line[256];
    int count = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "Threads: %d", &count) == 1) {
            break;
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return count;
}

/* The program's end: the library's threads must end too once every handle is freed. They do so by
 * themselves, and a leak checker would report those that haven't yet. */
static inline int checks_result(void) {
    const struct timespec pause = {0, 10000000};
    for (int i = 0; i < 1000 && threads() > 1; i++) {
        nanosleep(&pause, NULL);
    }
    CHECK(threads() == 1);
    return checks_failed == 0 ? 0 : 1;
}

#endif
