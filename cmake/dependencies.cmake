# The libraries rekindle stands on, behind one target. Each comes from the system.
add_library(rekindle_dependencies INTERFACE)

find_package(ZLIB REQUIRED)
find_path(JANSSON_INCLUDE jansson.h REQUIRED)
find_library(JANSSON_LIBRARY jansson REQUIRED)
find_path(MBEDTLS_INCLUDE mbedtls/sha256.h REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)

target_include_directories(rekindle_dependencies SYSTEM INTERFACE
  ${JANSSON_INCLUDE} ${MBEDTLS_INCLUDE})
target_link_libraries(rekindle_dependencies INTERFACE
  ZLIB::ZLIB ${JANSSON_LIBRARY} ${MBEDCRYPTO_LIBRARY})

# liblzma: packed updates of the BL602. Without it these are refused, everything else works.
find_path(LZMA_INCLUDE lzma.h)
find_library(LZMA_LIBRARY lzma)
set(rk_pc_lzma)
if(LZMA_INCLUDE AND LZMA_LIBRARY)
  target_include_directories(rekindle_dependencies SYSTEM INTERFACE ${LZMA_INCLUDE})
  target_link_libraries(rekindle_dependencies INTERFACE ${LZMA_LIBRARY})
  target_compile_definitions(rekindle_dependencies INTERFACE RK_HAVE_LZMA)
  set(rk_pc_lzma " -llzma")
endif()
if(WIN32)
  target_link_libraries(rekindle_dependencies INTERFACE ws2_32 setupapi bcrypt)
else()
  target_link_libraries(rekindle_dependencies INTERFACE m)
endif()
