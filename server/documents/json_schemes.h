/* SPDX-License-Identifier: MIT */
/* The document of /v1/schemes. */
#ifndef TID_JSON_SCHEMES_H
#define TID_JSON_SCHEMES_H

/* The document as text from malloc(); NULL if memory runs out. Called once, by main. */
char *tid_json_schemes(void);

#endif
