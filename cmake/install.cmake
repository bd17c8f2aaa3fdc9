# What `make install` puts where.
install(TARGETS rekindle_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET rekindle_shared)
  install(TARGETS rekindle_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET rekindle_program)
  install(TARGETS rekindle_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rekindle
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
