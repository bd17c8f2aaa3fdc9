/* Code of the BL602 by its content: second-stage loaders and bare applications. */
#ifndef RK_IMAGE_BOUFFALO_BOOT2_H
#define RK_IMAGE_BOUFFALO_BOOT2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A build that was published. One row of data/bl602-boot2.csv. */
struct rk_bfl_boot2_build {
    const char *name; /* "6.5.1 release", "Aug 10 2020" */
    uint32_t size;    /* with that padding */
    uint8_t hash[32]; /* of the image padded with 00 to 16 bytes: what the boot header holds */
};
extern const struct rk_bfl_boot2_build rk_bfl_boot2_builds[];
extern const size_t rk_bfl_boot2_build_count;

/* The version of a second-stage loader: by the hash in its header (may be NULL), else by its
 * version record or its build date. "" if nothing tells; len may be 0. */
void rk_bfl_boot2_version(const uint8_t *body, size_t len, const uint8_t *hash, char *out,
                          size_t cap);

/* True if this is the start of a bare application of the BL602 SDK (the same start code in all of
 * its releases). */
bool rk_bfl_app_starts(const uint8_t *data, size_t len);

/* Version of an OpenBL602 build by the text in it. False if there is none, or no number in it. */
bool rk_bfl_openbl602_version(const uint8_t *code, size_t len, unsigned version[3]);

/* True if this is a bare second-stage loader. */
bool rk_bfl_boot2_starts(const uint8_t *data, size_t len);

#endif
