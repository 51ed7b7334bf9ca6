/*
 * A proxy that forwards requests to a server, and withholds all responses from the first request of one kind
 * on. The server executes the requests, and the client receives no response.
 */
#ifndef WITHHOLD_H
#define WITHHOLD_H

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "silent.h"

enum { WITHHOLD_PAIRS = 16 };

struct withhold {
    char address[64];
    const char *name;    /* the name of the RPC in the request */
    struct sockaddr_in server;
    int listener;
    int stop[2];         /* closed to end the proxy */
    int seen[2];         /* receives a byte when the first such request is forwarded */
    int clients[WITHHOLD_PAIRS], servers[WITHHOLD_PAIRS], pairs;
    pthread_t thread;
};

static inline int withhold_contains(const char *bytes, size_t size, const char *text) {
    size_t length = strlen(text);
    for (size_t at = 0; at + length <= size; at++) {
        if (memcmp(bytes + at, text, length) == 0) {
            return 1;
        }
    }
    return 0;
}

static inline void withhold_connect(struct withhold *way) {
    int client = accept(way->listener, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (way->pairs < WITHHOLD_PAIRS && client >= 0 && server >= 0 &&
        connect(server, (struct sockaddr *)&way->server, sizeof way->server) == 0) {
        way->clients[way->pairs] = client;
        way->servers[way->pairs++] = server;
        return;
    }
    perror("withhold");
    close(client);
    close(server);
}

static inline void *withhold_run(void *of) {
    struct withhold *way = of;
    static char buffer[65536];
    int withheld = 0;
    for (;;) {
        struct pollfd polled[2 + 2 * WITHHOLD_PAIRS] = {{way->stop[0], POLLIN, 0},
                                                        {way->listener, POLLIN, 0}};
        for (int i = 0; i < way->pairs; i++) {
            /* poll ignores a negative descriptor, whose connection has ended. */
            polled[2 + 2 * i] = (struct pollfd){way->clients[i], POLLIN, 0};
            polled[3 + 2 * i] = (struct pollfd){way->servers[i], POLLIN, 0};
        }
        int pairs = way->pairs;
        if (poll(polled, (nfds_t)(2 + 2 * pairs), -1) < 0 || polled[0].revents != 0) {
            break;
        }
        if (polled[1].revents != 0) {
            withhold_connect(way);
        }
        for (int i = 0; i < 2 * pairs; i++) {
            if (polled[2 + i].revents == 0) {
                continue;
            }
            int asks = i % 2 == 0, to = asks ? way->servers[i / 2] : way->clients[i / 2];
            ssize_t got = read(polled[2 + i].fd, buffer, sizeof buffer);
            int first = got > 0 && asks && !withheld &&
                        withhold_contains(buffer, (size_t)got, way->name);
            withheld |= first;
            if (got > 0 && ((!asks && withheld) || write(to, buffer, (size_t)got) == got)) {
                if (first && write(way->seen[1], "", 1) != 1) {
                    perror("withhold");
                }
                continue;
            }
            close(way->clients[i / 2]);
            close(way->servers[i / 2]);
            way->clients[i / 2] = way->servers[i / 2] = -1;
            i |= 1;
        }
    }
    for (int i = 0; i < way->pairs; i++) {
        close(way->clients[i]);
        close(way->servers[i]);
    }
    close(way->listener);
    return NULL;
}

/* Starts a proxy for the server at 127.0.0.1:PORT. Returns NULL on failure. */
static inline struct withhold *withhold_start(const char *server, const char *name) {
    struct withhold *way = (struct withhold *)calloc(1, sizeof *way);
    const char *colon = strrchr(server, ':');
    if (way == NULL || colon == NULL) {
        free(way);
        return NULL;
    }
    way->name = name;
    way->server.sin_family = AF_INET;
    way->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    way->server.sin_port = htons((uint16_t)atoi(colon + 1));
    way->listener = silent_server(way->address, sizeof way->address);
    if (way->listener < 0 || pipe(way->stop) != 0 || pipe(way->seen) != 0 ||
        pthread_create(&way->thread, NULL, withhold_run, way) != 0) {
        perror("withhold");
        free(way);
        return NULL;
    }
    return way;
}

/* Waits until such a request was forwarded, for at most ten seconds. */
static inline int withhold_seen(struct withhold *way) {
    struct pollfd polled = {way->seen[0], POLLIN, 0};
    char byte;
    return poll(&polled, 1, 10000) == 1 && read(way->seen[0], &byte, 1) == 1;
}

static inline void withhold_stop(struct withhold *way) {
    close(way->stop[1]);
    pthread_join(way->thread, NULL);
    close(way->stop[0]);
    close(way->seen[0]);
    close(way->seen[1]);
    free(way);
}

#endif
