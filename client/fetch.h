/* SPDX-License-Identifier: MIT */
/* The one way a tensor is fetched, for the functions of client.h. */
#ifndef CLIENT_FETCH_H
#define CLIENT_FETCH_H

#include "client/client_request.h"

/* tic_fetch(), or with 'head' tic_head(). 'sink' may be NULL then. */
enum ti_status tic_fetch_run(struct tic_request *request, const struct tic_sink *sink,
                             bool head, struct tic_info *info, struct ti_error *error);

#endif
