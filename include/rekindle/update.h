/* Will this update be accepted? An OTA package against the flash it is meant for. */
#ifndef REKINDLE_UPDATE_H
#define REKINDLE_UPDATE_H

#include <rekindle/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RK_UPDATE_TESTS 12

struct rk_update {
    bool accepted; /* nothing speaks against it */
    bool ignored;  /* would be accepted, but changes nothing: it is installed already */
    char version[32];
    size_t test_count;
    struct rk_inspect_test tests[RK_UPDATE_TESTS]; /* "U1" ..: see docs/images.md */
    char reason[192]; /* why it would be refused or ignored; empty if it is accepted */
    char remedy[192]; /* may be empty */
};

/* Judges an RBL, UG or BL602 OTA file against a capture of the flash.
 * Errors: IMAGE_FORMAT (the first is no update, or the second no capture), NOMEM. */
RK_MUST_CHECK enum rk_status rk_update_check(const uint8_t *update, size_t update_len,
                                             const uint8_t *flash, size_t flash_len,
                                             struct rk_update *out, struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
