# Turns data/*.csv into C at build time with tools/tables.py. One call per table; the result is
# generated/<name>.c in the build folder and is compiled into the library.
set(generated_tables)

function(rekindle_table name)
  set(output ${PROJECT_BINARY_DIR}/generated/${name}.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/tables.py
            ${name} ${PROJECT_SOURCE_DIR}/data ${output}
    DEPENDS ${PROJECT_SOURCE_DIR}/tools/tables.py ${ARGN}
    COMMENT "Table ${name}" VERBATIM)
  set(generated_tables ${generated_tables} ${output} PARENT_SCOPE)
endfunction()

rekindle_table(flash_parts ${PROJECT_SOURCE_DIR}/data/beken-spi-flash.csv)
rekindle_table(bl602_boot2 ${PROJECT_SOURCE_DIR}/data/bl602-boot2.csv)
rekindle_table(bl602_layouts ${PROJECT_SOURCE_DIR}/data/bl602-layouts.csv)
rekindle_table(bl602_parts ${PROJECT_SOURCE_DIR}/data/bl602-spi-flash.csv)
rekindle_table(bl602_stub ${PROJECT_SOURCE_DIR}/data/bl602-stub.txt)
rekindle_table(bl602_tree ${PROJECT_SOURCE_DIR}/data/bl602-device-tree.dts)
rekindle_table(boot_builds ${PROJECT_SOURCE_DIR}/data/beken-boot-loaders.csv)
rekindle_table(image_targets ${PROJECT_SOURCE_DIR}/data/beken-image-targets.csv)
rekindle_table(crc16_tables)
rekindle_table(tuya_tables ${PROJECT_SOURCE_DIR}/data/tuya-pins.csv
               ${PROJECT_SOURCE_DIR}/data/tuya-platforms.csv
               ${PROJECT_SOURCE_DIR}/data/tuya-modules.csv
               ${PROJECT_SOURCE_DIR}/data/tuya-datapoints.csv)
rekindle_table(usb_bridges ${PROJECT_SOURCE_DIR}/data/usb-bridges.csv)
rekindle_table(obk_tables ${PROJECT_SOURCE_DIR}/data/obk-fields.csv
               ${PROJECT_SOURCE_DIR}/data/obk-config-layout.csv
               ${PROJECT_SOURCE_DIR}/data/obk-platforms.csv ${PROJECT_SOURCE_DIR}/data/obk-roles.csv
               ${PROJECT_SOURCE_DIR}/data/obk-flags.csv
               ${PROJECT_SOURCE_DIR}/data/obk-channel-types.csv)
rekindle_table(sim_scenarios ${PROJECT_SOURCE_DIR}/data/sim-scenarios.csv
               ${PROJECT_SOURCE_DIR}/data/sim-scripts.txt)
rekindle_table(checkup_rules ${PROJECT_SOURCE_DIR}/data/checkup-lines.csv
               ${PROJECT_SOURCE_DIR}/data/checkup-rules.csv
               ${PROJECT_SOURCE_DIR}/data/checkup-sources.csv)
