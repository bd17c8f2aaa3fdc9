#include "sim_port.h"

#include "signals.h"

static void on_ready(void *user, const char *names)
{
    struct cli *cli = user;

    output_story(&cli->out, "", "ready", names);
}

static void on_event(void *user, const struct rk_event *event)
{
    struct cli *cli = user;

    if (!event->text)
        return;
    if (event->kind == RK_EVENT_WARNING)
        output_warning(&cli->out, "", event->id, event->text);
    else if (event->kind != RK_EVENT_LOG ||
             (unsigned)event->level < RK_LEVEL_INFO + cli->out.verbose)
        output_story(&cli->out, "", event->id, event->text);
}

static bool on_cancelled(void *user)
{
    (void)user;
    return signals_stop();
}

enum rk_status sim_port_serve(struct cli *cli, const struct rk_sim_options *module,
                              struct rk_sim_serve_options *faces, struct rk_sim_stats *stats)
{
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = cli, .event = on_event, .cancelled = on_cancelled};
    struct rk_context *ctx = NULL;
    struct rk_sim *sim = NULL;
    enum rk_status st = rk_context_new(&ctx, &callbacks, &cli->err);

    faces->ready = on_ready;
    faces->user = cli;
    if (st == RK_OK)
        st = rk_sim_new(module, &sim, &cli->err);
    if (st == RK_OK)
        st = rk_sim_serve(ctx, sim, faces, &cli->err);
    if (st == RK_OK)
        rk_sim_stats(sim, stats);
    rk_sim_free(sim);
    rk_context_free(ctx);
    return st;
}
