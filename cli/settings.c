#include "settings.h"

#include "config.h"
#include "moving.h"

#include "base/text.h"
#include "store/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <io.h>
#define isatty        _isatty
#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#else
#include <unistd.h>
#endif

#define CONFIG_MAX       65536u
#define LOADER_MAX_BYTES (1u << 20)

/* Files in order of precedence: the project's, then the user's. */
struct config_files {
    struct config project, user;
    char project_name[16], user_name[1024];
};

static const char *environment(enum config_key key)
{
    static const char *const names[CONFIG_KEYS] = {
        [CONFIG_PORT] = "REKINDLE_PORT",
        [CONFIG_CHIP] = "REKINDLE_CHIP",
        [CONFIG_BAUD] = "REKINDLE_BAUD",
        [CONFIG_RESET] = "REKINDLE_RESET",
        [CONFIG_BACKUP_DIR] = "REKINDLE_BACKUP_DIR",
    };
    const char *value = getenv(names[key]);

    return value && *value ? value : NULL;
}

/* Where the user's file is; empty if the system does not say. */
static void user_config_path(char *path, size_t cap)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    const char *appdata = getenv("APPDATA");

    path[0] = '\0';
    if (base && *base)
        rk_text_format(path, cap, "%s/rekindle/config.ini", base);
    else if (appdata && *appdata)
        rk_text_format(path, cap, "%s\\rekindle\\config.ini", appdata);
    else if (home && *home)
        rk_text_format(path, cap, "%s/.config/rekindle/config.ini", home);
}

static enum rk_status load(const char *path, bool must_exist, struct config *out,
                           struct rk_error *err)
{
    uint8_t *data = NULL;
    size_t len = 0;

    if (!*path || (!must_exist && !rk_file_exists(path)))
        return RK_OK;
    enum rk_status st = rk_file_read(path, CONFIG_MAX, &data, &len, err);
    if (st != RK_OK)
        return err && strcmp(err->id, "file.empty") == 0 ? RK_OK : st;
    st = config_parse(path, (const char *)data, len, out, err);
    free(data);
    return st;
}

static enum rk_status load_files(struct cli *cli, struct rk_error *err)
{
    const char *named = moving_wanted(&cli->in) ? NULL : option_value(&cli->in, "config");
    struct config_files *files = calloc(1, sizeof *files);

    if (!files)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    cli->config_file = files;
    if (option_on(&cli->in, "no-config"))
        return RK_OK;
    if (!named)
        named = getenv("REKINDLE_CONFIG");
    if (named && *named) {
        rk_text_copy(files->user_name, sizeof files->user_name, named);
        return load(named, true, &files->user, err);
    }
    rk_text_copy(files->project_name, sizeof files->project_name, "rekindle.ini");
    user_config_path(files->user_name, sizeof files->user_name);
    enum rk_status st = load(files->project_name, false, &files->project, err);
    return st == RK_OK ? load(files->user_name, false, &files->user, err) : st;
}

/* The value of a setting, and with -v where it came from. */
static const char *look_up(struct cli *cli, enum config_key key)
{
    const struct config_files *files = cli->config_file;
    const char *name = config_key_name(key);
    const struct {
        const char *value, *source;
    } places[] = {
        {option_find(cli->in.command, name) ? option_value(&cli->in, name) : NULL, NULL},
        {environment(key), "the environment"},
        {files->project.values[key], files->project_name},
        {files->user.values[key], files->user_name},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!places[i].value)
            continue;
        if (places[i].source && cli->out.verbose > 0) {
            char text[512];
            rk_text_format(text, sizeof text, "%s = %s (from %s)", name, places[i].value,
                           places[i].source);
            output_story(&cli->out, "", "setting", text);
        }
        return places[i].value;
    }
    return NULL;
}

static enum rk_status parse_baud(const char *text, struct settings *s, struct rk_error *err)
{
    if (!text || strcmp(text, "auto") == 0)
        return RK_OK;
    if (strcmp(text, "max") == 0) {
        s->max_baud = true;
        return RK_OK;
    }
    if (rk_parse_u32(text, &s->baud, NULL) == RK_OK && s->baud >= 300 && s->baud <= 12000000)
        return RK_OK;
    rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is no baud rate", text);
    rk_error_hint(err, "a number such as 921600, auto, or max");
    return RK_ERR_ARG;
}

static enum rk_status parse_reset(const char *text, struct rk_error *err)
{
    static const char *const modes[] = {"auto", "none", "manual", "dtr-rts", "rts", "dtr"};

    if (!text || strncmp(text, "seq:", 4) == 0)
        return RK_OK;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(text, modes[i]) == 0)
            return RK_OK;
    rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is no way to reset", text);
    rk_error_hint(err, "auto, none, manual, dtr-rts, rts, dtr, or seq:D0|R1|W0.2|R0");
    return RK_ERR_ARG;
}

static void parse_force(struct cli *cli)
{
    const char *text;

    for (size_t i = 0; (text = option_nth(&cli->in, "force", i)) != NULL; i++)
        while (*text) {
            char name[40];
            enum rk_rule rule;
            size_t n = strcspn(text, ",");
            rk_text_copy(name, n + 1 < sizeof name ? n + 1 : sizeof name, text);
            if (rk_rule_parse(name, &rule, NULL) == RK_OK)
                cli->settings.lifted |= RK_RULE_BIT(rule);
            text += n + (text[n] == ',');
        }
}

static bool want_color(const struct invocation *in)
{
    const char *when = option_value(in, "color");
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");

    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    if (no && *no)
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static void set_output(struct cli *cli)
{
    const char *progress = option_value(&cli->in, "progress"), *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;

    cli->out.quiet = option_on(&cli->in, "quiet");
    cli->out.verbose = option_count(&cli->in, "verbose");
    cli->out.show_secrets = option_on(&cli->in, "show-secrets");
    cli->out.color = want_color(&cli->in);
    cli->out.progress = terminal ? PROGRESS_BAR : PROGRESS_LINES;
    if (progress && strcmp(progress, "bar") == 0)
        cli->out.progress = PROGRESS_BAR;
    else if (progress && strcmp(progress, "lines") == 0)
        cli->out.progress = PROGRESS_LINES;
    else if (progress && strcmp(progress, "off") == 0)
        cli->out.progress = PROGRESS_OFF;
    cli->out.may_ask = !option_on(&cli->in, "no-input") && isatty(STDIN_FILENO) &&
                       isatty(STDERR_FILENO) && cli->out.json == JSON_OFF;
}

static enum rk_status open_log(struct cli *cli, struct rk_error *err)
{
    const char *path = option_value(&cli->in, "log");

    if (!path)
        path = getenv("REKINDLE_LOG");
    if (!path || !*path)
        return RK_OK;
    cli->out.log = fopen(path, "w");
    return cli->out.log ? RK_OK : rk_file_error(err, "create", path, errno);
}

static enum rk_status set_ports(struct cli *cli, struct rk_error *err)
{
    struct settings *s = &cli->settings;
    const char *port;

    for (size_t i = 0; (port = option_nth(&cli->in, "port", i)) != NULL; i++) {
        if (s->port_count == PORTS_MAX)
            return rk_fail(err, RK_ERR_ARG, "usage.too-many", "more than %d ports", PORTS_MAX);
        for (size_t k = 0; k < s->port_count; k++)
            if (strcmp(s->ports[k], port) == 0 && strncmp(port, "sim:", 4) != 0)
                return rk_fail(err, RK_ERR_ARG, "usage.port", "port %s is named twice", port);
        s->ports[s->port_count++] = port;
    }
    if (s->port_count == 0 && (port = look_up(cli, CONFIG_PORT)) != NULL)
        s->ports[s->port_count++] = port;
    return RK_OK;
}

static enum rk_status set_numbers(struct cli *cli, struct rk_error *err)
{
    const char *timeout = option_value(&cli->in, "link-timeout");
    const char *retries = option_value(&cli->in, "retries");
    struct settings *s = &cli->settings;

    if (timeout) {
        double seconds = strtod(timeout, NULL);
        s->link_timeout_ms = seconds > 0 ? (uint32_t)(seconds * 1000) : UINT32_MAX;
        if (s->link_timeout_ms == 0)
            s->link_timeout_ms = 1;
    }
    return retries ? rk_parse_u32(retries, &s->retries, err) : RK_OK;
}

/* `sim` has an option of this name that means something else. */
static enum rk_status read_loader(struct cli *cli, struct rk_error *err)
{
    const char *name = option_value(&cli->in, "loader");

    if (!name || option_is_own(cli->in.command, "loader"))
        return RK_OK;
    cli->settings.rom_only = strcmp(name, "rom") == 0;
    if (cli->settings.rom_only)
        return RK_OK;
    return rk_file_read(name, LOADER_MAX_BYTES, &cli->settings.loader, &cli->settings.loader_len,
                        err);
}

enum rk_status settings_resolve(struct cli *cli, struct rk_error *err)
{
    struct settings *s = &cli->settings;

    set_output(cli);
    enum rk_status st = load_files(cli, err);
    if (st == RK_OK)
        st = open_log(cli, err);
    if (st == RK_OK)
        st = set_ports(cli, err);
    if (st == RK_OK)
        st = set_numbers(cli, err);
    if (st == RK_OK)
        st = read_loader(cli, err);
    if (st == RK_OK)
        st = parse_baud(look_up(cli, CONFIG_BAUD), s, err);
    if (st != RK_OK)
        return st;
    s->chip = look_up(cli, CONFIG_CHIP);
    s->reset = look_up(cli, CONFIG_RESET);
    s->backup_dir = look_up(cli, CONFIG_BACKUP_DIR);
    parse_force(cli);
    return parse_reset(s->reset, err);
}

void settings_free(struct cli *cli)
{
    struct config_files *files = cli->config_file;

    free(cli->settings.loader);
    cli->settings.loader = NULL;
    if (files) {
        config_free(&files->project);
        config_free(&files->user);
        free(files);
        cli->config_file = NULL;
    }
    if (cli->out.log) {
        fclose(cli->out.log);
        cli->out.log = NULL;
    }
}
