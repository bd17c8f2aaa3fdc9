/* The tables of data/ that the settings readers use. */
#ifndef RK_CONFIG_TABLES_H
#define RK_CONFIG_TABLES_H

#include <rekindle/module.h>

/* One row of data/tuya-pins.csv: what a name of Tuya's pin text means. */
struct rk_pin_rule {
    const char *key;          /* '#' stands for digits, '*' for anything */
    const char *what;         /* "Relay" */
    bool value;               /* the number is not a pin but a value... */
    const char *unit;         /* ...of this unit */
    const char *role_high;    /* OpenBeken role if active high; "" if there is none */
    const char *role_low;     /* if active low */
    const char *role_unknown; /* if the text does not say */
    int channel;              /* 0..63, RK_CHANNEL_NONE or RK_CHANNEL_NUMBER */
};
#define RK_CHANNEL_NONE   (-1)
#define RK_CHANNEL_NUMBER (-2) /* the number in the key */

extern const struct rk_pin_rule rk_pin_rules[];
extern const size_t rk_pin_rule_count;

/* One row of data/tuya-platforms.csv. */
struct rk_tuya_platform {
    const char *name; /* text of the key em_sys_env */
    const char *chip;
};
extern const struct rk_tuya_platform rk_tuya_platforms[];
extern const size_t rk_tuya_platform_count;

extern const struct rk_module rk_module_rows[];
extern const size_t rk_module_row_count;

#endif
