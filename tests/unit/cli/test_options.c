#include "options.h"

#include "command.h"
#include "unit/unit.h"

#include <string.h>

/* Parses the words after the program's name. */
static enum rk_status parse(const char *const *words, struct invocation *in, struct rk_error *err)
{
    static char program[] = "rekindle";
    char *argv[32] = {program};
    int argc = 1;

    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    rk_error_clear(err);
    return options_parse(argc, argv, in, err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL}, &in, &err)

static void test_forms(void **state)
{
    struct invocation in;
    struct rk_error err;

    (void)state;
    assert_int_equal(PARSE("-p", "a", "--port=b", "backup", "-pc", "--port", "d", "x.bin"), RK_OK);
    assert_string_equal(in.command->name, "backup");
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(option_nth(&in, "port", i), ((const char *[]){"a", "b", "c", "d"})[i]);
    assert_null(option_nth(&in, "port", 4));
    assert_string_equal(option_value(&in, "port"), "d");
    assert_int_equal(in.positional_count, 1);
    assert_string_equal(in.positionals[0], "x.bin");
    assert_int_equal(PARSE("info", "-qvvp", "x", "--no-quiet"), RK_OK);
    assert_int_equal(option_count(&in, "verbose"), 2);
    assert_false(option_on(&in, "quiet"));
}

static void test_double_dash(void **state)
{
    struct invocation in;
    struct rk_error err;

    (void)state;
    assert_int_equal(PARSE("diff", "--", "--json", "-"), RK_OK);
    assert_false(option_on(&in, "json"));
    assert_string_equal(in.positionals[0], "--json");
    assert_string_equal(in.positionals[1], "-");
    assert_int_equal(PARSE("flash", "-", "--at", "0x11000"), RK_OK);
    assert_string_equal(option_value(&in, "at"), "0x11000");
}

static void test_an_argument_is_never_a_command(void **state)
{
    struct invocation in;
    struct rk_error err;

    (void)state;
    assert_int_equal(PARSE("-p", "backup", "info"), RK_OK);
    assert_string_equal(in.command->name, "info");
    assert_string_equal(option_value(&in, "port"), "backup");
    assert_int_equal(PARSE("identify"), RK_OK);
    assert_string_equal(in.command->name, "info");
}

static void test_errors(void **state)
{
    static const struct {
        const char *words[6], *id, *hint;
    } rows[] = {
        {{"flahs", "x"}, "usage.command", "did you mean \"flash\"?"},
        {{"zzzzzzzz"}, "usage.command", "`rekindle help` lists the commands"},
        {{"info", "--prot=x"}, "usage.option", "did you mean --port?"},
        {{"backup", "--paranoyd"}, "usage.option", "did you mean --paranoid?"},
        {{"info", "--paranoid"}, "usage.option", NULL},
        {{"info", "-Z"}, "usage.option", NULL},
        {{"info", "--port"}, "usage.argument", NULL},
        {{"info", "-p"}, "usage.argument", NULL},
        {{"info", "--json=1"}, "usage.value", NULL},
        {{"info", "--no-port"}, "usage.option", NULL},
        {{"info", "--color=red"}, "usage.value", "one of auto|always|never"},
        {{"info", "--color=aut"}, "usage.value", NULL},
        {{"info", "--link-timeout=2s"}, "usage.value", NULL},
        {{"info", "--link-timeout=."}, "usage.value", NULL},
        {{"info", "--retries=-1"}, NULL, NULL},
        {{"info", "--force=brick"}, NULL, NULL},
        {{"info", "--force=chip,"}, NULL, NULL},
        {{"verify"}, "usage.missing", NULL},
        {{"chips", "x"}, "usage.extra", NULL},
    };
    struct invocation in;
    struct rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].words, &in, &err), RK_ERR_ARG);
        if (rows[i].id)
            assert_string_equal(err.id, rows[i].id);
        if (rows[i].hint)
            assert_string_equal(err.hint, rows[i].hint);
        assert_true(err.message[0] != '\0');
    }
}

static void test_json_is_seen_behind_an_error(void **state)
{
    struct invocation in;
    struct rk_error err;

    (void)state;
    assert_int_equal(PARSE("info", "--nonsense", "--json"), RK_ERR_ARG);
    assert_true(option_on(&in, "json"));
    assert_string_equal(err.id, "usage.option");
    assert_int_equal(PARSE("nonsense", "--json", "--worse"), RK_ERR_ARG);
    assert_true(option_on(&in, "json"));
    assert_string_equal(err.id, "usage.command");
}

static void test_too_many(void **state)
{
    const char *words[31] = {"chips"};
    char program[] = "rekindle", chips[] = "chips", verbose[] = "-v";
    char *argv[OPTIONS_MAX + 8] = {program, chips};
    struct invocation in;
    struct rk_error err;

    (void)state;
    for (size_t i = 1; i < 20; i++)
        words[i] = "x";
    assert_int_equal(parse(words, &in, &err), RK_ERR_ARG);
    for (size_t i = 2; i < OPTIONS_MAX + 8; i++)
        argv[i] = verbose;
    assert_int_equal(options_parse(OPTIONS_MAX + 8, argv, &in, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "usage.too-many");
}

/* What parser, help, manual and completion take for granted of every table. */
static void test_tables(void **state)
{
    (void)state;
    for (size_t c = 0; commands[c]; c++) {
        const struct command *command = commands[c];
        assert_non_null(command->run);
        assert_true(command->min_positionals <= command->max_positionals);
        assert_true(command->max_positionals <= POSITIONALS_MAX);
        assert_ptr_equal(command_find(command->name), command);
        for (const struct option *o = command->options; o->name; o++) {
            assert_ptr_equal(option_find(command, o->name), o);
            assert_true((o->kind == OPTION_SWITCH) == (o->argument == NULL));
            assert_true((o->kind == OPTION_CHOICE) == (o->choices != NULL));
            assert_true(o->help && o->help[0] && o->help[strlen(o->help) - 1] != '.');
            for (const struct option *g = global_options; o->letter && g->name; g++)
                assert_true(g->letter != o->letter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_double_dash),
        cmocka_unit_test(test_an_argument_is_never_a_command),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_json_is_seen_behind_an_error),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
