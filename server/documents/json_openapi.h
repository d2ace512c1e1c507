/* SPDX-License-Identifier: MIT */
/* The document of /openapi.json. */
#ifndef TID_JSON_OPENAPI_H
#define TID_JSON_OPENAPI_H

#include "server/context.h"

/* The one server of the document: a path, with which all others begin. */
#define TID_OPENAPI_SERVER "{\"url\": \"/\"}"

/*
 * The document of what listeners of a scope serve, as text from malloc(); NULL if memory
 * runs out. Called once, by main.
 */
char *tid_json_openapi(enum tid_scope scope);

#endif
