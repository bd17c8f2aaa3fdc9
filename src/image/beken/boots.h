/* "Will it boot?": the tests of a Beken image, judged per chip. */
#ifndef RK_IMAGE_BEKEN_BOOTS_H
#define RK_IMAGE_BEKEN_BOOTS_H

#include <rekindle/inspect.h>

#include "image/beken/beken.h"
#include "image/beken/target.h"

/* Judges b for every chip (or opt->chip alone) into report->boots. opt may be NULL. */
void rk_beken_judge(const struct rk_beken *b, const struct rk_inspect_options *opt,
                    struct rk_inspect *report);

#endif
