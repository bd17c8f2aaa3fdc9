/* Text that may be shown in public: networks, passwords, keys, addresses, host names and user names
 * are taken out, what helps to find a fault stays. */
#ifndef REKINDLE_REDACT_H
#define REKINDLE_REDACT_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many of each were taken out. */
struct rk_redacted {
    uint32_t settings; /* values that the settings in the dump hold */
    uint32_t values;   /* what stands behind words like "password" and "SSID" */
    uint32_t macs; /* last three bytes of hardware addresses; addresses that everybody has stay */
    uint32_t ips;
    uint32_t hosts; /* host names in URLs */
    uint32_t paths; /* folders in front of file names */
    uint32_t keys;  /* words of an encryption key that is not public */
};

/* Makes the copy: *out is allocated (free() it) and NUL-terminated, *out_len its length. `dump` is a
 * flash capture whose settings hold further secrets; NULL = none. Nothing that is a secret of the
 * dump and at least 5 bytes long is in the result: that is searched for at the end. Errors: VERIFY
 * "redact.left" (nothing is returned), NOMEM. */
RK_MUST_CHECK enum rk_status rk_redact(const char *text, size_t len, const uint8_t *dump,
                                       size_t dump_len, char **out, size_t *out_len,
                                       struct rk_redacted *report, struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
