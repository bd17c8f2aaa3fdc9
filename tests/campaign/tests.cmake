# The main job, a seeded fault campaign, and power cuts, on virtual modules in virtual time. ctest runs a bounded
# part; `cmake --build build --target campaign` runs all of it.
foreach(name faults power mainjob)
  add_executable(campaign_${name} ${CMAKE_CURRENT_LIST_DIR}/${name}.c
                 ${CMAKE_CURRENT_LIST_DIR}/module.c)
  target_include_directories(campaign_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(campaign_${name} PRIVATE rekindle_static)
  target_compile_definitions(campaign_${name} PRIVATE
    RK_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
endforeach()

add_test(NAME campaign.faults COMMAND campaign_faults --runs 45)
add_test(NAME campaign.mainjob COMMAND campaign_mainjob)
add_test(NAME campaign.power.bk7231n COMMAND campaign_power bk7231n --every 29)
add_test(NAME campaign.power.bk7231t COMMAND campaign_power bk7231t --every 23)
add_test(NAME campaign.power.bl602 COMMAND campaign_power bl602 --every 13)
set_tests_properties(campaign.faults campaign.mainjob campaign.power.bk7231n campaign.power.bk7231t
                     campaign.power.bl602 PROPERTIES
                     TIMEOUT 300 LABELS campaign)

add_custom_target(campaign
  COMMAND campaign_faults --runs 1200
  COMMAND campaign_power bk7231n
  COMMAND campaign_power bk7231t
  COMMAND campaign_power bk7238
  COMMAND campaign_power bk7231u
  COMMAND campaign_power bl602
  COMMAND campaign_faults --runs 300 --model bl602
  USES_TERMINAL COMMENT "Fault campaign: 1200 runs, and a power cut at every transaction")
