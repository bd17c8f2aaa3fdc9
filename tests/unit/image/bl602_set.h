/* Made-up pieces of a BL602 flash, so that tests need no firmware of anybody. */
#ifndef RK_TESTS_BL602_SET_H
#define RK_TESTS_BL602_SET_H

#include "base/rng.h"

#include <rekindle/bl602.h>

#include <stdlib.h>
#include <string.h>

#define SET_FLASH     (2u << 20)
#define SET_APP       70001u
#define SET_APP_BYTES 70016u /* with its padding */
#define SET_BOOT2     30000u

static inline void set_fill(uint8_t *out, size_t len, uint64_t seed)
{
    struct rk_rng rng = {.state = seed};

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rk_rng_next(&rng);
}

/* The start code of the SDK's applications, then anything. */
static inline void set_app(uint8_t *out, size_t len, const char *text)
{
    static const uint8_t start[] = {0xA1, 0x42, 0x73, 0xB0, 0x02, 0x30, 0x97,
                                    0xC1, 0x00, 0x1F, 0x93, 0x81, 0xA1, 0x7E};

    set_fill(out, len, 602);
    memcpy(out, start, sizeof start);
    memcpy(out + 4096, text, strlen(text) + 1);
}

static inline void set_boot2(uint8_t *out, size_t len)
{
    static const uint8_t start[] = {0x97, 0x21, 0x02, 0x1F, 0x93, 0x81,
                                    0x01, 0x88, 0x73, 0x70, 0x04, 0x30};

    set_fill(out, len, 2);
    memcpy(out, start, sizeof start);
    memcpy(out + 1024, "BLSP boot2", 11);
}

/* Writes a plan into a flash, as a job would. */
static inline void set_apply(const struct rk_bl602_plan *plan, uint8_t *flash)
{
    for (size_t i = 0; i < plan->write_count; i++) {
        const struct rk_bl602_write *w = &plan->writes[i];
        uint32_t end = (w->addr + w->len + 4095) / 4096 * 4096;

        memset(flash + w->addr, 0xFF, end - w->addr);
        if (w->data)
            memcpy(flash + w->addr, w->data, w->len);
    }
}

struct set {
    uint8_t app[SET_APP], boot2[SET_BOOT2];
    struct rk_bl602_sources sources;
    uint8_t flash[SET_FLASH];
};

/* A blank 2 MiB flash and everything a plan for it needs. free() it. */
static inline struct set *set_new(void)
{
    struct set *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    set_app(s->app, sizeof s->app, "OpenBL602_1.18.99");
    set_boot2(s->boot2, sizeof s->boot2);
    memset(s->flash, 0xFF, sizeof s->flash);
    s->sources = (struct rk_bl602_sources){.size = sizeof s->sources,
                                           .boot2 = s->boot2,
                                           .boot2_len = sizeof s->boot2,
                                           .default_tree = true};
    return s;
}

static inline struct rk_bl602_flash set_view(const struct set *s)
{
    return (struct rk_bl602_flash){
        .size = sizeof(struct rk_bl602_flash), .data = s->flash, .len = sizeof s->flash};
}

#endif
