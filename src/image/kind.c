#include <rekindle/image.h>

const char *rk_image_kind_name(enum rk_image_kind kind)
{
    static const char *const names[] = {
        [RK_IMAGE_UNKNOWN] = "unknown",
        [RK_IMAGE_BLANK] = "blank",
        [RK_IMAGE_QIO] = "qio",
        [RK_IMAGE_UA] = "ua",
        [RK_IMAGE_BOOT] = "boot",
        [RK_IMAGE_DUMP] = "dump",
        [RK_IMAGE_DUMP_SHIFTED] = "dump-shifted",
        [RK_IMAGE_RBL] = "rbl",
        [RK_IMAGE_UG] = "ug",
        [RK_IMAGE_UF2] = "uf2",
        [RK_IMAGE_HEX] = "hex",
        [RK_IMAGE_BL602] = "bl602",
        [RK_IMAGE_BL602_DUMP] = "bl602-dump",
        [RK_IMAGE_ESP] = "esp",
        [RK_IMAGE_DUMP_DOUBLED] = "dump-doubled",
        [RK_IMAGE_DUMP_SWAPPED] = "dump-swapped",
        [RK_IMAGE_RAW_CODE] = "raw-code",
        [RK_IMAGE_RF] = "rf",
        [RK_IMAGE_TUYA_STORAGE] = "tuya-storage",
        [RK_IMAGE_OBK_CONFIG] = "obk-config",
        [RK_IMAGE_DIFF2YA] = "diff2ya",
        [RK_IMAGE_BL602_OTA] = "bl602-ota",
        [RK_IMAGE_FOREIGN] = "foreign",
        [RK_IMAGE_BL602_APP] = "bl602-app",
        [RK_IMAGE_BL602_BOOT] = "bl602-boot",
        [RK_IMAGE_BL602_RAM] = "bl602-ram",
        [RK_IMAGE_BL602_TABLE] = "bl602-table",
        [RK_IMAGE_BL602_TREE] = "bl602-tree",
        [RK_IMAGE_BL602_XZ] = "bl602-xz",
        [RK_IMAGE_BL602_EFUSE] = "bl602-efuse",
    };
    size_t index = (size_t)kind;

    return index < sizeof names / sizeof names[0] && names[index] ? names[index] : "unknown";
}
