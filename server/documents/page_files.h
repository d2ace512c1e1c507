/* SPDX-License-Identifier: MIT */
/*
 * The page for a browser: the files of server/page/ and Chart.js, which the Makefile embeds.
 * Called by the endpoints of / and /page/{name}.
 */
#ifndef TID_PAGE_FILES_H
#define TID_PAGE_FILES_H

#include "server/http/request.h"
#include "server/http/response.h"

struct tid_page_encoding {
    const unsigned char *bytes;
    size_t byte_count;
    const char *etag; /* with its quotes */
};

struct tid_page_file {
    const char *name, *type;
    struct tid_page_encoding plain, gzip;
};

/* The file of a name; NULL if there is none. */
const struct tid_page_file *tid_page_file_find(const char *name, size_t name_bytes);

/*
 * Responds with a file, in the coding that the request accepts, or 304 or 412. 'vary' is a
 * static string, the fields of the request that have selected it.
 */
void tid_page_file_respond(const struct tid_page_file *file,
                           const struct tid_request *request, const char *vary,
                           struct tid_response *response);

#endif
