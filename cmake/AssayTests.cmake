# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# How tests become CTest entries. Every test gets the same environment:
#   ASSAY_SOURCE  root of the repository
#   ASSAY_BUILD   binary directory of this preset
#   ASSAY_BIN     folder of the programs
#   ASSAY_SHARED  optional folder of extra vectors; may not exist
# Label threads: run with ThreadSanitizer, too. Label once: not run with
# AddressSanitizer, because what it tests is JavaScript's or a program's of others.
# A test that leaves something out prints "SKIPPED <what>: <why>"; a test that
# leaves everything out then exits with 77.

set(ASSAY_SHARED "" CACHE PATH "Optional folder of extra test vectors")
if(ASSAY_SHARED)
  set(assay_shared_dir "${ASSAY_SHARED}")
else()
  get_filename_component(assay_shared_dir "${CMAKE_SOURCE_DIR}/../shared"
    ABSOLUTE)
endif()

function(assay_set_test name)
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 300
    SKIP_RETURN_CODE 77
    LABELS "${ARGN}"
    ENVIRONMENT "ASSAY_SOURCE=${CMAKE_SOURCE_DIR};\
ASSAY_BUILD=${CMAKE_BINARY_DIR};\
ASSAY_BIN=${ASSAY_BIN_DIR};\
ASSAY_SHARED=${assay_shared_dir}")
endfunction()

# The floor whose file a test is named after: test_quote_oom.c tests
# src/quote/quote.c. Longest name first, so that qe_identity_oom finds
# qe_identity.
function(assay_floor_of stem result)
  set(label unit)
  set(name "${stem}")
  while(NOT name STREQUAL "")
    file(GLOB found "${CMAKE_SOURCE_DIR}/src/*/${name}.c")
    if(NOT found)
      file(GLOB found
        "${CMAKE_SOURCE_DIR}/io/${name}.c" "${CMAKE_SOURCE_DIR}/daemon/${name}.c"
        "${CMAKE_SOURCE_DIR}/mint/${name}.c")
    endif()
    if(NOT found AND IS_DIRECTORY "${CMAKE_SOURCE_DIR}/src/${name}")
      set(label "${name}")
      break()
    elseif(found)
      list(GET found 0 found)
      get_filename_component(folder "${found}" DIRECTORY)
      get_filename_component(label "${folder}" NAME)
      break()
    elseif(NOT name MATCHES "_")
      break()
    endif()
    string(REGEX REPLACE "_[^_]*$" "" name "${name}")
  endwhile()
  set(${result} "${label}" PARENT_SCOPE)
endfunction()

# What is there of the libraries below the programs; tests of the
# bridge and of the proxy have its parts before them.
function(assay_link_test name)
  foreach(program bridge proxy)
    if(name MATCHES "_${program}_" AND TARGET ${program}_parts)
      target_link_libraries(${name} PRIVATE ${program}_parts)
    endif()
  endforeach()
  foreach(library assay_mint assay_daemon assay_io)
    if(TARGET ${library})
      target_link_libraries(${name} PRIVATE ${library})
    endif()
  endforeach()
endfunction()

# One program per tests/unit/test_<file>.c. Builds that only fuzz have none, and
# those with ThreadSanitizer just the ones that start threads.
function(assay_add_unit_test source)
  file(STRINGS "${source}" threaded REGEX "#include <(pthread|threads)\\.h>")
  if(ASSAY_FUZZ OR (ASSAY_SANITIZE STREQUAL "thread" AND NOT threaded))
    return()
  endif()
  get_filename_component(name "${source}" NAME_WE)
  string(REGEX REPLACE "^test_" "" stem "${name}")
  if(name MATCHES "jansson" AND NOT JANSSON_FOUND)
    message(STATUS "SKIPPED ${name}: libjansson is not installed")
    return()
  endif()
  if(name MATCHES "wslay" AND NOT WSLAY_LIBRARY)
    message(STATUS "SKIPPED ${name}: libwslay is not installed")
    return()
  endif()
  add_executable(${name} "${source}")
  assay_use_internal(${name})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  assay_link_test(${name})
  target_link_libraries(${name} PRIVATE
    assay_static PkgConfig::CMOCKA OpenSSL::Crypto Threads::Threads)
  if(name MATCHES "jansson")
    target_link_libraries(${name} PRIVATE PkgConfig::JANSSON)
  endif()
  if(name MATCHES "wslay")
    target_link_libraries(${name} PRIVATE "${WSLAY_LIBRARY}")
  endif()
  assay_floor_of("${stem}" labels)
  if(name MATCHES "_oom$")
    target_link_options(${name} PRIVATE
      LINKER:--wrap=malloc LINKER:--wrap=calloc LINKER:--wrap=realloc)
    list(APPEND labels oom)
  endif()
  if(threaded)
    list(APPEND labels threads)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  assay_set_test(${name} ${labels})
endfunction()

# assay_add_test_tool(NAME SOURCE LIBRARY...): a program that tests start, found
# by them as $ASSAY_BUILD/tests/NAME. Without one of the libraries it is left
# out, and the tests that need it say so themselves.
function(assay_add_test_tool name source)
  foreach(library IN LISTS ARGN)
    if(NOT TARGET ${library})
      message(STATUS "tests: no ${name}: ${library} is not there")
      return()
    endif()
  endforeach()
  add_executable(${name} "${source}")
  assay_use_internal(${name})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
endfunction()

# assay_test_needs_tool(TEST TOOL...): building the test builds its tools.
function(assay_test_needs_tool test)
  foreach(tool IN LISTS ARGN)
    if(TARGET ${test} AND TARGET ${tool})
      add_dependencies(${test} ${tool})
    endif()
  endforeach()
endfunction()

# assay_test_needs_source(TEST FILE...): files of a program, which are in no
# library, that the test is linked with.
function(assay_test_needs_source test)
  if(TARGET ${test})
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/")
    target_sources(${test} PRIVATE ${ARGN})
  endif()
endfunction()

# A fuzz target: a libFuzzer program under ASSAY_FUZZ, otherwise a program
# that replays the corpus and every past crash, as a test.
function(assay_add_fuzz_target source)
  get_filename_component(name "${source}" NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" stem "${name}")
  set(folder "${CMAKE_SOURCE_DIR}/tests/fuzz")
  add_executable(${name} "${source}")
  assay_use_internal(${name})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  assay_link_test(${name})
  target_link_libraries(${name} PRIVATE assay_static)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  if(ASSAY_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(${name} PRIVATE "${folder}/replay_main.c")
  add_test(NAME ${name}
    COMMAND ${name} "${folder}/corpus/${stem}" "${folder}/regress/${stem}")
  assay_floor_of("${stem}" label)
  assay_set_test(${name} ${label} fuzz)
endfunction()

# Writes the seeds anew; run by hand when a format changes.
function(assay_add_fuzz_corpus source)
  if(NOT TARGET assay_mint)
    return()
  endif()
  add_executable(fuzz_corpus "${source}")
  assay_use_internal(fuzz_corpus)
  target_include_directories(fuzz_corpus PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(fuzz_corpus PRIVATE assay_mint assay_static)
  set_target_properties(fuzz_corpus PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
endfunction()

# assay_add_script_test(NAME SCRIPT [ARGS arg...] [LABELS label...]): a test
# written in Python (.py, standard library only) or POSIX sh (.sh).
function(assay_add_script_test name script)
  cmake_parse_arguments(arg "" "" "ARGS;LABELS" ${ARGN})
  get_filename_component(script "${script}" ABSOLUTE)
  if(script MATCHES "\\.py$")
    find_program(ASSAY_PYTHON python3 REQUIRED)
    set(interpreter "${ASSAY_PYTHON}" -B)
  else()
    set(interpreter sh)
  endif()
  add_test(NAME ${name} COMMAND ${interpreter} "${script}" ${arg_ARGS})
  assay_set_test(${name} ${arg_LABELS})
endfunction()

# Each header must compile as the only include of a file.
function(assay_add_header_check)
  file(GLOB headers CONFIGURE_DEPENDS
    RELATIVE "${CMAKE_SOURCE_DIR}"
    "${CMAKE_SOURCE_DIR}/include/assay/*.h"
    "${CMAKE_SOURCE_DIR}/src/*/*.h"
    "${CMAKE_SOURCE_DIR}/io/*.h"
    "${CMAKE_SOURCE_DIR}/daemon/*.h"
    "${CMAKE_SOURCE_DIR}/mint/*.h")
  set(sources "")
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "^(include|src)/" "" include "${header}")
    string(MAKE_C_IDENTIFIER "${header}" id)
    set(source "${CMAKE_BINARY_DIR}/headers/${id}.c")
    file(CONFIGURE OUTPUT "${source}" CONTENT
      "#include \"${include}\"\nextern int ${id};\n")
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(header_check OBJECT ${sources})
    assay_use_internal(header_check)
    target_include_directories(header_check PRIVATE
      "${CMAKE_SOURCE_DIR}/include" "${CMAKE_BINARY_DIR}/include")
  endif()
endfunction()
