# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# Hardening, flag by flag, as far as this compiler and linker know it (clang
# 14, for one, knows neither -ftrivial-auto-var-init=zero nor
# -fzero-call-used-regs). Off under sanitizers, which must see raw behaviour.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

function(assay_harden_compile)
  set(CMAKE_REQUIRED_FLAGS -Werror) # a flag that only warns is not known
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "ASSAY_HAS${flag}" known)
    check_c_compiler_flag("${flag}" ${known})
    if(${known})
      add_compile_options("${flag}")
    else()
      message(STATUS "hardening: this compiler lacks ${flag}")
    endif()
  endforeach()
endfunction()

function(assay_harden_link)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "ASSAY_HAS${flag}" known)
    check_linker_flag(C "${flag}" ${known})
    if(${known})
      add_link_options("${flag}")
    else()
      message(STATUS "hardening: this linker lacks ${flag}")
    endif()
  endforeach()
endfunction()

if(ASSAY_HARDEN)
  assay_harden_compile(
    -fstack-protector-strong
    -fstack-clash-protection
    -fcf-protection=full
    -ftrivial-auto-var-init=zero
    -fzero-call-used-regs=used-gpr
    -fno-delete-null-pointer-checks
    -fno-strict-overflow)
  assay_harden_link(
    -Wl,-z,relro
    -Wl,-z,now
    -Wl,-z,noexecstack
    -Wl,-z,separate-code)
  # Needs optimisation. Undefined first: some distributions predefine it.
  add_compile_options(
    "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
endif()
