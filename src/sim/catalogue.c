#include "sim/catalogue.h"

/* clang-format off */
const struct rk_sim_model rk_sim_catalogue[RK_SIM_MODELS] = {
    {"bk7231t", "BK7231T", "loader in flash (1.0.4, 1.0.5, 1.0.6), 2 MiB, Tuya's older module chip"},
    {"bk7231u", "BK7231U", "loader in flash (SDK 1.0.15), 2 MiB, no encipherment"},
    {"bk7231q", "BK7231Q", "loader in flash, 2 MiB; arms erasing only once, odd baud divider"},
    {"bk7252", "BK7252", "loader in flash (SDK 1.0.15), 4 MiB, also sold as BK7251 and BK7221U"},
    {"bk7231n", "BK7231N", "loader in mask ROM, 2 MiB, Tuya key in the efuse"},
    {"bk7231m", "BK7231M", "loader in mask ROM, 2 MiB, key zero"},
    {"bl2028n", "BL2028N", "loader in mask ROM, 2 MiB, also sold as T34"},
    {"bk7238", "BK7238", "loader in mask ROM, 2 MiB, four efuse bytes, also sold as T1"},
    {"bk7252n", "BK7252N", "loader in mask ROM, 4 MiB, four efuse bytes, also sold as T4"},
    {"bk7236", "BK7236", "mask ROM and second loader, 4 MiB, also sold as T3 (from sources, untested)"},
    {"bk7258", "BK7258", "mask ROM and second loader, 8 MiB, also sold as T5 (from sources, untested)"},
    {"bl602", "BL602", "mask ROM in download mode, loader in RAM, 2 MiB; boot=low starts from flash"},
};
/* clang-format on */
