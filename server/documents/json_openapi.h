/* SPDX-License-Identifier: MIT */
/* The document of /openapi.json. */
#ifndef TID_JSON_OPENAPI_H
#define TID_JSON_OPENAPI_H

/* The document as text from malloc(); NULL if memory runs out. Called once, by main. */
char *tid_json_openapi(void);

#endif
