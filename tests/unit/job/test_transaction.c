#include "unit/job/fake.h"

#include "store/file.h"
#include "store/folder.h"

static struct folder folder;
static struct fake *fake;
static uint8_t *before, *image;

static int prepare(void **state)
{
    struct rk_rng rng = {99};
    (void)state;
    folder_make(&folder);
    fake = fake_new(1);
    before = malloc(FAKE_SIZE);
    image = malloc(FAKE_SIZE);
    memcpy(before, fake->flash, FAKE_SIZE);
    for (uint32_t i = 0; i < FAKE_SIZE; i++)
        image[i] = (uint8_t)rk_rng_next(&rng);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    fake_free(fake);
    free(before);
    free(image);
    folder_remove(&folder);
    return 0;
}

static struct rk_write_policy policy_with(uint32_t lifted)
{
    return (struct rk_write_policy){.lifted = lifted, .backup_dir = folder.path};
}

static enum rk_status write_at(uint32_t addr, uint32_t len, uint32_t lifted,
                               struct rk_write_result *out, struct rk_error *err)
{
    struct rk_write_policy policy = policy_with(lifted);
    return rk_job_write(&fake->dev, addr, image, len, &policy, out, err);
}

static enum rk_status flash_at(uint32_t addr, uint32_t len, uint32_t lifted,
                               struct rk_write_result *out, struct rk_error *err)
{
    struct rk_write_policy policy = policy_with(lifted);
    struct rk_image_file file = {
        .name = "x.bin", .data = image, .len = len, .have_addr = true, .addr = addr};
    return rk_job_flash(&fake->dev, &file, &policy, out, err);
}

static enum rk_status restore(const uint8_t *data, uint32_t lifted, struct rk_write_result *out,
                              struct rk_error *err)
{
    struct rk_write_policy policy = policy_with(lifted);
    struct rk_image_file file = {.name = "b.bin", .data = data, .len = FAKE_SIZE};
    return rk_job_restore(&fake->dev, &file, &policy, out, err);
}

/* The flash is as it was except for [addr, addr+len), which is the image. */
static void flash_is(uint32_t addr, uint32_t len)
{
    assert_memory_equal(fake->flash, before, addr);
    assert_memory_equal(fake->flash + addr, image, len);
    assert_memory_equal(fake->flash + addr + len, before + addr + len, FAKE_SIZE - addr - len);
}

static void backup_is_original(const struct rk_write_result *r)
{
    uint8_t *data;
    size_t len;
    assert_int_equal(rk_file_read(r->backup.path, FAKE_SIZE, &data, &len, NULL), RK_OK);
    assert_int_equal(len, FAKE_SIZE);
    assert_memory_equal(data, before, FAKE_SIZE);
    free(data);
}

static enum rk_journal_state journal_of(const struct rk_write_result *r)
{
    struct rk_manifest m = {0};
    assert_int_equal(rk_manifest_read(r->backup.manifest, &m, NULL), RK_OK);
    enum rk_journal_state state = m.journal.state;
    rk_manifest_free(&m);
    return state;
}

static void a_write_saves_plans_writes_verifies_and_restarts(void **state)
{
    struct rk_write_result r;
    (void)state;
    assert_int_equal(write_at(0x20123, 0x30000, 0, &r, NULL), RK_OK);
    flash_is(0x20123, 0x30000);
    backup_is_original(&r);
    assert_int_equal(journal_of(&r), RK_JOURNAL_DONE);
    assert_true(r.verified);
    assert_true(r.restarted);
    assert_false(r.resumed);
    assert_int_equal(fake->begins, 1);
    assert_int_equal(fake->ends, 1);
    assert_int_equal(fake->resets, 1);
    assert_true(fake->erases_64k > 0);
    assert_int_equal(r.plan.rewrite, 0x31);
    assert_int_equal(fake->programs, 0x31);
    assert_false(fake_touched(fake, 0, 0x20000));
    assert_false(fake_touched(fake, 0x51000, FAKE_SIZE - 0x51000));
}

static void writing_the_same_again_changes_nothing(void **state)
{
    struct rk_write_result r;
    (void)state;
    assert_int_equal(write_at(0x20123, 0x30000, 0, &r, NULL), RK_OK);
    fake_heal(fake);
    assert_int_equal(write_at(0x20123, 0x30000, 0, &r, NULL), RK_OK);
    assert_int_equal(fake->changes, 0);
    assert_int_equal(fake->begins, 0);
    assert_true(fake->reads <= 2); /* the two sectors that are covered in part */
    assert_true(r.verified);
    assert_int_equal(r.plan.same, 0x31);
    assert_int_equal(folder_walk(&folder, false), 2); /* no second backup either */
}

static void a_backup_of_this_very_state_is_used_again(void **state)
{
    struct rk_backup_options opt = {.size = sizeof opt, .dir = folder.path};
    struct rk_backup_result b;
    struct rk_write_result r;
    (void)state;
    assert_int_equal(rk_job_backup(&fake->dev, &opt, &b, NULL), RK_OK);
    fake_heal(fake);
    assert_int_equal(write_at(0x20000, 0x2000, 0, &r, NULL), RK_OK);
    assert_true(r.backup_reused);
    assert_string_equal(r.backup.path, b.path);
    assert_int_equal(fake->reads, 0);
    assert_int_equal(folder_walk(&folder, false), 2);
    flash_is(0x20000, 0x2000);
    /* Now the state is another one: a second backup, with only the difference transferred. */
    memset(image, 0x55, 0x2000);
    fake_heal(fake);
    assert_int_equal(write_at(0x20000, 0x2000, 0, &r, NULL), RK_OK);
    assert_false(r.backup_reused);
    assert_int_equal(r.backup.transferred, 2);
    assert_int_equal(folder_walk(&folder, false), 4);
    flash_is(0x20000, 0x2000);
}

static void erasing_leaves_the_rest(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    (void)state;
    memset(image, 0xFF, 0x20000);
    assert_int_equal(rk_job_erase(&fake->dev, 0x1F000, 0x20000, &policy, &r, NULL), RK_OK);
    flash_is(0x1F000, 0x20000);
    assert_int_equal(fake->programs, 0);
    struct rk_error err;
    assert_int_equal(rk_job_erase(&fake->dev, 0x1F001, 0x1000, &policy, &r, &err), RK_ERR_RANGE);
    assert_string_equal(err.id, "range.alignment");
    assert_int_equal(rk_job_erase(&fake->dev, 0x1FF000, 0x2000, &policy, &r, &err), RK_ERR_RANGE);
}

static void a_dry_run_changes_nothing_on_module_or_disk(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    (void)state;
    policy.dry_run = true;
    assert_int_equal(rk_job_write(&fake->dev, 0x20123, image, 0x3000, &policy, &r, NULL), RK_OK);
    assert_int_equal(fake->changes + fake->begins + fake->resets, 0);
    assert_int_equal(r.plan.rewrite, 4);
    assert_int_equal(folder_walk(&folder, false), 0);
    policy.lifted = 0;
    assert_int_equal(rk_job_erase(&fake->dev, FAKE_RF, 0x1000, &policy, &r, NULL), RK_ERR_REFUSED);
}

static bool refuse_plan(void *user, const struct rk_plan *plan)
{
    const struct rk_plan_sector *sectors;
    *(size_t *)user = rk_plan_sectors(plan, &sectors);
    return false;
}

static bool swap_module(void *user, const struct rk_plan *plan)
{
    (void)plan;
    ((struct fake *)user)->flash[FAKE_RF + 0x29] ^= 1;
    return true;
}

static void the_plan_is_shown_and_can_be_refused(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    struct rk_error err;
    size_t sectors = 0;
    (void)state;
    policy.approve = refuse_plan;
    policy.user = &sectors;
    assert_int_equal(rk_job_write(&fake->dev, 0x20000, image, 0x3000, &policy, &r, &err),
                     RK_ERR_REFUSED);
    assert_string_equal(err.id, "refused.user");
    assert_int_equal(sectors, 3);
    assert_int_equal(fake->changes + fake->begins, 0);
}

static void a_module_swapped_during_the_question_is_noticed(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    policy.approve = swap_module;
    policy.user = fake;
    assert_int_equal(rk_job_write(&fake->dev, 0x20000, image, 0x3000, &policy, &r, &err),
                     RK_ERR_REFUSED);
    assert_string_equal(err.id, "refused.same-port");
    assert_string_equal(err.rule, "same-port");
    assert_int_equal(fake->changes + fake->begins, 0);
}

static void without_a_backup_only_by_name(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    policy.no_backup = true;
    assert_int_equal(rk_job_write(&fake->dev, 0x20123, image, 0x3000, &policy, &r, &err),
                     RK_ERR_REFUSED);
    assert_string_equal(err.rule, "no-backup");
    assert_int_equal(fake->digests, 0);
    policy.lifted = RK_RULE_BIT(RK_RULE_NO_BACKUP);
    assert_int_equal(rk_job_write(&fake->dev, 0x20123, image, 0x3000, &policy, &r, &err), RK_OK);
    flash_is(0x20123, 0x3000);
    assert_int_equal(folder_walk(&folder, false), 0);
}

/* ---- regions that are the module's own ---- */

static void calibration_and_boot_need_their_rule(void **state)
{
    static const struct {
        uint32_t addr;
        bool rom;
        uint32_t lifted;
        const char *rule; /* NULL = allowed */
    } cases[] = {
        {FAKE_RF, true, 0, "calibration"},
        {FAKE_RF, true, RK_RULE_BIT(RK_RULE_BOOT), "calibration"},
        {FAKE_RF, true, RK_RULE_BIT(RK_RULE_CALIBRATION), NULL},
        {0x3000, true, 0, "boot"},
        {0x3000, true, RK_RULE_BIT(RK_RULE_CALIBRATION), "boot"},
        {0x3000, true, RK_RULE_BIT(RK_RULE_BOOT), NULL},
        {0x10000, false, RK_RULE_BIT(RK_RULE_BOOT), "boot-brick"},
        {0x10000, false, RK_RULE_BIT(RK_RULE_BOOT) | RK_RULE_BIT(RK_RULE_BOOT_BRICK), NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_write_result r;
        struct rk_error err = {0};
        fake_heal(fake);
        fake->dev.info.loader_in_rom = cases[i].rom;
        enum rk_status status = write_at(cases[i].addr, 0x1000, cases[i].lifted, &r, &err);
        if (cases[i].rule) {
            assert_int_equal(status, RK_ERR_REFUSED);
            assert_string_equal(err.rule, cases[i].rule);
            assert_non_null(strstr(err.hint, "--force="));
            assert_int_equal(fake->changes, 0);
        } else {
            assert_int_equal(status, RK_OK);
            flash_is(cases[i].addr, 0x1000);
        }
        memcpy(fake->flash, before, FAKE_SIZE);
        folder_walk(&folder, true);
    }
}

static void flashing_leaves_boot_and_calibration_alone(void **state)
{
    struct rk_write_result r;
    (void)state;
    assert_int_equal(flash_at(0, FAKE_SIZE, 0, &r, NULL), RK_OK);
    assert_memory_equal(fake->flash, before, FAKE_BOOT);
    assert_memory_equal(fake->flash + FAKE_BOOT, image + FAKE_BOOT, FAKE_RF - FAKE_BOOT);
    assert_memory_equal(fake->flash + FAKE_RF, before + FAKE_RF, 0x1000);
    assert_memory_equal(fake->flash + FAKE_RF + 0x1000, image + FAKE_RF + 0x1000,
                        FAKE_SIZE - FAKE_RF - 0x1000);
    assert_false(fake_touched(fake, 0, FAKE_BOOT));
    assert_false(fake_touched(fake, FAKE_RF, 0x1000));
    assert_string_equal(fake->last_log, "calibration.kept");
    backup_is_original(&r);
}

static void a_file_with_nothing_but_boot_is_refused(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    assert_int_equal(flash_at(0, FAKE_BOOT, 0, &r, &err), RK_ERR_REFUSED);
    assert_string_equal(err.id, "refused.boot");
    assert_int_equal(folder_walk(&folder, false), 0);
}

static void restoring_brings_everything_back(void **state)
{
    struct rk_write_result r;
    (void)state;
    assert_int_equal(write_at(0x20000, 0x100000, 0, &r, NULL), RK_OK);
    memset(fake->flash + FAKE_RF + 0x100, 0, 16); /* own calibration, damaged */
    fake_heal(fake);
    assert_int_equal(restore(before, 0, &r, NULL), RK_OK);
    assert_memory_equal(fake->flash, before, FAKE_SIZE);
    assert_true(r.verified);
}

static void a_foreign_backup_keeps_this_modules_calibration(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    struct fake *other = fake_new(2);
    assert_int_equal(restore(other->flash, 0, &r, NULL), RK_OK);
    assert_memory_equal(fake->flash + FAKE_RF, before + FAKE_RF, 0x1000);
    assert_memory_equal(fake->flash + FAKE_BOOT, other->flash + FAKE_BOOT, FAKE_RF - FAKE_BOOT);
    assert_memory_equal(fake->flash, before, FAKE_BOOT); /* no known loader: kept */
    assert_false(fake_touched(fake, FAKE_RF, 0x1000));
    fake_heal(fake);
    assert_int_equal(restore(other->flash, RK_RULE_BIT(RK_RULE_CALIBRATION), &r, &err),
                     RK_ERR_REFUSED);
    assert_string_equal(err.rule, "foreign-backup");
    assert_int_equal(fake->changes, 0);
    assert_int_equal(restore(other->flash, RK_RULE_BIT(RK_RULE_FOREIGN_BACKUP), &r, NULL), RK_OK);
    assert_memory_equal(fake->flash + FAKE_RF, other->flash + FAKE_RF, 0x1000);
    fake_free(other);
}

static void a_module_without_calibration_gets_the_backups(void **state)
{
    struct rk_write_result r;
    (void)state;
    memset(fake->flash + FAKE_RF, 0xFF, 0x1000);
    assert_int_equal(restore(before, 0, &r, NULL), RK_OK);
    assert_memory_equal(fake->flash, before, FAKE_SIZE);
}

static void what_cannot_be_a_backup_is_refused(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_image_file file = {.name = "b.bin", .data = image, .len = 0x12345};
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    assert_int_equal(rk_job_restore(&fake->dev, &file, &policy, &r, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.no-backup");
    memset(image, 0, FAKE_SIZE);
    file.len = FAKE_SIZE;
    assert_int_equal(rk_job_restore(&fake->dev, &file, &policy, &r, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.blank");
    assert_int_equal(fake->digests + fake->changes, 0);
}

/* ---- faults ---- */

/* Power fails at every single change of the flash; the next run completes, with the original
 * backup, and nothing outside of the plan is different. */
static void power_may_fail_at_every_change(void **state)
{
    const uint32_t addr = 0x20123, len = 0x15000;
    bool completed = false;
    uint32_t cuts = 0;
    (void)state;
    for (uint32_t n = 1; !completed; n++) {
        struct rk_write_result r;
        struct rk_error err = {0};
        memcpy(fake->flash, before, FAKE_SIZE);
        folder_walk(&folder, true);
        fake_heal(fake);
        fake->cut_at = n;
        enum rk_status status = write_at(addr, len, 0, &r, &err);
        completed = status == RK_OK;
        if (!completed) {
            cuts++;
            assert_int_equal(status, RK_ERR_LINK_LOST);
            assert_non_null(strstr(err.hint, "run the same command again"));
            fake_heal(fake);
            assert_int_equal(write_at(addr, len, 0, &r, &err), RK_OK);
            assert_true(r.resumed);
            assert_int_equal(folder_walk(&folder, false), 2);
        }
        assert_true(r.verified);
        flash_is(addr, len);
        backup_is_original(&r);
        assert_int_equal(journal_of(&r), RK_JOURNAL_DONE);
    }
    assert_true(cuts > 20);
}

static void after_a_power_cut_the_old_content_can_be_restored(void **state)
{
    struct rk_write_result r;
    (void)state;
    fake->cut_at = 30;
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, NULL), RK_ERR_LINK_LOST);
    fake_heal(fake);
    assert_int_equal(restore(before, 0, &r, NULL), RK_OK);
    assert_true(r.resumed);
    assert_memory_equal(fake->flash, before, FAKE_SIZE);
    backup_is_original(&r);
    assert_int_equal(journal_of(&r), RK_JOURNAL_DONE);
}

static void another_write_after_a_power_cut_undoes_the_first(void **state)
{
    struct rk_write_result r;
    (void)state;
    fake->cut_at = 30;
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, NULL), RK_ERR_LINK_LOST);
    fake_heal(fake);
    assert_int_equal(write_at(0x48000, 0x1800, 0, &r, NULL), RK_OK);
    assert_true(r.resumed);
    flash_is(0x48000, 0x1800);
    backup_is_original(&r);
}

static void a_module_used_since_gets_a_new_backup(void **state)
{
    struct rk_write_result r, again;
    (void)state;
    fake->cut_at = 5;
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, NULL), RK_ERR_LINK_LOST);
    fake_heal(fake);
    fake->flash[0x1ED123] ^= 1; /* its settings changed meanwhile */
    uint8_t changed = fake->flash[0x1ED123];
    assert_int_equal(write_at(0x1ED000, 0x2000, 0, &again, NULL), RK_OK);
    assert_false(again.resumed);
    assert_string_equal(fake->warning, "resume.abandoned");
    uint8_t *data;
    size_t len;
    assert_int_equal(rk_file_read(again.backup.path, FAKE_SIZE, &data, &len, NULL), RK_OK);
    assert_int_equal(data[0x1ED123], changed);
    free(data);
    assert_int_equal(folder_walk(&folder, false), 4);
}

static void another_modules_interrupted_write_is_not_continued(void **state)
{
    struct rk_write_result r;
    (void)state;
    fake->cut_at = 30;
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, NULL), RK_ERR_LINK_LOST);
    fake_heal(fake);
    fake_content(fake, 5);
    memcpy(before, fake->flash, FAKE_SIZE);
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, NULL), RK_OK);
    assert_false(r.resumed);
    flash_is(0x20000, 0x30000);
    backup_is_original(&r);
}

static void cancelling_stops_after_the_sector_and_can_be_continued(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    fake->cancel_at = 20;
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, &err), RK_ERR_CANCELLED);
    assert_int_equal(fake->changes, 20);
    assert_int_equal(fake->ends, 1); /* protection is back */
    fake_heal(fake);
    assert_int_equal(write_at(0x20000, 0x30000, 0, &r, &err), RK_OK);
    assert_true(r.resumed);
    flash_is(0x20000, 0x30000);
    backup_is_original(&r);
}

static void a_noisy_line_costs_time_only(void **state)
{
    struct rk_write_result r;
    (void)state;
    fake->flip_digest_ppm = 50000;
    fake->flip_read_ppm = 50000;
    fake->lose_ppm = 0;
    assert_int_equal(write_at(0x20123, 0x30000, 0, &r, NULL), RK_OK);
    flash_is(0x20123, 0x30000);
    backup_is_original(&r);
}

/* The protocol has no checksums: an address may arrive damaged and another sector is erased. */
static void a_change_at_a_garbled_address_is_undone(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 60; n++) {
        struct rk_write_result r;
        memcpy(fake->flash, before, FAKE_SIZE);
        folder_walk(&folder, true);
        fake_heal(fake);
        fake->stray_at = n;
        assert_int_equal(write_at(0xA0000, 0x20000, 0, &r, NULL), RK_OK);
        flash_is(0xA0000, 0x20000);
        /* The same, and then the power fails: the next run finds the damage. */
        memcpy(fake->flash, before, FAKE_SIZE);
        folder_walk(&folder, true);
        fake_heal(fake);
        fake->stray_at = n;
        fake->cut_at = n + 3;
        enum rk_status status = write_at(FAKE_BOOT, 0x20000, 0, &r, NULL);
        if (status != RK_OK) {
            fake_heal(fake);
            assert_int_equal(write_at(FAKE_BOOT, 0x20000, 0, &r, NULL), RK_OK);
            assert_true(r.resumed);
        }
        flash_is(FAKE_BOOT, 0x20000);
    }
}

static void a_locked_flash_is_named(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    fake->locked = true;
    assert_int_equal(write_at(0x20000, 0x3000, 0, &r, &err), RK_ERR_WRITE_PROTECTED);
    assert_string_equal(err.id, "flash.protected");
    assert_int_equal(err.addr, 0x20000);
    assert_memory_equal(fake->flash, before, FAKE_SIZE);
}

static void a_worn_sector_is_named(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    fake->weak_sector = 0x22000;
    image[0x2000 + 77] &= 0xFE;
    assert_int_equal(write_at(0x20000, 0x4000, 0, &r, &err), RK_ERR_FLASH_FAULT);
    assert_string_equal(err.id, "flash.sector");
    assert_int_equal(err.addr, 0x22000);
    fake_heal(fake);
    assert_int_equal(write_at(0x20000, 0x4000, 0, &r, &err), RK_OK);
    flash_is(0x20000, 0x4000);
}

static void a_blank_flash_needs_no_backup_and_a_silent_one_gets_no_write(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    memset(fake->flash, 0xFF, FAKE_SIZE);
    memset(before, 0xFF, FAKE_SIZE);
    assert_int_equal(write_at(0x11000, 0x3000, 0, &r, &err), RK_OK);
    flash_is(0x11000, 0x3000);
    assert_int_equal(folder_walk(&folder, false), 0);
    memset(fake->flash, 0, FAKE_SIZE);
    fake_heal(fake);
    assert_int_equal(write_at(0x11000, 0x3000, 0, &r, &err), RK_ERR_FLASH_FAULT);
    assert_string_equal(err.id, "flash.silent");
    assert_int_equal(fake->changes, 0);
}

static void a_half_sized_flash_is_noticed(void **state)
{
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    memcpy(fake->flash + FAKE_SIZE / 2, fake->flash, FAKE_SIZE / 2);
    assert_int_equal(write_at(0x111000, 0x3000, 0, &r, &err), RK_ERR_REFUSED);
    assert_string_equal(err.rule, "size");
    assert_int_equal(fake->changes, 0);
}

static void a_full_disk_stops_before_the_first_write(void **state)
{
    struct rk_write_policy policy = policy_with(0);
    struct rk_write_result r;
    struct rk_error err;
    (void)state;
    policy.backup_path = "/nonexistent-folder/b.bin";
    assert_int_equal(rk_job_write(&fake->dev, 0x20000, image, 0x3000, &policy, &r, &err),
                     RK_ERR_FILE);
    assert_string_equal(err.id, "file.missing");
    assert_int_equal(fake->changes + fake->begins, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, clean)

/* What the caller adds is in the same plan and counts before the image. */
static void extra_runs_are_written_along(void **state)
{
    static uint8_t extra[RK_SECTOR_SIZE];
    struct rk_write_result result;
    struct rk_segment segment = {0x41000, sizeof extra, extra};
    struct rk_write_policy policy = policy_with(0);
    struct rk_image_file file = {
        .name = "x.bin", .data = image, .len = 0x2000, .have_addr = true, .addr = 0x40000};
    (void)state;
    memset(extra, 0x5A, sizeof extra);
    policy.extra = &segment;
    policy.extra_count = 1;
    assert_int_equal(rk_job_flash(&fake->dev, &file, &policy, &result, NULL), RK_OK);
    assert_true(result.verified);
    assert_memory_equal(fake->flash + 0x40000, image, 0x1000);
    assert_memory_equal(fake->flash + 0x41000, extra, sizeof extra);
    segment.addr = FAKE_SIZE;
    struct rk_error err;
    assert_int_equal(rk_job_flash(&fake->dev, &file, &policy, &result, &err), RK_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(extra_runs_are_written_along),
        TEST(a_write_saves_plans_writes_verifies_and_restarts),
        TEST(writing_the_same_again_changes_nothing),
        TEST(a_backup_of_this_very_state_is_used_again),
        TEST(erasing_leaves_the_rest),
        TEST(a_dry_run_changes_nothing_on_module_or_disk),
        TEST(the_plan_is_shown_and_can_be_refused),
        TEST(a_module_swapped_during_the_question_is_noticed),
        TEST(without_a_backup_only_by_name),
        TEST(calibration_and_boot_need_their_rule),
        TEST(flashing_leaves_boot_and_calibration_alone),
        TEST(a_file_with_nothing_but_boot_is_refused),
        TEST(restoring_brings_everything_back),
        TEST(a_foreign_backup_keeps_this_modules_calibration),
        TEST(a_module_without_calibration_gets_the_backups),
        TEST(what_cannot_be_a_backup_is_refused),
        TEST(power_may_fail_at_every_change),
        TEST(after_a_power_cut_the_old_content_can_be_restored),
        TEST(another_write_after_a_power_cut_undoes_the_first),
        TEST(a_module_used_since_gets_a_new_backup),
        TEST(another_modules_interrupted_write_is_not_continued),
        TEST(cancelling_stops_after_the_sector_and_can_be_continued),
        TEST(a_noisy_line_costs_time_only),
        TEST(a_change_at_a_garbled_address_is_undone),
        TEST(a_locked_flash_is_named),
        TEST(a_worn_sector_is_named),
        TEST(a_blank_flash_needs_no_backup_and_a_silent_one_gets_no_write),
        TEST(a_half_sized_flash_is_noticed),
        TEST(a_full_disk_stops_before_the_first_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
