/* SPDX-License-Identifier: MIT */
/*
 * icnr= of schemes with fans: Aitken et al. 2017, "Checkerboard artifact free sub-pixel
 * convolution", as fastai and MONAI have it. The outputs that a pixel shuffle puts side by side
 * begin equal, so that the convolution begins as one followed by nearest-neighbour upsampling.
 */
#include "core/request/schemes/schemes.h"

void ti_dist_icnr(const struct ti_spec *spec, const struct ti_fans *fans,
                  struct ti_dist *dist) {
    const bool io = ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_IO;
    struct ti_copies copies = {.count = fans->copies, .unit = 1, .alternate = io};
    if (copies.count < 2) return;
    /* PyTorch's pixel shuffle takes neighbours of axis 0, TensorFlow's depth_to_space every
       dim/count-th of the last axis. */
    copies.outputs = spec->shape[io ? spec->rank - 1 : 0];
    for (unsigned i = 1; i < spec->rank && !io; i++) copies.unit *= spec->shape[i];
    dist->copies = copies;
}
