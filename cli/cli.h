/* One run of the program: what was asked, how to talk, and the modules worked on. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "command.h"
#include "exit_status.h"
#include "output.h"

#include <rekindle/rekindle.h>

#include "base/json.h"

#define PORTS_MAX 16

/* What options, environment and configuration files say together. */
struct settings {
    const char *ports[PORTS_MAX];
    size_t port_count;
    const char *chip;
    const char *reset;
    uint32_t baud; /* 0 = automatic */
    bool max_baud;
    uint32_t link_timeout_ms;
    uint32_t retries;
    uint8_t *loader; /* content of --loader; NULL = none */
    size_t loader_len;
    bool rom_only;          /* --loader rom */
    const char *backup_dir; /* NULL = current folder */
    uint32_t lifted;        /* RK_RULE_BIT()s */
};

/* The network a freshly flashed module shall join, as answered at the terminal. */
struct network {
    char ssid[34], password[66]; /* with room for the end of the line */
};

struct cli {
    struct invocation in;
    struct settings settings;
    struct output out;
    struct rk_error err; /* of what concerns no single module */
    struct text result;  /* JSON of commands without modules; empty = null */
    bool reported;       /* the JSON document has been printed */
    void *config_file;   /* memory of the configuration files */
    struct network network;
    uint64_t started_us;
    void *user; /* the command's own, for its work on modules */
};

/* Reports cli->err and returns its exit status. */
int cli_fail(struct cli *cli);

/* Begins the `result` of a command that works on no module. */
void cli_result_begin(struct cli *cli, struct rk_json *json);

/* How to connect, as the settings say. */
struct rk_connect_options cli_connect_options(const struct cli *cli);

/* Rows of every command that writes. */
/* clang-format off */
#define WRITE_OPTIONS                                                                              \
    {"backup-dir", 'd', OPTION_FOLDER, "FOLDER", "where the automatic backup is kept", NULL,       \
     false, false},                                                                                \
    {"no-backup", 0, OPTION_SWITCH, NULL, "make no backup (needs --force=no-backup)", NULL, false, \
     false},                                                                                       \
    {"no-reset", 0, OPTION_SWITCH, NULL, "leave the module in its loader afterwards", NULL, false, \
     false}
/* clang-format on */

/* Checks before anything is sent to a module that the file named by a positional argument can be
 * read; false with cli->err filled. */
bool cli_check_file(struct cli *cli, size_t positional);
/* The same, and that its content can be placed by itself as far as the file alone tells. */
bool cli_check_image(struct cli *cli, size_t positional);
/* Checks a range before there is a module: the name of a region passes, whatever it is. */
bool cli_check_range(struct cli *cli, const char *text);

/* ---- work on modules ---- */

/* One module: a port, a connection, and what came of it. */
struct session {
    struct cli *cli;
    size_t index, count;
    char port[256]; /* as named, or chosen */
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_device *dev;
    struct rk_error err;
    enum rk_status status;
    struct text result;   /* JSON of `result`; empty = null */
    struct text warnings; /* JSON strings, comma separated */
    struct text story;    /* text for standard output, printed in one piece */
    struct progress_row *row;
    char backup_path[1024]; /* empty: the job chooses a name */
    uint64_t event_us;      /* last progress event under --jsonl */
};

/* Works on one connected module. Writes JSON into *json when it has a result. */
typedef enum rk_status session_work(struct session *s, struct rk_json *json);

/* Opens every port, connects, does the work (several modules: each in a thread of its own), and
 * reports. Returns the exit status. */
int session_run(struct cli *cli, session_work *work);

/* The name of the module's port, for several modules at once; "" for one. */
const char *session_prefix(const struct session *s);

/* A file name of its own for each of several modules: "b.bin" becomes "b-1.bin", "b-2.bin". */
void session_numbered(const struct session *s, const char *path, char *out, size_t cap);

/* A line of result text for people; nothing with --json. */
void session_print(struct session *s, const char *fmt, ...) RK_PRINTF(2, 3);

/* The write policy that the options ask for. */
void session_policy(struct session *s, struct rk_write_policy *policy);

/* Reads a file of at most 64 MiB. Fills s->err. */
enum rk_status session_load(struct session *s, const char *path, uint8_t **data, size_t *len);

/* "ADDR+LEN", "START-END" or the name of a region of this module. */
enum rk_status session_range(struct session *s, const char *text, uint32_t *addr, uint32_t *len);

/* JSON of a write's outcome as members of an object, and its summary for people. */
void session_put_write(struct session *s, struct rk_json *json,
                       const struct rk_write_result *result);
/* The same as an object of its own. */
void session_put_result(struct session *s, struct rk_json *json,
                        const struct rk_write_result *result);

#endif
