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

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "man" EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/rekindle
        FILES_MATCHING PATTERN "*.schema.json" PATTERN "man" EXCLUDE)

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
