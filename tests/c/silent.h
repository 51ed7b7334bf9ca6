/* A server that accepts connections and never responds. A call to it stays in flight. */
#ifndef SILENT_H
#define SILENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns the listening socket of the server, and writes its address. The kernel accepts the connections. */
static inline int silent_server(char *address, size_t size) {
    struct sockaddr_in local;
    memset(&local, 0, sizeof local);
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof local;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&local, sizeof local) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&local, &length) != 0) {
        perror("silent server");
        return -1;
    }
    snprintf(address, size, "127.0.0.1:%d", ntohs(local.sin_port));
    return listener;
}

#endif
