/* SPDX-License-Identifier: MIT */
/*
 * Plans what a query asks for: see planned.h.
 */
#include "planned.h"

#include <stdio.h>
#include <string.h>

#include <tensorinit/spec.h>

enum ti_status tid_out_of_memory(struct ti_error *error) {
    error->code = TI_ENOMEM;
    error->field[0] = '\0';
    snprintf(error->text, sizeof error->text,
             "The server is out of memory; try again later.");
    return TI_ENOMEM;
}

/* Gives the format unless the query did; true if so. */
static bool set_format(struct ti_spec *spec, enum ti_format format) {
    const char *name = ti_format_name(format);

    return ti_spec_set(spec, "format", name, strlen(name), NULL) == TI_OK;
}

enum ti_status tid_planned_make(const struct tid_request *request, enum ti_format format,
                                struct tid_planned *planned, struct ti_error *error) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;

    enum ti_status status = ti_spec_make(&spec);
    if (status != TI_OK) return tid_out_of_memory(error);
    status = ti_spec_set_query(spec, request->query, request->query_bytes, error);
    const bool negotiated = status == TI_OK && set_format(spec, format);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, error);
    if (status == TI_OK) status = ti_body_make(plan, &body, error);
    ti_spec_free(spec);
    if (status != TI_OK) {
        ti_plan_free(plan);
        return status;
    }
    planned->plan = plan;
    planned->body = body;
    planned->negotiated = negotiated;
    return TI_OK;
}

void tid_planned_clear(struct tid_planned *planned) {
    ti_body_free(planned->body);
    ti_plan_free(planned->plan);
    planned->body = NULL;
    planned->plan = NULL;
}
