# What `make install` puts where: program, libraries, headers, rekindle.pc, man pages, completions,
# udev rule, JSON schemas, documents.
install(TARGETS rekindle_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET rekindle_shared)
  install(TARGETS rekindle_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET rekindle_program)
  install(TARGETS rekindle_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rekindle
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Relative to its own place, so that the prefix may be chosen at installation.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/rekindle.pc.in ${PROJECT_BINARY_DIR}/rekindle.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rekindle.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.c")
file(GLOB json_schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/schema/*.json)
install(FILES ${json_schemas} DESTINATION ${CMAKE_INSTALL_DATADIR}/rekindle)

# The udev rule is made from the table of bridges, so that one list serves both.
if(NOT WIN32 AND NOT APPLE)
  set(udev_rule ${PROJECT_BINARY_DIR}/70-rekindle.rules)
  add_custom_command(OUTPUT ${udev_rule}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/udev.py
            ${PROJECT_SOURCE_DIR}/data/usb-bridges.csv ${udev_rule}
    DEPENDS ${PROJECT_SOURCE_DIR}/tools/udev.py ${PROJECT_SOURCE_DIR}/data/usb-bridges.csv
    COMMENT "udev rule" VERBATIM)
  add_custom_target(rekindle_udev ALL DEPENDS ${udev_rule})
  install(FILES ${udev_rule} DESTINATION lib/udev/rules.d)
endif()

# Man pages and completions are printed by the program from its own tables.
if(TARGET rekindle_program AND NOT CMAKE_CROSSCOMPILING)
  set(pages_stamp ${PROJECT_BINARY_DIR}/pages/stamp)
  add_custom_command(OUTPUT ${pages_stamp}
    COMMAND ${PROJECT_SOURCE_DIR}/tools/pages.sh $<TARGET_FILE:rekindle_program>
            ${PROJECT_BINARY_DIR}/pages
    COMMAND ${CMAKE_COMMAND} -E touch ${pages_stamp}
    DEPENDS rekindle_program ${PROJECT_SOURCE_DIR}/tools/pages.sh
    COMMENT "Man pages and completions" VERBATIM)
  add_custom_target(rekindle_pages ALL DEPENDS ${pages_stamp})
  install(DIRECTORY ${PROJECT_BINARY_DIR}/pages/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${PROJECT_BINARY_DIR}/pages/bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME rekindle)
  install(FILES ${PROJECT_BINARY_DIR}/pages/zsh
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _rekindle)
  install(FILES ${PROJECT_BINARY_DIR}/pages/fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME rekindle.fish)
endif()
