/* What a BL602 prints when it starts from flash: what the judgement of its content says. The texts
 * are those of the public second-stage loader and of OpenBL602. */
#include "sim/bouffalo/bouffalo.h"

#include <rekindle/bl602.h>

#include <string.h>

#define LOG_BAUD 2000000u

static const char starting[] = "\r\nBLSP boot2\r\n";
static const char running[] = "Starting bl602 now....\r\nBooting BL602 Chip...\r\n";

static void print(struct rk_sim *sim, const char *text)
{
    rk_wire_put(&sim->tx[RK_SIM_UART1], sim->now_ns, LOG_BAUD, !sim->options.ideal,
                (const uint8_t *)text, strlen(text));
}

void bfl_start_flash(struct rk_sim *sim)
{
    const struct rk_bl602_flash flash = {
        .size = sizeof flash, .data = rk_nor_cells(sim->nor), .len = rk_nor_size(sim->nor)};
    struct rk_bl602_report report = {.size = sizeof report};

    if (sim->script.scenario) {
        rk_script_begin(sim);
        return;
    }
    sim->baud = LOG_BAUD;
    rk_bl602_judge(&flash, &report);
    switch (report.uart) {
    case RK_BL602_UART_UNKNOWN:
    case RK_BL602_UART_SILENT:
        break;
    case RK_BL602_UART_LOOP:
        print(sim, starting);
        break;
    case RK_BL602_UART_APP_STOPS:
    case RK_BL602_UART_APP_LACKS:
    case RK_BL602_UART_APP:
        print(sim, running);
        break;
    }
}
