/* SPDX-License-Identifier: MIT */
/* Activation functions and their derivatives: docs/SPEC.md, "Propagation". */
#ifndef TI_ACTIVATIONS_H
#define TI_ACTIVATIONS_H

#include <tensorinit/propagation.h>

struct ti_activated {
    double value, derivative;
};

/* f(z) and f'(z); 'slope' is the negative slope of leaky_relu. */
struct ti_activated ti_activate(enum ti_activation activation, double slope, double z);

/* The maximum of |f'|. */
double ti_activation_steepest(enum ti_activation activation, double slope);

#endif
