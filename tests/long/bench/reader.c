/* SPDX-License-Identifier: MIT */
/*
 * reader PORT TARGET: one HTTP/1.1 GET from 127.0.0.1, its body read and dropped; prints body
 * bytes and seconds. A client that costs as little as can be, so that servers are compared.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "long/bench/bench_clock.h"

static char buffer[1 << 20];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (argc != 3) return 64;
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("connect");
    }
    double start = seconds();
    int length = snprintf(
        buffer, sizeof buffer,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", argv[2]);
    if (write(fd, buffer, (size_t)length) != length) fail("write");
    size_t header = 0;
    char *end = NULL;
    while (!end) {
        ssize_t now = read(fd, buffer + header, sizeof buffer - 1 - header);
        if (now <= 0) fail("read");
        header += (size_t)now;
        buffer[header] = '\0';
        end = strstr(buffer, "\r\n\r\n");
    }
    if (strncmp(buffer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "reader: %.40s\n", buffer);
        return 1;
    }
    unsigned long long body = (unsigned long long)(buffer + header - (end + 4));
    for (ssize_t now; (now = read(fd, buffer, sizeof buffer)) != 0;) {
        if (now < 0) fail("read");
        body += (unsigned long long)now;
    }
    printf("%llu %.6f\n", body, seconds() - start);
    return 0;
}
