/* Conditions of a real module that a start of firmware is put under: a weak supply, a pin. */
#ifndef RK_JOB_BOOT_CONDITION_H
#define RK_JOB_BOOT_CONDITION_H

#include <rekindle/boot.h>

/* Is this phase of a log where the supply collapses? `stage`: rk_boot_request.supply_phase. */
bool rk_boot_supply_at_phase(const char *stage, const char *phase);
/* The same of a chip whose log need not tell. */
bool rk_boot_supply_at_state(const char *stage, const struct rk_emulate_state *state);
/* ARG "emulate.condition" if it is no stage. */
RK_MUST_CHECK enum rk_status rk_boot_supply_check(const char *stage, struct rk_error *err);

/* Why nothing at all is to be seen, as far as the conditions tell: NULL = they do not. *id gets the
 * id of the finding. */
const char *rk_boot_silence(const struct rk_boot_request *request,
                            const struct rk_emulate_state *state, const char **id);

#endif
