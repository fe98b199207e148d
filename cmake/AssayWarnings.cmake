# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# The warnings that gcc 12 and clang 14 and 19 all know. Errors only where
# ASSAY_WERROR says so: a newer compiler must not break somebody's build.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef)
if(ASSAY_WERROR)
  add_compile_options(-Werror)
endif()
