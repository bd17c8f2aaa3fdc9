/* The one place where safety rules are judged. The jobs collect facts into a case; this file
 * says what they mean. */
#ifndef RK_JOB_SAFETY_H
#define RK_JOB_SAFETY_H

#include <rekindle/job.h>

/* When enough is known to judge a rule. A job judges the stages in this order. */
enum rk_safety_stage {
    RK_SAFETY_FILE,   /* the file and the user's wishes: before anything is sent */
    RK_SAFETY_DEVICE, /* the module is identified */
    RK_SAFETY_PLAN,   /* the plan is made, the backup is at hand */
    RK_SAFETY_WRITE   /* immediately before the first byte is changed */
};

/* The facts. Everything that is not known stays zero and then speaks against nobody. */
struct rk_safety_case {
    /* RK_SAFETY_FILE */
    bool without_backup; /* nothing will save what is overwritten */
    bool own_backup;     /* a backup of this very module: what it held may always come back to it */
    bool overlapping;    /* parts of the file claim the same place with different bytes */

    /* RK_SAFETY_DEVICE */
    const struct rk_device_info *device;
    const struct rk_image_facts *image; /* NULL for raw bytes and erases */
    bool boot_missing; /* an application alone, and the module has no boot loader that works */
    bool misplaced;    /* the address that was named is none at which such a file does anything */

    /* RK_SAFETY_PLAN */
    enum rk_key_class device_key;   /* from the efuse, else from the code in the flash */
    bool changes_boot;              /* the plan changes the boot loader */
    bool boot_known;                /* to a loader known for this chip and key */
    bool changes_calibration;       /* the plan changes RF calibration or MAC */
    bool calibration_foreign;       /* with the values of another module's backup */
    bool calibration_own;           /* with the values of this module's own backup, or there
                                         were none */
    bool size_uncertain;            /* the flash may be smaller than it says */
    bool protection_unknown;        /* protected, by bits of a part that is not in the table */
    uint32_t sectors_read, misread; /* sectors transferred and transfers that were wrong */

    /* RK_SAFETY_WRITE */
    bool module_changed; /* sectors that were read before read differently now */
};

/* Judges every rule of the stage that is not lifted (RK_RULE_BIT()s). The first that objects
 * makes RK_ERR_REFUSED with id "refused.<rule>", `rule`, and what to do in the hint. */
RK_MUST_CHECK enum rk_status rk_safety_judge(const struct rk_safety_case *c,
                                             enum rk_safety_stage stage, uint32_t lifted,
                                             struct rk_error *err);

/* True if code for the one chip runs on the other: the same chip by another name, or a twin that
 * differs in its key only. */
bool rk_safety_chip_fits(const char *image_chip, const char *device_chip);

#endif
