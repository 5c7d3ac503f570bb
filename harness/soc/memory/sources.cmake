# Sources of the memory system and the event queue below it; include() from a CMakeLists.txt.
set(HARNESS_SOC_MEMORY_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/../../port/event_queue.cc
    ${CMAKE_CURRENT_LIST_DIR}/bus.cc
    ${CMAKE_CURRENT_LIST_DIR}/coherence.cc
    ${CMAKE_CURRENT_LIST_DIR}/config.cc
    ${CMAKE_CURRENT_LIST_DIR}/dma_port.cc
    ${CMAKE_CURRENT_LIST_DIR}/dram_channel.cc
    ${CMAKE_CURRENT_LIST_DIR}/dram_timing.cc
    ${CMAKE_CURRENT_LIST_DIR}/line_locks.cc
    ${CMAKE_CURRENT_LIST_DIR}/memory_hub.cc
    ${CMAKE_CURRENT_LIST_DIR}/memory_system.cc
    ${CMAKE_CURRENT_LIST_DIR}/private_cache.cc
    ${CMAKE_CURRENT_LIST_DIR}/shared_cache.cc
    ${CMAKE_CURRENT_LIST_DIR}/tag_array.cc)
