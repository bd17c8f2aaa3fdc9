/* The jobs: the transactions a user asks for. Each may be interrupted at any point and run again:
 * it finds what is already right and goes on. */
#ifndef REKINDLE_JOB_H
#define REKINDLE_JOB_H

#include <rekindle/bl602.h>
#include <rekindle/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Safety rules that a user may lift one by one; see rekindle(1). */
enum rk_rule {
    RK_RULE_NO_BACKUP,      /* writing without a verified backup */
    RK_RULE_CHIP,           /* image for another chip */
    RK_RULE_KEY,            /* image enciphered with another key */
    RK_RULE_BOOT,           /* touching the boot loader with something that is no known loader */
    RK_RULE_BOOT_BRICK,     /* the same on chips where that locks everybody out */
    RK_RULE_CALIBRATION,    /* overwriting RF calibration or MAC */
    RK_RULE_SIZE,           /* image larger than its place, or flash size uncertain */
    RK_RULE_LAYOUT,         /* ranges that overlap or leave things inconsistent */
    RK_RULE_FOREIGN_BACKUP, /* backup of another module */
    RK_RULE_PROTECT,        /* flash protection that cannot be put back */
    RK_RULE_UNSTABLE,       /* the link shows more than 1 % CRC errors at the lowest rate */
    RK_RULE_SAME_PORT,      /* the module behind the port has changed since the backup */
    RK_RULE_COUNT
};

/* "chip", "boot-brick", ...; NULL for a number that is no rule. */
const char *rk_rule_name(enum rk_rule rule);
/* What the rule refuses, one sentence for the help. */
const char *rk_rule_text(enum rk_rule rule);
/* Finds a rule by its name. Errors: ARG with the nearest name as hint. */
RK_MUST_CHECK enum rk_status rk_rule_parse(const char *name, enum rk_rule *out,
                                           struct rk_error *err);

#define RK_RULE_BIT(rule) (1u << (unsigned)(rule))

/* What all jobs that write understand. */
struct rk_write_policy {
    uint32_t lifted;         /* RK_RULE_BIT()s of the rules the user has lifted */
    bool dry_run;            /* plan only: nothing that changes the module is sent */
    bool no_backup;          /* skip the automatic backup: needs RK_RULE_NO_BACKUP lifted */
    bool no_reset;           /* leave the module in its loader at the end */
    const char *backup_dir;  /* where backups are kept; NULL = current directory */
    const char *backup_path; /* name of the automatic backup; NULL = made from chip, MAC and time */
    /* Flashing only: further runs of bytes for the same plan, whole sectors such as settings for
     * the new firmware. They count where the image claims the same place. */
    const struct rk_segment *extra;
    size_t extra_count;
    /* Called with the finished plan before the first write; false ends the job with REFUSED.
     * NULL = go on. */
    bool (*approve)(void *user, const struct rk_plan *plan);
    void *user;
};

/* ---- backup ---- */

struct rk_backup_options {
    size_t size;
    const char *path;     /* NULL = <chip>-<mac>-<UTC time>.bin in `dir` */
    const char *dir;      /* folder for `path` NULL and for earlier backups; NULL = current */
    const char *previous; /* earlier backup to take unchanged sectors from; NULL = look in `dir` */
    bool resume;          /* continue PATH.part if it is there */
    bool transfer_all; /* paranoid: transfer also what the chip's digest says is known or blank */
    bool have_range;   /* only [addr, addr+len) */
    uint32_t addr, len;
};

struct rk_backup_result {
    char path[1024];     /* the finished file */
    char manifest[1024]; /* the manifest beside it */
    uint32_t bytes;      /* size of the file */
    uint32_t sectors;
    uint32_t transferred, blank, reused, resumed; /* sectors by how they were obtained */
    uint32_t retries;
    char sha256[65];
    double seconds;
};

/* Reads the whole flash, every sector verified by the chip's digest, and writes FILE and its
 * manifest FILE.json (through .part files, never over an existing file). Data that is all alike is
 * refused. Errors: FILE, PARTIAL (what was read is saved, resume works), FLASH_FAULT (all 00/FF),
 * UNSTABLE_READ, LINK_LOST, ... */
RK_MUST_CHECK enum rk_status rk_job_backup(struct rk_device *dev,
                                           const struct rk_backup_options *opt,
                                           struct rk_backup_result *out, struct rk_error *err);

/* ---- flash, restore, write, erase ---- */

struct rk_write_result {
    struct rk_plan_totals plan;     /* what had to be done */
    struct rk_backup_result backup; /* the backup used; path empty if none was made */
    bool backup_reused;             /* a verified backup of this very state was there already */
    bool resumed;                   /* an interrupted run was continued */
    uint32_t erased, programmed;    /* sectors really erased and programmed */
    uint32_t retries;
    bool verified;  /* every range of the plan was verified on the chip */
    bool restarted; /* the module was restarted at the end */
    double seconds;
};

struct rk_image_file {
    const char *name; /* for messages; may be NULL */
    const uint8_t *data;
    size_t len;
    bool have_addr; /* place it at `addr` whatever it is */
    uint32_t addr;
};

/* Programs an image: identify, judge, back up, plan, write only what differs, verify, restart. */
RK_MUST_CHECK enum rk_status rk_job_flash(struct rk_device *dev, const struct rk_image_file *image,
                                          const struct rk_write_policy *policy,
                                          struct rk_write_result *out, struct rk_error *err);

/* Flashes an application onto a BL602, with everything that the module lacks beside it: judges the
 * flash, plans (see rk_bl602_plan(): a missing piece that `sources` has not is an error before
 * anything is written), backs up, writes range by range in the plan's order, verifies, and judges
 * what is there then. Success means that every piece is there and valid. Errors: those of
 * rk_bl602_plan() and rk_job_write(); VERIFY "bl602.incomplete". */
RK_MUST_CHECK enum rk_status rk_job_flash_bl602(struct rk_device *dev,
                                                const struct rk_image_file *app,
                                                const struct rk_bl602_sources *sources,
                                                const struct rk_write_policy *policy,
                                                struct rk_write_result *out, struct rk_error *err);

/* Reads the module, makes a copy of it, does the same there with the same driver and job, and starts
 * what comes out on an emulated chip. `sources` as for rk_job_flash_bl602(), NULL = rk_job_flash().
 * Success means that the application is up; the module itself has only
 * been read. Errors: VERIFY "rehearsal.fails" (how far it got), UNSUPPORTED "emulate.chip" (a chip
 * that cannot be emulated, or a key that cannot be read), and those of rk_job_flash(). */
RK_MUST_CHECK enum rk_status rk_job_rehearse(struct rk_device *dev,
                                             const struct rk_image_file *image,
                                             const struct rk_bl602_sources *sources,
                                             const struct rk_write_policy *policy,
                                             struct rk_error *err);

/* Writes back a backup. From another module's backup this module's own calibration is kept. */
RK_MUST_CHECK enum rk_status rk_job_restore(struct rk_device *dev,
                                            const struct rk_image_file *backup,
                                            const struct rk_write_policy *policy,
                                            struct rk_write_result *out, struct rk_error *err);

/* Writes raw bytes at an address; bytes of partly covered sectors around them are kept. */
RK_MUST_CHECK enum rk_status rk_job_write(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                          size_t len, const struct rk_write_policy *policy,
                                          struct rk_write_result *out, struct rk_error *err);

/* Erases [addr, addr+len), whole sectors. */
RK_MUST_CHECK enum rk_status rk_job_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                                          const struct rk_write_policy *policy,
                                          struct rk_write_result *out, struct rk_error *err);

/* ---- read, verify ---- */

/* Reads [addr, addr+len) into buf, verified by the chip's digest sector by sector. */
RK_MUST_CHECK enum rk_status rk_job_read(struct rk_device *dev, uint32_t addr, uint8_t *buf,
                                         size_t len, struct rk_error *err);

/* Sectors that differ, as half-open ranges. */
struct rk_difference {
    uint32_t addr, len;
};
struct rk_verify_result {
    uint32_t compared;            /* bytes */
    uint32_t differing;           /* bytes of differing sectors */
    struct rk_difference *ranges; /* free with rk_verify_result_free() */
    size_t count;
};

/* Compares the module with data by the chip's digest, without transferring. A difference is
 * RK_ERR_VERIFY with the result filled. */
RK_MUST_CHECK enum rk_status rk_job_verify(struct rk_device *dev, uint32_t addr,
                                           const uint8_t *data, size_t len,
                                           struct rk_verify_result *out, struct rk_error *err);
void rk_verify_result_free(struct rk_verify_result *result);

#ifdef __cplusplus
}
#endif
#endif
