#include <rekindle/bl602.h>

#include <stdlib.h>

enum rk_status rk_bl602_plan(const struct rk_bl602_flash *flash, const uint8_t *app, size_t app_len,
                             const struct rk_bl602_sources *sources, struct rk_bl602_plan **out,
                             struct rk_error *err)
{
    (void)flash;
    (void)app;
    (void)app_len;
    (void)sources;
    *out = NULL;
    return rk_fail(err, RK_ERR_UNSUPPORTED, "bl602.plan", "writing to a BL602 is not planned yet");
}

void rk_bl602_plan_free(struct rk_bl602_plan *plan)
{
    free(plan);
}
