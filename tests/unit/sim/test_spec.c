#include "unit/unit.h"

#include <rekindle/sim.h>

#include <string.h>

static void every_key_reaches_its_option(void **state)
{
    struct rk_sim_spec spec;
    struct rk_error err;
    (void)state;

    assert_int_equal(rk_sim_spec_parse(
                         "bk7231t,loader=1.0.6,size=4M,jedec=0x1560EB,sr=0x427C,key=1:2:3:c7adeb03,"
                         "turnaround=1000,crc-rate=400000,reset=manual,ideal,seed=77,drop=100,"
                         "add=0.5%,flip=1%,noise=3,silent=4,late=5,status=6,slow=7,vanish=8,"
                         "power-cut=9,max-baud=460800,locked,dead-flash,weak-sector=0x12000,"
                         "stale-links=2,readreg-plus-one,mid-short",
                         &spec, &err),
                     RK_OK);
    const struct rk_sim_options *o = &spec.options;
    assert_string_equal(o->model, "bk7231t");
    assert_string_equal(o->loader, "1.0.6");
    assert_int_equal(o->flash_size, 4u << 20);
    assert_int_equal(o->jedec, 0x1560EB);
    assert_int_equal(o->status, 0x427C);
    assert_true(o->have_key);
    assert_int_equal(o->key[3], 0xC7ADEB03);
    assert_int_equal(o->turnaround_us, 1000);
    assert_int_equal(o->crc_bytes_per_second, 400000);
    assert_true(o->manual_reset && o->ideal);
    assert_int_equal(o->faults.seed, 77);
    assert_int_equal(o->faults.drop_ppm, 100);
    assert_int_equal(o->faults.add_ppm, 5000);
    assert_int_equal(o->faults.flip_ppm, 10000);
    assert_int_equal(o->faults.noise_ppm, 3);
    assert_int_equal(o->faults.silent_ppm, 4);
    assert_int_equal(o->faults.late_ppm, 5);
    assert_int_equal(o->faults.status_ppm, 6);
    assert_int_equal(o->faults.slow_us, 7);
    assert_int_equal(o->faults.vanish_at, 8);
    assert_int_equal(o->faults.power_cut_at, 9);
    assert_int_equal(o->faults.max_baud, 460800);
    assert_true(o->faults.locked && o->faults.dead_flash);
    assert_int_equal(o->faults.weak_sector, 0x12000);
    assert_int_equal(o->stale_links, 2);
    assert_true(o->readreg_plus_one && o->mid_short);
    rk_sim_spec_free(&spec);
}

static void commas_in_a_file_name_are_escaped(void **state)
{
    struct rk_sim_spec spec;
    struct rk_error err;
    (void)state;

    assert_int_equal(rk_sim_spec_parse("bk7231n,save,flash=/no/such\\, folder/a.bin", &spec, &err),
                     RK_OK);
    assert_string_equal(spec.flash_path, "/no/such, folder/a.bin");
    assert_true(spec.save);
    rk_sim_spec_free(&spec);
}

static void bad_items_are_named(void **state)
{
    static const struct {
        const char *text, *id, *names;
    } rows[] = {
        {"bk7231n,dorp=1", "sim.key", "dorp"},
        {"bk7231n,", "sim.key", "\"\""},
        {"bk7231n,locked=1", "sim.value", "locked"},
        {"bk7231n,drop", "sim.value", "drop"},
        {"bk7231n,drop=", "sim.value", "drop"},
        {"bk7231n,drop=1000001", "sim.value", "1000001"},
        {"bk7231n,drop=101%", "sim.value", "101%"},
        {"bk7231n,drop=1.2.3%", "sim.value", "1.2.3%"},
        {"bk7231n,drop=%", "sim.value", "%"},
        {"bk7231n,key=1:2:3", "sim.value", "key"},
        {"bk7231n,key=1:2:3:123456789", "sim.value", "key"},
        {"bk7231n,key=1:2:3:-4", "sim.value", "key"},
        {"bk7231n,key= 1:2:3:4", "sim.value", "key"},
        {"bk7231n,key=1:2:3:4:5", "sim.value", "key"},
        {"bk7231n,reset=never", "sim.value", "never"},
        {"bk7231n,size=4X", "usage.number", "4X"},
        {"bk7231n,save", "sim.value", "save"},
        {"bk7231n,flash=/no/such/file", "file.missing", "/no/such/file"},
        {"an-absurdly-long-name-for-a-model-of-a-chip", "sim.model", "absurdly"},
    };
    struct rk_sim_spec spec;
    struct rk_error err;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_not_equal(rk_sim_spec_parse(rows[i].text, &spec, &err), RK_OK);
        assert_string_equal(err.id, rows[i].id);
        assert_non_null(strstr(err.message, rows[i].names));
        assert_string_not_equal(rows[i].id[0] == 's' && rows[i].id[4] != 'm' ? err.hint : "x", "");
    }
    assert_int_equal(rk_sim_spec_parse("bk7231n,dorp=1", &spec, &err), RK_ERR_ARG);
    assert_non_null(strstr(err.hint, "\"drop\""));
}

static void unknown_models_and_loaders_get_a_suggestion(void **state)
{
    struct rk_sim_options opt = {.size = sizeof opt, .model = "bk7231m5"};
    struct rk_sim *sim;
    struct rk_error err;
    size_t count;
    (void)state;

    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_ERR_ARG);
    assert_non_null(strstr(err.hint, "\"bk7231m\""));
    opt.model = "bk7231t";
    opt.loader = "2.0";
    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "sim.loader");
    assert_non_null(strstr(err.hint, "1.0.5 1.0.4 1.0.6"));
    const struct rk_sim_model *models = rk_sim_models(&count);
    assert_int_equal(count, 12);
    for (size_t i = 0; i < count; i++) {
        opt = (struct rk_sim_options){.size = sizeof opt, .model = models[i].chip};
        assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_OK);
        rk_sim_free(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_reaches_its_option),
        cmocka_unit_test(commas_in_a_file_name_are_escaped),
        cmocka_unit_test(bad_items_are_named),
        cmocka_unit_test(unknown_models_and_loaders_get_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
