/* Saved device logs with a known cause: the checkup finds the same. Logs of flashers are not its
 * business. */
#include "unit/unit.h"

#include <rekindle/checkup.h>

#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *first;
    unsigned boots;
} logs[] = {
    {"app.not-starting.bk7231n.log", "app.not-starting", 2},
    {"bl.boot2-fail.bl602.log", "bl.boot2-fail", 1},
    {"bl.dts-missing.bl602.log", "bl.dts-missing", 1},
    {"bl.exception.bl602.log", "bl.exception", 1},
    {"bl.no-param-partition.bl602.log", "bl.no-param-partition", 1},
    {"bl.power-loop.bl602.log", "bl.power-loop", 0},
    {"boot.fal-missing.bk7231m.log", "boot.fal-missing", 0},
    {"boot.ota-verify-failed.bk7231n.log", "boot.ota-verify-failed", 0},
    {"cfg.crc-mismatch.bk7231n.log", "cfg.crc-mismatch", 0},
    {"hang.rf-init.bk7231n.log", "hang.rf-init", 1},
    {"mode.ate.bk7231n.uart1.log", "mode.ate", 1},
    {"ok.bk7231n.obk.log", "ok.boot-complete", 1},
    {"ok.bl602.obk.log", "ok.boot-complete", 1},
    {"pwr.gated.bk7231n.tuyamcu.log", "pwr.gated", 0},
    {"pwr.rf-init.bk7231m.alt-sdk.log", "pwr.rf-init", 3},
    {"pwr.rf-init.bk7231n.seed1.log", "pwr.rf-init", 3},
    {"pwr.wifi-tx.bk7231n.log", "pwr.wifi-tx", 0},
    {"rf.tlv-lost.bk7231n.log", "rf.tlv-lost", 1},
    {"rst.crash.bk7231n.data-abort.log", "rst.crash", 0},
    {"rst.watchdog.bk7231n.log", "rst.watchdog", 0},
    {"state.tuya-stock.bk7231n.log", "state.tuya-stock", 1},
    {"uart.garbage.log", "uart.garbage", 0},
};

static void saved_logs(void **state)
{
    (void)state;
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct rk_checkup *c = NULL;
        struct rk_error err;
        char path[512];
        uint8_t *data;
        size_t len;
        snprintf(path, sizeof path, "%s/data/logs/%s", RK_SHARED_DIR, logs[i].name);
        if (rk_file_read(path, 1u << 20, &data, &len, &err) != RK_OK) {
            skip();
            return;
        }
        assert_int_equal(rk_checkup_log(data, len, 0, &c, &err), RK_OK);
        if (c->finding_count == 0 || strcmp(c->findings[0].id, logs[i].first) != 0 ||
            (logs[i].boots && c->boots != logs[i].boots)) {
            printf("%s: %s, %u boots, %s\n", logs[i].name,
                   c->finding_count ? c->findings[0].id : "nothing", c->boots, c->last_phase);
            wrong++;
        }
        rk_checkup_free(c);
        free(data);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
