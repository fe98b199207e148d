# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# What a package holds: headers, both libraries, assay.pc, the program. The
# evidence writer is never installed.
if(NOT TARGET assay_shared)
  return()
endif()

# Relative to its own folder, so that an installed tree may be moved.
file(RELATIVE_PATH ASSAY_PC_PREFIX
  "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" ASSAY_PC_PREFIX "${ASSAY_PC_PREFIX}")
configure_file(cmake/assay.pc.in "${CMAKE_BINARY_DIR}/assay.pc" @ONLY)

install(TARGETS assay_shared assay_static
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/assay "${CMAKE_BINARY_DIR}/include/assay"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
install(FILES "${CMAKE_BINARY_DIR}/assay.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(TARGET program_assay)
  install(TARGETS program_assay RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# The manual page is made where scdoc is at hand.
find_program(ASSAY_SCDOC scdoc)
if(ASSAY_SCDOC)
  set(page "${CMAKE_BINARY_DIR}/assay.1")
  set(source "${CMAKE_SOURCE_DIR}/docs/man/assay.1.scd")
  add_custom_command(OUTPUT "${page}"
    COMMAND sh -c "'${ASSAY_SCDOC}' <'${source}' >'${page}'"
    DEPENDS "${source}" VERBATIM)
  add_custom_target(manual ALL DEPENDS "${page}")
  install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
else()
  message(STATUS "SKIPPED manual page: scdoc is not installed")
endif()
