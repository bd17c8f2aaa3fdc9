/* Moving house: what of the old firmware's settings the new one understands, as a configuration
 * that is written together with it. */
#ifndef REKINDLE_MOVE_H
#define REKINDLE_MOVE_H

#include <rekindle/openbeken.h>
#include <rekindle/product.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the user adds. All members may be NULL. */
struct rk_move_options {
    const char *ssid, *password; /* Wi-Fi the new firmware shall join */
    const char *mqtt_host;       /* broker; "host" or "host:port" */
    const char *mqtt_user, *mqtt_password;
    const char *name; /* device name, short and long */
};

/* What was carried over. */
struct rk_move_report {
    bool from_openbeken; /* the old firmware was OpenBeken: everything was kept */
    bool from_tuya;      /* pins come from Tuya's settings */
    bool certain;        /* all checksums on the way held */
    bool has_mac;
    uint8_t mac[6];
    uint32_t pins; /* pins with a role */
    bool has_wifi; /* the module will join a network without its access point */
};

/* Fills pins, channels and the start-up command of a record from a product; what the platform has
 * no pin for is left out. Returns how many pins got a role. Errors: none; a record always stays
 * valid. */
uint32_t rk_move_product(const struct rk_product *product, struct rk_obk *obk);

/* Makes the OpenBeken configuration for `platform` out of a backup of the whole flash. *out is
 * set on success; free it with rk_obk_free(). A backup without settings gives a configuration with
 * the defaults and the user's additions. Errors: ARG "config.platform", "config.value", NOMEM. */
RK_MUST_CHECK enum rk_status rk_move_settings(const uint8_t *backup, size_t len,
                                              const char *platform,
                                              const struct rk_move_options *options,
                                              struct rk_obk **out, struct rk_move_report *report,
                                              struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
