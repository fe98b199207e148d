# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# From sources to libraries and programs. A floor is a folder of src/ that
# layers.txt names; what has no source file yet is left out with a message.

# Compiles every floor into objects: target floor_<name>; ASSAY_FLOORS lists
# the names of those that exist, lowest first.
function(assay_add_floors)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS layers.txt)
  file(STRINGS layers.txt floors REGEX "^[a-z]")
  set(present "")
  foreach(floor IN LISTS floors)
    file(GLOB sources CONFIGURE_DEPENDS "src/${floor}/*.c")
    if(NOT sources)
      message(STATUS "src/${floor}: no source file yet")
      continue()
    endif()
    add_library(floor_${floor} OBJECT ${sources})
    target_include_directories(floor_${floor} PRIVATE
      include src "${CMAKE_BINARY_DIR}/include")
    list(APPEND present ${floor})
  endforeach()
  if(TARGET floor_crypto)
    target_link_libraries(floor_crypto PRIVATE OpenSSL::Crypto)
  endif()
  if(TARGET floor_atls)
    target_link_libraries(floor_atls PRIVATE OpenSSL::SSL OpenSSL::Crypto)
  endif()
  set(ASSAY_FLOORS "${present}" PARENT_SCOPE)
endfunction()

# libassay.so exports the public API only. libassay.a holds the same objects;
# tests link it, because internal functions stay visible inside one program.
function(assay_add_library)
  if(NOT ASSAY_FLOORS)
    message(STATUS "libassay: no floor has sources yet")
    return()
  endif()
  set(objects "")
  foreach(floor IN LISTS ASSAY_FLOORS)
    list(APPEND objects "$<TARGET_OBJECTS:floor_${floor}>")
  endforeach()
  add_library(assay_static STATIC ${objects})
  add_library(assay_shared SHARED ${objects})
  foreach(library assay_static assay_shared)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME assay)
    target_include_directories(${library} INTERFACE
      "${CMAKE_SOURCE_DIR}/include" "${CMAKE_BINARY_DIR}/include")
  endforeach()
  target_link_libraries(assay_static INTERFACE OpenSSL::SSL OpenSSL::Crypto)
  target_link_libraries(assay_shared PRIVATE OpenSSL::SSL OpenSSL::Crypto)

  set(map "${CMAKE_SOURCE_DIR}/cmake/assay.map")
  set_target_properties(assay_shared PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS "${map}")
  target_link_options(assay_shared PRIVATE "LINKER:--version-script=${map}")
  if(NOT ASSAY_SANITIZE)
    target_link_options(assay_shared PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# What only this repository may include: src/ and the root ("io/...").
function(assay_use_internal target)
  target_include_directories(${target} PRIVATE
    "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
endfunction()

# The search for collateral: cache, memory of evaluations, and sources that
# somebody else asks (io/ask.h). It needs POSIX, and neither libuv nor libcurl,
# so a binding can be built of assay_find and assay_static alone.
function(assay_add_find)
  if(NOT TARGET assay_static)
    return()
  endif()
  add_library(assay_find STATIC
    io/ask.c io/cache.c io/cache_prune.c io/file.c io/home.c io/lookup.c
    io/mark_folder.c io/seen.c io/temp.c)
  assay_use_internal(assay_find)
  target_link_libraries(assay_find PUBLIC assay_static Threads::Threads)
endfunction()

# Everything else that makes system calls. libcurl is loaded when the first fetch
# happens (io/curl_load.h), so its headers are used and it is not linked.
function(assay_add_io)
  if(NOT TARGET assay_find)
    message(STATUS "io: nothing to build yet")
    return()
  endif()
  file(GLOB sources RELATIVE "${CMAKE_SOURCE_DIR}" CONFIGURE_DEPENDS "io/*.c")
  get_target_property(found assay_find SOURCES)
  list(REMOVE_ITEM sources ${found})
  find_package(CURL REQUIRED)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(UV REQUIRED IMPORTED_TARGET GLOBAL libuv)
  add_library(assay_io STATIC ${sources})
  assay_use_internal(assay_io)
  target_include_directories(assay_io PRIVATE ${CURL_INCLUDE_DIRS})
  target_link_libraries(assay_io
    PUBLIC assay_find assay_static PkgConfig::UV
    PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
endfunction()

# What daemons share: doors, sandbox, log, service manager.
function(assay_add_daemon)
  file(GLOB sources CONFIGURE_DEPENDS "daemon/*.c")
  if(NOT TARGET assay_io)
    message(STATUS "daemon: nothing to build yet")
    return()
  endif()
  pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET GLOBAL libseccomp)
  add_library(assay_daemon STATIC ${sources})
  assay_use_internal(assay_daemon)
  target_link_libraries(assay_daemon
    PUBLIC assay_io assay_static PRIVATE PkgConfig::SECCOMP)
endfunction()

# The evidence writer: tests, assay-mint, assay-sim and assay-demo only, never
# libassay.
function(assay_add_mint)
  file(GLOB sources CONFIGURE_DEPENDS "mint/*.c")
  if(NOT sources OR NOT TARGET assay_static)
    message(STATUS "mint: nothing to build yet")
    return()
  endif()
  add_library(assay_mint STATIC ${sources})
  assay_use_internal(assay_mint)
  target_link_libraries(assay_mint PUBLIC assay_static OpenSSL::Crypto)
endfunction()

# libyaml is loaded when the first YAML is read
# (programs/assay/lint/yaml_load.h), so its header is used and it is not linked.
function(assay_use_yaml target)
  if(TARGET ${target})
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(YAML REQUIRED yaml-0.1)
    target_include_directories(${target} PRIVATE ${YAML_INCLUDE_DIRS})
    target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
  endif()
endfunction()

# assay_add_program(NAME FOLDER LIBRARY...): the *.c below programs/FOLDER.
function(assay_add_program name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "programs/${folder}/*.c")
  if(NOT sources)
    message(STATUS "programs/${folder}: no source file yet")
    return()
  endif()
  foreach(library IN LISTS ARGN)
    if(NOT TARGET ${library})
      message(STATUS "${name}: waits for ${library}")
      return()
    endif()
  endforeach()
  add_executable(program_${name} ${sources})
  assay_use_internal(program_${name})
  target_link_libraries(program_${name} PRIVATE ${ARGN})
  set_target_properties(program_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${ASSAY_BIN_DIR}")
endfunction()

# assay_add_parts(FOLDER): all of a program but its main(), which tests are
# linked with as well.
function(assay_add_parts folder)
  if(NOT TARGET assay_daemon)
    message(STATUS "${folder}: waits for assay_daemon")
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "programs/${folder}/*.c")
  list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/programs/${folder}/main.c")
  add_library(${folder}_parts STATIC ${sources})
  assay_use_internal(${folder}_parts)
  target_link_libraries(${folder}_parts PUBLIC
    assay_daemon assay_io assay_static OpenSSL::SSL OpenSSL::Crypto)
endfunction()

# assay_add_main(FOLDER): the program of those parts.
function(assay_add_main folder)
  set(target program_assay-${folder})
  if(NOT EXISTS "${CMAKE_SOURCE_DIR}/programs/${folder}/main.c")
    return()
  endif()
  add_executable(${target} programs/${folder}/main.c)
  assay_use_internal(${target})
  target_link_libraries(${target} PRIVATE ${folder}_parts)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME assay-${folder} RUNTIME_OUTPUT_DIRECTORY "${ASSAY_BIN_DIR}")
endfunction()

function(assay_add_programs)
  assay_add_program(assay assay assay_io assay_static)
  assay_use_yaml(program_assay)
  assay_add_program(assay-mint mint assay_mint assay_io assay_static)
  assay_add_program(assay-sim sim assay_mint assay_io assay_static)
  assay_add_program(assay-serve serve assay_daemon assay_io assay_static)
  assay_add_main(bridge)
  assay_add_main(proxy)
  assay_add_program(assay-demo demo assay_mint assay_io assay_static)
endfunction()
