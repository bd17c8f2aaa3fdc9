/* The families of executed virtual modules, behind rk_emulated_modules(). */
#ifndef RK_EMULATE_MODULES_H
#define RK_EMULATE_MODULES_H

#include "sim/machine.h"

extern const struct rk_sim_family rk_bk_modules, rk_bl_modules;

#endif
