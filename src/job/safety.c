#include "job/safety.h"

#include "base/text.h"

#include <string.h>

/* Fewer transfers than this say nothing about the quality of a line. */
#define UNSTABLE_SAMPLE 64
#define LOWEST_BAUD     115200u

struct rule {
    const char *name;
    enum rk_safety_stage stage;
    const char *text; /* what the rule refuses, for the help */
    bool (*objects)(const struct rk_safety_case *c);
    /* The sentence of the refusal and what was seen, and perhaps another way out as the hint. */
    void (*explain)(const struct rk_safety_case *c, struct rk_error *err);
    const char *way_out; /* the better way */
    const char *lifted;  /* what happens with --force */
};

static const char *key_name(enum rk_key_class key)
{
    static const char *const names[] = {"unknown", "zero (not enciphered)", "the Tuya key",
                                        "a vendor's own key", "unreadable"};

    return (size_t)key < sizeof names / sizeof names[0] ? names[key] : "unknown";
}

static bool key_is_known(enum rk_key_class key)
{
    return key == RK_KEY_ZERO || key == RK_KEY_TUYA || key == RK_KEY_VENDOR;
}

bool rk_safety_chip_fits(const char *image_chip, const char *device_chip)
{
    /* N and M run the same code; what separates them is the key, which has a rule of its own. */
    if (rk_text_same(image_chip, device_chip) || rk_image_code_fits(image_chip, device_chip))
        return true;
    const struct rk_chip_entry *image = rk_chip_find(image_chip);
    return image && image == rk_chip_find(device_chip);
}

/* ---- no-backup ---- */

static bool no_backup_objects(const struct rk_safety_case *c)
{
    return c->without_backup;
}

static void no_backup_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    (void)c;
    rk_fail(err, RK_ERR_REFUSED, "", "nothing would save what is overwritten");
}

/* ---- chip ---- */

static bool chip_objects(const struct rk_safety_case *c)
{
    const struct rk_image_facts *image = c->image;

    if (!image || c->own_backup)
        return false;
    if (image->family[0] && strcmp(image->family, c->device->family) != 0)
        return true;
    return image->chip[0] && image->chip_evidence >= RK_EVIDENCE_ONE &&
           !rk_safety_chip_fits(image->chip, c->device->chip);
}

static void chip_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    const struct rk_image_facts *image = c->image;

    rk_fail(err, RK_ERR_REFUSED, "", "the file is for %s, the module is a %s",
            image->chip[0] ? image->chip : image->family, c->device->chip);
    rk_error_detail(err, "the file: %s", image->summary);
}

/* ---- key ---- */

static bool key_objects(const struct rk_safety_case *c)
{
    return c->image && !c->own_backup && key_is_known(c->image->key_class) &&
           key_is_known(c->device_key) && c->image->key_class != c->device_key;
}

static void key_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    rk_fail(err, RK_ERR_REFUSED, "", "the code in the file is enciphered with another key");
    rk_error_detail(err, "file: %s; module: %s", key_name(c->image->key_class),
                    key_name(c->device_key));
}

/* ---- boot, boot-brick ---- */

static bool boot_objects(const struct rk_safety_case *c)
{
    return c->changes_boot && !c->boot_known;
}

static void boot_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    rk_fail(err, RK_ERR_REFUSED, "",
            "the boot loader would be replaced by something that is no known loader of the %s",
            c->device->chip);
    if (c->image && c->image->has_boot)
        rk_error_detail(err, "boot loader in the file: %s for %s",
                        c->image->boot_name[0] ? c->image->boot_name : "unknown",
                        c->image->chip[0] ? c->image->chip : "an unknown chip");
    if (strcmp(c->device->family, "bl602") == 0)
        rk_error_hint(err, "`rekindle flash FILE` puts an application where the module's table "
                           "says, and --boot FILE gives it another loader");
}

/* On these chips even a good loader is a danger: a power cut in the middle ends it. */
static bool boot_brick_objects(const struct rk_safety_case *c)
{
    return c->changes_boot && !c->device->loader_in_rom;
}

static void boot_brick_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    rk_fail(err, RK_ERR_REFUSED, "", "on the %s the boot loader in the flash is the only way in",
            c->device->chip);
    rk_error_detail(err, "no loader in mask ROM: if the write fails or is interrupted, only an "
                         "SPI programmer gets the module back");
}

/* ---- calibration, foreign-backup ---- */

static bool calibration_objects(const struct rk_safety_case *c)
{
    return c->changes_calibration && !c->calibration_own && !c->calibration_foreign;
}

static void calibration_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    (void)c;
    rk_fail(err, RK_ERR_REFUSED, "", "RF calibration and MAC address would be overwritten");
    rk_error_detail(err, "they are measured once per module in the factory and exist nowhere "
                         "else");
}

static bool foreign_backup_objects(const struct rk_safety_case *c)
{
    return c->changes_calibration && c->calibration_foreign;
}

static void foreign_backup_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    const uint8_t *m = c->device->mac;

    rk_fail(err, RK_ERR_REFUSED, "",
            "the backup is of another module, and so are its RF calibration and MAC");
    if (c->image && c->image->has_mac) {
        const uint8_t *b = c->image->mac;
        rk_error_detail(err,
                        "backup: %02x:%02x:%02x:%02x:%02x:%02x, module: "
                        "%02x:%02x:%02x:%02x:%02x:%02x",
                        b[0], b[1], b[2], b[3], b[4], b[5], m[0], m[1], m[2], m[3], m[4], m[5]);
    }
}

/* ---- size ---- */

static bool size_objects(const struct rk_safety_case *c)
{
    return c->size_uncertain;
}

static void size_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    rk_fail(err, RK_ERR_REFUSED, "", "the flash may be smaller than 0x%x bytes",
            (unsigned)c->device->flash_size);
    rk_error_detail(err, "the upper half reads exactly like the lower one, or nothing but a "
                         "default says how large it is");
}

/* ---- layout ---- */

static bool layout_objects(const struct rk_safety_case *c)
{
    return c->overlapping || c->boot_missing || c->misplaced;
}

static void layout_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    if (c->boot_missing) {
        rk_fail(err, RK_ERR_REFUSED, "",
                "the file is an application alone, and the module has no boot loader to start it");
        return;
    }
    if (c->misplaced) {
        rk_fail(err, RK_ERR_REFUSED, "", "the file does not belong at the address that was named");
        rk_error_detail(err, "the file: %s; the module would not start", c->image->summary);
        rk_error_hint(err, "leave out --at: it goes where the module's partition table says");
        return;
    }
    rk_fail(err, RK_ERR_REFUSED, "",
            "parts of the file claim the same addresses with different bytes");
}

/* ---- protect ---- */

static bool protect_objects(const struct rk_safety_case *c)
{
    return c->protection_unknown;
}

static void protect_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    const uint8_t *id = c->device->jedec;

    rk_fail(err, RK_ERR_REFUSED, "",
            "the flash is write-protected and its part is not in the table");
    rk_error_detail(err, "JEDEC id %02x%02x%02x, status registers 0x%04x", id[0], id[1], id[2],
                    (unsigned)c->device->status);
}

/* ---- unstable ---- */

static bool unstable_objects(const struct rk_safety_case *c)
{
    return c->device->baud <= LOWEST_BAUD && c->sectors_read >= UNSTABLE_SAMPLE &&
           (uint64_t)c->misread * 100 > c->sectors_read;
}

static void unstable_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    rk_fail(err, RK_ERR_REFUSED, "", "the connection is too bad to write over it");
    rk_error_detail(err, "%u of %u sectors arrived damaged at %u baud", (unsigned)c->misread,
                    (unsigned)c->sectors_read, (unsigned)c->device->baud);
}

/* ---- same-port ---- */

static bool same_port_objects(const struct rk_safety_case *c)
{
    return c->module_changed;
}

static void same_port_explains(const struct rk_safety_case *c, struct rk_error *err)
{
    (void)c;
    rk_fail(err, RK_ERR_REFUSED, "",
            "the module behind the port is not what it was when the plan was made");
}

static const struct rule rules[RK_RULE_COUNT] = {
    [RK_RULE_NO_BACKUP] = {"no-backup", RK_SAFETY_FILE,
                           "writing without a verified backup of what is overwritten",
                           no_backup_objects, no_backup_explains,
                           "leave out --no-backup: unchanged sectors cost no time",
                           "writes although nothing can be restored afterwards"},
    [RK_RULE_CHIP] = {"chip", RK_SAFETY_DEVICE, "an image that was made for another chip",
                      chip_objects, chip_explains,
                      "take the file of the same release for this chip",
                      "writes it; the module would probably not start"},
    [RK_RULE_KEY] = {"key", RK_SAFETY_PLAN,
                     "an image enciphered with another key than the module's", key_objects,
                     key_explains, "take the build for this module's key",
                     "writes it; the module would not start"},
    [RK_RULE_BOOT] = {"boot", RK_SAFETY_PLAN,
                      "touching the boot loader with something that is no known loader",
                      boot_objects, boot_explains, "write from 0x11000 on, behind the boot loader",
                      "writes it; the module would start only if it is a working loader"},
    [RK_RULE_BOOT_BRICK] = {"boot-brick", RK_SAFETY_PLAN,
                            "touching the boot loader on chips that have no other way in",
                            boot_brick_objects, boot_brick_explains,
                            "write from 0x11000 on, behind the boot loader",
                            "writes it; a failure locks everybody out"},
    [RK_RULE_CALIBRATION] = {"calibration", RK_SAFETY_PLAN,
                             "overwriting RF calibration or MAC address", calibration_objects,
                             calibration_explains, "leave that range out",
                             "overwrites them; only a backup of this module brings them back"},
    [RK_RULE_SIZE] = {"size", RK_SAFETY_PLAN, "writing to a flash whose size is uncertain",
                      size_objects, size_explains,
                      "run `rekindle info` and compare with the part on the module",
                      "believes the size; what is too high lands on the boot loader"},
    [RK_RULE_LAYOUT] = {"layout", RK_SAFETY_DEVICE,
                        "files whose parts overlap with different contents, applications for "
                        "a module without a boot loader, and parts of a BL602 at an address "
                        "where nothing looks for them",
                        layout_objects, layout_explains,
                        "get a whole image (QIO), or build one: rekindle flash FILE --boot LOADER",
                        "writes it as it is; of overlapping parts the later one wins"},
    [RK_RULE_FOREIGN_BACKUP] = {"foreign-backup", RK_SAFETY_PLAN,
                                "giving a module the calibration and MAC of another one",
                                foreign_backup_objects, foreign_backup_explains,
                                "without lifting `calibration` the rest is restored and this "
                                "module keeps its own",
                                "makes this module a twin of the other, MAC included"},
    [RK_RULE_PROTECT] = {"protect", RK_SAFETY_PLAN,
                         "removing a flash protection that we cannot be sure to put back",
                         protect_objects, protect_explains,
                         "report the JEDEC id so that the part gets into the table",
                         "uses the most common protection bits"},
    [RK_RULE_UNSTABLE] = {"unstable", RK_SAFETY_PLAN,
                          "writing over a line that damages more than 1 % at the lowest rate",
                          unstable_objects, unstable_explains,
                          "shorter wires, common ground, a 3.3 V supply that can do 500 mA",
                          "writes; every sector is still verified"},
    [RK_RULE_SAME_PORT] = {"same-port", RK_SAFETY_WRITE,
                           "writing to a module that has changed since the plan was made",
                           same_port_objects, same_port_explains,
                           "run the command again: it makes a new plan",
                           "carries out the old plan"},
};

enum rk_status rk_safety_judge(const struct rk_safety_case *c, enum rk_safety_stage stage,
                               uint32_t lifted, struct rk_error *err)
{
    for (unsigned i = 0; i < RK_RULE_COUNT; i++) {
        const struct rule *rule = &rules[i];
        if (rule->stage != stage || lifted & RK_RULE_BIT(i) || !rule->objects(c))
            continue;
        if (err) {
            char way_out[sizeof err->hint];
            rule->explain(c, err);
            rk_text_copy(way_out, sizeof way_out, err->hint[0] ? err->hint : rule->way_out);
            rk_text_format(err->id, sizeof err->id, "refused.%s", rule->name);
            rk_text_copy(err->rule, sizeof err->rule, rule->name);
            rk_error_hint(err, "%s; --force=%s %s", way_out, rule->name, rule->lifted);
        }
        return RK_ERR_REFUSED;
    }
    return RK_OK;
}

const char *rk_rule_name(enum rk_rule rule)
{
    return (unsigned)rule < RK_RULE_COUNT ? rules[rule].name : NULL;
}

const char *rk_rule_text(enum rk_rule rule)
{
    return (unsigned)rule < RK_RULE_COUNT ? rules[rule].text : NULL;
}

enum rk_status rk_rule_parse(const char *name, enum rk_rule *out, struct rk_error *err)
{
    for (unsigned i = 0; i < RK_RULE_COUNT; i++)
        if (strcmp(name, rules[i].name) == 0) {
            *out = (enum rk_rule)i;
            return RK_OK;
        }
    const char *near = rk_text_nearest(name, &rules[0].name, RK_RULE_COUNT, sizeof rules[0]);
    rk_fail(err, RK_ERR_ARG, "usage.rule", "there is no safety rule \"%s\"", name);
    if (near)
        rk_error_hint(err, "did you mean \"%s\"?", near);
    else
        rk_error_hint(err, "`rekindle help rules` lists them");
    return RK_ERR_ARG;
}
