/* The names of all virtual modules, family by family. */
#ifndef RK_SIM_CATALOGUE_H
#define RK_SIM_CATALOGUE_H

#include <rekindle/sim.h>

#define RK_SIM_BEKEN_MODELS    11
#define RK_SIM_BOUFFALO_MODELS 1
#define RK_SIM_MODELS          (RK_SIM_BEKEN_MODELS + RK_SIM_BOUFFALO_MODELS)

extern const struct rk_sim_model rk_sim_catalogue[RK_SIM_MODELS];

#endif
