# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# Sanitizers, fuzzing and coverage: what instruments every object.
# What nobody has set is rubbish here, where releases have zeros, so that tests find
# who relies on these.
if(ASSAY_SANITIZE)
  add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer
                      -ftrivial-auto-var-init=pattern)
  add_link_options(-fsanitize=${ASSAY_SANITIZE})
endif()
if(ASSAY_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "ASSAY_FUZZ needs clang, which brings libFuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(ASSAY_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
