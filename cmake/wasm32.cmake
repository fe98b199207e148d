# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# Toolchain: clang and Debian's wasi-libc, for WebAssembly in browsers and
# Node. OpenSSL is scripts/wasm_openssl's own build of it, in build/wasm/openssl.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mbulk-memory -msign-ext -mnontrapping-fptoint")
# What is downloaded counts: with -flto, here and in OpenSSL, brotli makes 3 %
# less of it than without, and -Oz instead of -Os another 0.3 %; neither is slower.
set(CMAKE_C_FLAGS_MINSIZEREL "-Oz -flto -ffunction-sections -fdata-sections -DNDEBUG"
    CACHE STRING "For the smallest module")
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
get_filename_component(OPENSSL_ROOT_DIR
  "${CMAKE_CURRENT_LIST_DIR}/../build/wasm/openssl" ABSOLUTE)
if(NOT EXISTS "${OPENSSL_ROOT_DIR}/STAMP")
  message(FATAL_ERROR
    "${OPENSSL_ROOT_DIR}: there is no OpenSSL for WebAssembly; "
    "scripts/wasm openssl builds it")
endif()
set(OPENSSL_USE_STATIC_LIBS TRUE)
