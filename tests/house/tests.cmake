# The tree judges itself: rules a machine can check, the public interface seen from outside.
foreach(check banned errors findings format includes lengths links tables words)
  add_test(NAME house.${check}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/check.py ${check})
  set_tests_properties(house.${check} PROPERTIES TIMEOUT 60 LABELS house)
endforeach()
add_test(NAME house.self
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/test_check.py)
add_test(NAME house.headers
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/test_headers.py
          ${PROJECT_SOURCE_DIR}/include)
set_tests_properties(house.self house.headers PROPERTIES TIMEOUT 120 LABELS house)

# The RAM stub's table is what its source builds. Skipped where the cross compiler is missing.
add_test(NAME house.stub
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/stub.py --check)
set_tests_properties(house.stub PROPERTIES TIMEOUT 120 LABELS house SKIP_RETURN_CODE 77)

# A program that knows <rekindle/rekindle.h> and the shared library, nothing else of the tree.
if(TARGET rekindle_shared)
  add_executable(external_client ${CMAKE_CURRENT_LIST_DIR}/external_client.c)
  target_include_directories(external_client PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(external_client PRIVATE -Wall -Wextra -Wconversion -Wshadow
                         $<$<BOOL:${REKINDLE_WERROR}>:-Werror>)
  target_link_libraries(external_client PRIVATE rekindle_shared)
  if(REKINDLE_SANITIZE)
    target_compile_options(external_client PRIVATE -fsanitize=address,undefined
                           -fno-sanitize-recover=all)
    target_link_options(external_client PRIVATE -fsanitize=address,undefined)
  endif()
  add_test(NAME house.client COMMAND external_client ${CMAKE_CURRENT_BINARY_DIR}/external_client.d)
  add_test(NAME house.exports
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/test_exports.py
            $<TARGET_FILE:rekindle_shared> $<TARGET_FILE:rekindle_static>
            ${PROJECT_SOURCE_DIR}/include/rekindle)
  set_tests_properties(house.client house.exports PROPERTIES TIMEOUT 120 LABELS house)
endif()

# The example of docs/library.md, run as its comment says.
add_executable(example_backup ${PROJECT_SOURCE_DIR}/examples/backup.c)
target_link_libraries(example_backup PRIVATE rekindle_static)
add_test(NAME house.example
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/test_example.py
          $<TARGET_FILE:example_backup>)
set_tests_properties(house.example PROPERTIES TIMEOUT 120 LABELS house)

# The JSON of the program, judged by a validator that others wrote.
file(GLOB schema ${PROJECT_SOURCE_DIR}/cli/schema/rekindle-*.schema.json)
if(TARGET rekindle_program AND schema)
  add_test(NAME house.schema
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/house/test_schema.py
            $<TARGET_FILE:rekindle_program> ${schema})
  set_tests_properties(house.schema PROPERTIES TIMEOUT 120 LABELS house SKIP_RETURN_CODE 77)
endif()
