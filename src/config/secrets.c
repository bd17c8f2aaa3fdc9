#include "config/secrets.h"

#include <stddef.h>
#include <string.h>

bool rk_secret_key(const char *key)
{
    static const char *const names[] = {"ap_info_v2", "ble_beaconkey", "tuya_seed", "local_key",
                                        "passwd",     "ssid",          "token"};

    if (strncmp(key, "wf_pt", 5) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

bool rk_secret_member(const char *key, const char *member)
{
    /* Secrets wherever they appear. */
    static const char *const anywhere[] = {
        "psk_key", "auth_key", "ap_passwd", "psk30_key", "psk21_key", "passwd",
        "token",   "reg_key",  "lckey",     "local_key", "ssid",      "password",
    };
    static const struct {
        const char *key, *member;
    } inside[] = {{"gw_bi", "pin"}, {"gw_ai", "key"}};

    for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++)
        if (strcmp(member, anywhere[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        if (strcmp(key, inside[i].key) == 0 && strcmp(member, inside[i].member) == 0)
            return true;
    return false;
}
