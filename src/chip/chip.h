/* What a chip family's driver is made of. Jobs know only rekindle/device.h; this table is how a
 * family gets behind it. A second family is a second `const struct rk_chip_driver` in
 * src/chip/drivers.c and no branch anywhere else. */
#ifndef RK_CHIP_CHIP_H
#define RK_CHIP_CHIP_H

#include <rekindle/device.h>

#define RK_REGIONS_MAX 16

/* The part of a device that all families share. Drivers keep their own state in `state`. */
struct rk_device {
    struct rk_context *ctx;
    struct rk_link *link;
    const struct rk_chip_driver *driver;
    void *state;
    struct rk_device_info info;
    struct rk_region regions[RK_REGIONS_MAX];
    size_t region_count;
    uint32_t retries;       /* per command */
    uint32_t retries_used;  /* statistics: repeats since connecting */
    uint32_t commands;      /* statistics: commands since connecting */
    uint32_t stray_bytes;   /* statistics: bytes received that belong to no reply */
    uint32_t short_replies; /* statistics: replies that broke off */
    bool bare;              /* rk_connect_options.bare */
    char reset[128];        /* how to reset the module, as rk_connect_options has it; never empty */
    bool writing;           /* between write_begin and write_end */
    bool rewrites;          /* what runs on the chip can do driver->rewrite */
    bool streams; /* reading in turn costs nothing for what is blank, and brings the digests
                               of whole blocks along: there is no use in asking for them before */
    struct {
        uint32_t addr,
            len; /* a job is about to read these bytes in turn; len 0 = it has not said */
    } in_turn;
};

/* Sectors to be erased and programmed in one go. */
struct rk_rewrite {
    uint32_t addr, len;
    const uint8_t *data;
    bool first_last;      /* the first sector is erased first and programmed last */
    uint64_t done, total; /* bytes, for events of progress with the id "write" */
};

struct rk_chip_driver {
    const char *family;
    enum rk_digest_kind digest_kind;
    /* The family's chips by index, NULL behind the last. */
    const struct rk_chip_entry *(*entry)(size_t index);

    /* One slice (at most slice_us) of trying to get a module of this family to answer; called in
     * turn with the other families until the link time-out. *linked tells. Sets up dev->state when
     * it links, or earlier: each family keeps its state while the families take turns. Errors are
     * port errors only. */
    enum rk_status (*try_link)(struct rk_device *dev, const struct rk_connect_options *opt,
                               uint64_t slice_us, bool *linked, struct rk_error *err);
    /* The link time-out is over: if this family has seen what explains the silence (our own bytes
     * coming back, ...), fills err and returns its status, else RK_OK. NULL = never knows. */
    enum rk_status (*explain)(struct rk_device *dev, struct rk_error *err);
    /* After linking: fills info and regions with everything that is cheap. Changes nothing. */
    enum rk_status (*probe)(struct rk_device *dev, const struct rk_connect_options *opt,
                            struct rk_error *err);
    /* After the rate is set: what needs reading from flash (size by wrap-around, MAC, regions). */
    enum rk_status (*locate)(struct rk_device *dev, struct rk_error *err);
    /* Everything of rk_device_identify(). */
    enum rk_status (*identify)(struct rk_device *dev, struct rk_error *err);
    /* Switches the transfer rate: a number, or the ladder if baud is 0. */
    enum rk_status (*set_baud)(struct rk_device *dev, uint32_t baud, bool try_all,
                               struct rk_error *err);
    /* addr and len are inside the flash; any alignment. */
    enum rk_status (*read)(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                           struct rk_error *err);
    enum rk_status (*digest)(struct rk_device *dev, uint32_t addr, uint32_t len,
                             struct rk_digest *out, struct rk_error *err);
    enum rk_status (*write_begin)(struct rk_device *dev, struct rk_error *err);
    enum rk_status (*write_end)(struct rk_device *dev, struct rk_error *err);
    enum rk_status (*erase)(struct rk_device *dev, uint32_t addr, uint32_t len,
                            struct rk_error *err);
    enum rk_status (*program)(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                              uint32_t len, struct rk_error *err);
    /* Only if dev->rewrites; NULL if it never is. */
    enum rk_status (*rewrite)(struct rk_device *dev, const struct rk_rewrite *what,
                              struct rk_error *err);
    enum rk_status (*reset)(struct rk_device *dev, struct rk_error *err);
    enum rk_status (*resync)(struct rk_device *dev, struct rk_error *err);
    enum rk_status (*keepalive)(struct rk_device *dev, struct rk_error *err);
    void (*free_state)(struct rk_device *dev);
};

extern const struct rk_chip_driver rk_beken_driver, rk_bouffalo_driver;

/* All families, in the order in which they are tried. */
const struct rk_chip_driver *const *rk_chip_drivers(size_t *count);

#endif
