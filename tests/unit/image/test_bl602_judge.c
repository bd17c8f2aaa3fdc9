/* The judgement of BL602 flashes: real captures, and each of them with one fault. */
#include "unit/unit.h"

#include <rekindle/bl602.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLASH (2u << 20)

static uint8_t *load(const char *name)
{
    char path[512];
    uint8_t *data = malloc(FLASH);
    FILE *file;

    assert_non_null(data);
    snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, name);
    file = fopen(path, "rb");
    if (!file) {
        free(data);
        return NULL;
    }
    assert_int_equal(fread(data, 1, FLASH, file), FLASH);
    fclose(file);
    return data;
}

static const char pine[] = "pinecone-factory-flash.bin";

static void test_capture_boots(void **state)
{
    uint8_t *data = load(pine);
    struct rk_bl602_report r;

    (void)state;
    if (!data)
        skip();
    rk_bl602_judge(&(struct rk_bl602_flash){.data = data, .len = FLASH}, &r);
    for (size_t i = 0; i < r.finding_count; i++)
        print_message("%s: %s | %s\n", r.findings[i].id, r.findings[i].text, r.findings[i].uart);
    assert_int_equal(r.boots, RK_BOOTS_YES);
    assert_true(r.complete);
    assert_int_equal(r.uart, RK_BL602_UART_APP);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capture_boots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
