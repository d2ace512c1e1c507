/* SPDX-License-Identifier: MIT */
/*
 * core/base/normal_cdf against mpmath. The tables: mpmath 1.2 with 60 digits, tail =
 * erfc(x/sqrt(2))/2; mean m = (phi(low) - phi(high)) / mass and std = sqrt(1 + (low
 * phi(low) - high phi(high)) / mass - m^2), for x, low and high as the binary64 numbers
 * that C makes of their decimals.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/normal_cdf.h"
#include "support/test.h"

static const struct {
    double x, tail;
} tails[] = {
    {-36, 1.0000000000000000000},
    {-10, 1.0000000000000000000},
    {-6.5, 9.9999999995983999416e-1},
    {-6, 9.9999999901341235496e-1},
    {-2, 9.7724986805182079280e-1},
    {-1, 8.4134474606854294859e-1},
    {-1e-9, 5.0000000039894228040e-1},
    {0, 5.0000000000000000000e-1},
    {1e-300, 5.0000000000000000000e-1},
    {1e-9, 4.9999999960105771960e-1},
    {0.5, 3.0853753872598689636e-1},
    {1, 1.5865525393145705141e-1},
    {1.5, 6.6807201268858066004e-2},
    {2, 2.2750131948179207200e-2},
    {2.5, 6.2096653257761351670e-3},
    {3, 1.3498980316300945267e-3},
    {4.75, 1.0170832425687031713e-6},
    {5.9990234375, 9.9253854067767691822e-10},
    {6, 9.8658764503769814070e-10},
    {6.0009765625, 9.8067151596943838859e-10},
    {7, 1.2798125438858350044e-12},
    {10, 7.6198530241605260660e-24},
    {20, 2.7536241186062336951e-89},
    {30, 4.9067139271481870595e-198},
    {36.5, 5.5447257130748445538e-292},
    {36.9990234375, 5.9363888600914445384e-300},
    /* the definition ends at 37: its mass there is 6e-300 */
    {37, 0},
    {40, 0},
    {-37, 1},
    {INFINITY, 0},
    {-INFINITY, 1},
};

static const struct {
    double low, high, mass, mean, std;
} cuts[] = {
    {-2, 2, 9.5449973610364158560e-1, 0, 8.7962566103423975041e-1},
    {-1, 1, 6.8268949213708589717e-1, 0, 5.3956009375489697273e-1},
    {-0.5, 0.5, 3.8292492254802620728e-1, 0, 2.8388229004432752467e-1},
    {-3, 3, 9.9730020393673981095e-1, 0, 9.8657839255810862127e-1},
    {-0.0000005, 0.0000005, 3.9894228040141603729e-7, 0, 2.8867513459480805794e-7},
    {-6, 6, 9.9999999802682470992e-1, 0, 9.9999996354470216463e-1},
    {-8, 8, 9.9999999999999875581e-1, 0, 9.9999999999995958183e-1},
    {-40, 40, 1.0000000000000000000, 0, 1.0000000000000000000},
    {-1, 2, 8.1859461412036374138e-1, 2.2963717909132896862e-1, 7.2094558685904578877e-1},
    {-2.5, 0.25, 5.9249666035714758907e-1, -6.2302429871380041764e-1,
     6.1215129565960506937e-1},
    {0, INFINITY, 5.0000000000000000000e-1, 7.9788456080286535588e-1,
     6.0281027498908697428e-1},
    {-INFINITY, 0, 5.0000000000000000000e-1, -7.9788456080286535588e-1,
     6.0281027498908697428e-1},
    {-INFINITY, 3, 9.9865010196836990547e-1, -4.4378390421256637933e-3,
     9.9331102302262768848e-1},
    {-3, INFINITY, 9.9865010196836990547e-1, 4.4378390421256637933e-3,
     9.9331102302262768848e-1},
    {0.5, INFINITY, 3.0853753872598689636e-1, 1.1410777703680644809,
     5.1815095016402213115e-1},
    {1, 1.5, 9.1848052662598985410e-2, 1.2243387376577787062, 1.4236899650165005264e-1},
    {-1.5, -1, 9.1848052662598985410e-2, -1.2243387376577787062,
     1.4236899650165005264e-1},
    {3, 4, 1.3182267897969746054e-3, 3.2604542855900211539, 2.2198602158107417007e-1},
    {5, INFINITY, 2.8665157187919391167e-7, 5.1865039671258421156,
     1.8082155462530518058e-1},
    {6, INFINITY, 9.8658764503769814070e-10, 6.1584826045445989173,
     1.5487942661685822159e-1},
    {-INFINITY, -6, 9.8658764503769814070e-10, -6.1584826045445989173,
     1.5487942661685822159e-1},
    {6, 7, 9.8530783249381230570e-10, 6.1572109033782798357, 1.5082566465131765154e-1},
    {5.5, 6.5, 1.8949402460049128206e-8, 5.6693420803348093432, 1.6079180254093829446e-1},
    {1, 1.000001, 2.4197060351387499216e-7, 1.0000004999999166255,
     2.8867513457105252133e-7},
    {5, 5.00001, 1.4866823472848293498e-11, 5.0000049999583331024,
     2.8867513456536094350e-6},
    {5.99, 6.01, 1.2158855326404117787e-10, 5.9998000506483751992,
     5.7713866195075297903e-3},
    {-7, 8, 9.9999999999871956536e-1, 9.1296681372927463939e-12,
     9.9999999996800826949e-1},
    {-6, 40, 9.9999999901341235496e-1, 6.0758828558176764452e-9,
     9.9999998177235124797e-1},
};

/* Distance in units of the expected number's last place. */
static double ulps(double x, double expected) {
    if (x == expected) return 0;
    int exponent;
    frexp(expected, &exponent);
    return fabs(x - expected) / ldexp(1, exponent - 53);
}

static void tail(void **state) {
    double worst = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        const double off = ulps(ti_normal_tail(tails[i].x), tails[i].tail);
        if (!(off <= 1)) {
            fail_msg("tail(%g) is %a, not %a", tails[i].x, ti_normal_tail(tails[i].x),
                     tails[i].tail);
        }
        if (off > worst) worst = off;
    }
    printf("tail: worst %g ulp\n", worst);
}

static void mass(void **state) {
    double worst = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        const double got = ti_normal_mass(cuts[i].low, cuts[i].high);
        const double off = ulps(got, cuts[i].mass);
        if (!(off <= 1)) {
            fail_msg("mass(%g, %g) is %a, not %a", cuts[i].low, cuts[i].high, got,
                     cuts[i].mass);
        }
        if (off > worst) worst = off;
    }
    printf("mass: worst %g ulp\n", worst);
}

/* The mean of a symmetric cut is 0, its std within 1 ulp; elsewhere terms cancel, most in
   narrow intervals far out, for which normal_cdf.h promises 6 digits. */
static void moments(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        const double low = cuts[i].low, high = cuts[i].high;
        double mean, std;
        ti_normal_moments(low, high, &mean, &std);
        const double nearest = fabs(low) < fabs(high) ? fabs(low) : fabs(high);
        const bool hard = high - low < 1e-3 && nearest >= 1;
        const double mean_off = fabs(mean - cuts[i].mean),
                     std_off = ulps(std, cuts[i].std);
        if (low == -high) {
            if (!(mean == 0 && std_off <= 1)) fail_msg("moments at +-%g: %a", high, std);
        } else if (!(mean_off <= 4e-16 * fmax(1, fabs(cuts[i].mean)) || hard) ||
                   !(std_off <= (hard ? 1e-6 * 0x1p53 : 4))) {
            fail_msg("moments of %g to %g: %.17g %.17g, off by %g and %g ulp", low, high,
                     mean, std, mean_off, std_off);
        }
        if (!(mean >= low && mean <= high)) fail_msg("mean outside %g to %g", low, high);
        double mirrored_mean, mirrored_std;
        ti_normal_moments(-high, -low, &mirrored_mean, &mirrored_std);
        assert_true(mirrored_mean == -mean && mirrored_std == std);
    }
}

/* The constants for a cut at 2 equal the formulas, which are evaluated next to 2, since
   the functions return the constants at 2. */
static void constants(void **state) {
    (void)state;
    assert_true(ti_normal_tail(2) == TI_NORMAL_TAIL_2);
    if (TI_NORMAL_TAIL_2 !=
        0x1.74bcf82c9d860p-6) { /* mpmath, and docs/SPEC.md section 9 */
        fail_msg("TI_NORMAL_TAIL_2 is %a", TI_NORMAL_TAIL_2);
    }
    assert_true(TI_NORMAL_TAU_2 == 0x1.c25e4b6dba981p-1);
    /* by the formulas: mass is 1 - 2 tail, and the tail of -2 is 1 - that of 2 */
    assert_true(1 - 2 * TI_NORMAL_TAIL_2 == ti_normal_mass(-2, 2));
    assert_true(1 - TI_NORMAL_TAIL_2 == ti_normal_tail(-2));
    const double above = nextafter(2, 3), below = nextafter(2, 1);
    /* the density at 2 is 0.054: a step of 4e-16 (2e-16) is 7 (3) of the tail's last
       places */
    assert_in_range((TI_NORMAL_TAIL_2 - ti_normal_tail(above)) * 0x1p58, 6, 8);
    assert_in_range((ti_normal_tail(below) - TI_NORMAL_TAIL_2) * 0x1p58, 3, 4);
}

/* The tail decreases, and tails add up to 1, on a grid across the borders of all
   formulas. */
static void order(void **state) {
    double last = 1;
    (void)state;
    for (double x = -38; x <= 38; x += 0x1p-7) {
        const double t = ti_normal_tail(x);
        assert_true(t <= last && t >= 0 && t <= 1);
        assert_true(fabs(t + ti_normal_tail(-x) - 1) <= 0x1p-52);
        last = t;
    }
}

/* Against the exact one: in the middle, in the tails, across every border, and at the ends. */
static void mass_fast(void **state) {
    static const double points[] = {-INFINITY, -40,  -37, -12.5, -6.25, -6, -5.75,
                                    -2,        -0.5, 0,   0.1,   1,     3,  5.9,
                                    6,         6.1,  9,   36.9,  37,    50, INFINITY};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        for (size_t j = i + 1; j < COUNT_OF(points); j++) {
            const double low = points[i], high = points[j];
            const double off = ti_normal_mass_fast(low, high) - ti_normal_mass(low, high);
            if (!(fabs(off) <= 2e-15)) fail_msg("mass(%g, %g) off by %g", low, high, off);
        }
        assert_true(ti_normal_mass_fast(points[i], points[i]) == 0 || points[i] == 0 ||
                    isinf(points[i]));
    }
    /* far out it is as exact in relation to what is left */
    const double far = ti_normal_mass_fast(9, 10) / ti_normal_mass(9, 10);
    assert_true(fabs(far - 1) < 1e-13);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail),      cmocka_unit_test(mass),  cmocka_unit_test(moments),
        cmocka_unit_test(constants), cmocka_unit_test(order), cmocka_unit_test(mass_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
