/* JSON-like text of any kind: read it, and write it in every form. */
#include <rekindle/product.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_product *p = NULL;
    size_t half = size / 2;

    if (rk_product_of_text((const char *)data, size, &p, NULL) != RK_OK)
        return 0;
    (void)!rk_product_set_model(p, (const char *)data + half, size - half, NULL);
    for (int format = RK_PRODUCT_TEXT; format <= RK_PRODUCT_TASMOTA; format++) {
        char *text = NULL;
        if (rk_product_write(p, (enum rk_product_format)format, &text, NULL) == RK_OK)
            free(text);
    }
    rk_product_free(p);
    return 0;
}
