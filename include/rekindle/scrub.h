/* A copy of a dump for showing in public: settings that are secrets are gone, the rest is kept. */
#ifndef REKINDLE_SCRUB_H
#define REKINDLE_SCRUB_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rk_scrub_report {
    uint32_t secrets;   /* different secrets that were found */
    uint32_t sectors;   /* sectors that were changed */
    uint32_t elsewhere; /* places outside of the settings where one of them stood, too */
    uint32_t searched;  /* of the secrets, how many are long enough to be searched for */
    bool proven;        /* none of them is in the result, neither plain nor enciphered */
};

/* Makes the scrubbed copy: *out is allocated (free() it), len bytes. Secret values of Tuya's
 * storage keep their length and are filled with "x", so that the storage stays readable; old copies
 * and left-over pages of it are emptied, and so are the secrets of OpenBeken. Of a BL602 also: the
 * passwords of the device tree, values of the settings store, the partitions KEY and DATA. Boot loader,
 * application, tables, calibration and MAC address stay as they are.
 * Errors: ARG "config.size", VERIFY "config.scrub" (a secret is still in the result: nothing is
 * returned), NOMEM. Bytes without any settings are no error: the report says 0. */
RK_MUST_CHECK enum rk_status rk_scrub(const uint8_t *data, size_t len, uint8_t **out,
                                      struct rk_scrub_report *report, struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
