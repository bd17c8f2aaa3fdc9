/* The emulated chips. Identities from OpenBeken's bk_check_chip_id() and Beken's SDK headers. */
#include "emulate/beken/soc.h"

#include "base/text.h"

#define N_STATUS 0x800150u /* retention register of the N's system control */
#define T_STATUS 0x80A080u

/* clang-format off */
static const struct rk_bk_model models[] = {
    /* chip        chip id     device id   pwm       pwm only sdram      zero key rom    status    flash */
    {"BK7231N",  0x0007231C, 0x20521010, 0x802A80, false, 0,         false, true,  N_STATUS, 0xEB6015},
    {"BK7231T",  0x0007231A, 0x18520001, 0x802A80, false, 0,         false, false, T_STATUS, 0xEB6015},
    {"BK7231M",  0x0007231C, 0x20521010, 0x802A80, false, 0,         true,  true,  N_STATUS, 0xEB6015},
    {"BL2028N",  0x0007231C, 0x20521010, 0x802A80, false, 0,         true,  true,  N_STATUS, 0xEB6015},
    {"BK7238",   0x00007238, 0x21128000, 0x802A80, false, 0,         true,  true,  N_STATUS, 0xEB6015},
    {"BK7231U",  0x0007231A, 0x18520001, 0x802A80, false, 0,         true,  false, T_STATUS, 0xEB6015},
    {"BK7231Q",  0x00007231, 0x00000000, 0x802A00, true,  0,         true,  false, T_STATUS, 0xEB6015},
    {"BK7252",   0x0007221A, 0x18221020, 0x802A80, false, 0x900000,   true,  false, T_STATUS, 0xC84016},
    {"BK7252N",  0x0007252A, 0x23A18000, 0x802A80, false, 0x2000000, true,  true,  N_STATUS, 0xC84016},
};
/* clang-format on */

const struct rk_bk_model *rk_bk_model_find(const char *chip)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (rk_text_same(models[i].chip, chip))
            return &models[i];
    return NULL;
}

const struct rk_bk_model *rk_bk_models(size_t *count)
{
    *count = sizeof models / sizeof models[0];
    return models;
}
