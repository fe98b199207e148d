# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# What a package holds: headers, both libraries, assay.pc, the programs and
# their manual pages. Of the evidence writer, only what assay-sim and assay-demo
# have in them.
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
foreach(program assay assay-bridge assay-demo assay-proxy assay-serve
    assay-sim)
  if(TARGET program_${program})
    install(TARGETS program_${program}
      RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()

# The bridge by the name that deployments know it by.
function(assay_install_link name target folder)
  file(CREATE_LINK "${target}" "${CMAKE_BINARY_DIR}/${name}" SYMBOLIC)
  install(FILES "${CMAKE_BINARY_DIR}/${name}" DESTINATION "${folder}")
endfunction()
if(TARGET program_assay-bridge)
  assay_install_link(atlas-proxy assay-bridge "${CMAKE_INSTALL_BINDIR}")
endif()

# The page of assay demo --browser, with the package that it needs where that is
# built (./run wasm).
if(TARGET program_assay-demo)
  set(browser "${CMAKE_INSTALL_DATADIR}/assay/browser")
  install(DIRECTORY bindings/js/demo/ DESTINATION "${browser}")
  install(DIRECTORY bindings/js/dist/ DESTINATION "${browser}/assay-js" OPTIONAL
    FILES_MATCHING
    PATTERN "index.js*" PATTERN "worker.js*" PATTERN "assay.wasm"
    PATTERN "roots.pem" PATTERN "types" EXCLUDE)
endif()

# Manual pages, docs/man/NAME.SECTION.scd, are made where scdoc is at hand.
find_program(ASSAY_SCDOC scdoc)
if(ASSAY_SCDOC)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/man/*.scd")
  set(pages "")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME)
    string(REGEX REPLACE "\\.scd$" "" name "${name}")
    string(REGEX REPLACE "^.*\\." "" section "${name}")
    set(page "${CMAKE_BINARY_DIR}/${name}")
    add_custom_command(OUTPUT "${page}"
      COMMAND sh -c "'${ASSAY_SCDOC}' <'${source}' >'${page}'"
      DEPENDS "${source}" VERBATIM)
    install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
    list(APPEND pages "${page}")
  endforeach()
  add_custom_target(manual ALL DEPENDS ${pages})
  assay_install_link(atlas-proxy.1 assay-bridge.1
    "${CMAKE_INSTALL_MANDIR}/man1")
else()
  message(STATUS "SKIPPED manual pages: scdoc is not installed")
endif()
