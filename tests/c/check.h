/* Checks for the test programs. A failed check prints its place, and the program continues. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>
#include <time.h>

static int checks_failed;

/* Returns whether the condition holds, so that the caller can skip steps that depend on it. */
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

/* Returns the number of threads of this process. */
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

/* Returns the exit code of the program. The threads of the library must end when every handle is freed. This
 * function waits for them, because a leak checker would report a thread that has not ended yet. */
static inline int checks_result(void) {
    const struct timespec pause = {0, 10000000};
    for (int i = 0; i < 1000 && threads() > 1; i++) {
        nanosleep(&pause, NULL);
    }
    CHECK(threads() == 1);
    return checks_failed == 0 ? 0 : 1;
}

#endif
