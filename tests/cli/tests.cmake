# The program driven from outside: each test_*.py is a set of cases (python3, unittest).
if(TARGET rekindle_program AND NOT WIN32)
  file(GLOB cli_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
  foreach(source ${cli_tests})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" name ${name})
    add_test(NAME cli.${name} COMMAND ${Python3_EXECUTABLE} -B ${source})
    set_tests_properties(cli.${name} PROPERTIES TIMEOUT 300 LABELS cli
      ENVIRONMENT "REKINDLE=$<TARGET_FILE:rekindle_program>")
  endforeach()
endif()
