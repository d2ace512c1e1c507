/* SPDX-License-Identifier: MIT */
/*
 * The callbacks through which libmicrohttpd reports requests; worker.c registers them.
 * The first argument of each is the struct tid_worker.
 */
#ifndef TID_MHD_REQUEST_H
#define TID_MHD_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct tid_worker;

/* The request line has arrived. Returns the struct tid_connection. */
void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd);

/* The header has arrived; called twice for each request. */
enum MHD_Result tid_mhd_handle(void *worker, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version,
                               const char *upload, size_t *upload_bytes, void **state);

/*
 * libmicrohttpd says that it refuses a request. If that is for the Content-Length of a POST,
 * responds in its place: it would send the header of its own response twice. False if it is
 * for something else.
 */
bool tid_mhd_refuse_length(struct tid_worker *worker);

/* The response has been sent, or the connection has ended before. */
void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how);

#endif
