/*
 * Reads tests/parity.json. Each entry is on a line of its own, {"name": "...", "number": N, ...}, below the
 * line of its section. An entry without a number has no number in C. The environment variable
 * PEGASUS_DUP_PARITY holds the path of the file.
 */
#ifndef PARITY_H
#define PARITY_H

#include <stdint.h>
#include <stdlib.h>

#include "check.h"

enum { PARITY_MOST = 200 };

struct parity_entry {
    char section[32];
    char name[64];
    int32_t number;
};

struct parity {
    struct parity_entry entries[PARITY_MOST];
    int count;
};

static inline struct parity parity_read(void) {
    struct parity table;
    memset(&table, 0, sizeof table);
    const char *path = getenv("PEGASUS_DUP_PARITY");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (!CHECK(file != NULL)) {
        return table;
    }
    char line[256], section[32] = "";
    while (table.count < PARITY_MOST && fgets(line, sizeof line, file) != NULL) {
        struct parity_entry *entry = &table.entries[table.count];
        int read = sscanf(line, " {\"name\": \"%63[^\"]\", \"number\": %d", entry->name, &entry->number);
        if (read >= 1) {
            CHECK(read == 2 || strstr(line, "\"}") != NULL);
            memcpy(entry->section, section, sizeof section);
            table.count++;
        } else if (sscanf(line, " \"%31[^\"]\": [", section) != 1) {
            /* The line must be a brace or a bracket. If it has a name, an entry was not read. */
            CHECK(strstr(line, "name") == NULL);
        }
    }
    fclose(file);
    CHECK(table.count > 40 && table.count < PARITY_MOST);
    return table;
}

/* Returns the name that the table has for a number, or NULL. */
static inline const char *parity_name(const struct parity *table, const char *section,
                                      int32_t number) {
    for (int i = 0; i < table->count; i++) {
        if (strcmp(table->entries[i].section, section) == 0 &&
            table->entries[i].number == number) {
            return table->entries[i].name;
        }
    }
    return NULL;
}

/* Returns the number of entries of a section. */
static inline int parity_count(const struct parity *table, const char *section) {
    int count = 0;
    for (int i = 0; i < table->count; i++) {
        count += strcmp(table->entries[i].section, section) == 0;
    }
    return count;
}

#endif
