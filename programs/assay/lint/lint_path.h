/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_path.h - what a path of the host, mounted into a container, is.
 */
#pragma once

#include "assay/bytes.h"

enum lint_path {
    LINT_PATH_VOLUME,       /* the name of a volume: no path */
    LINT_PATH_RUNTIME,      /* a container runtime's socket, or what holds it */
    LINT_PATH_GUEST_SOCKET, /* dstack's guest agent */
    LINT_PATH_HOST,         /* any other */
};

/* As docker-compose takes it: "." and "~" and "/" begin a path, slashes may be
 * doubled, and "." and ".." lead where they lead. Where "." and "~" are is not
 * known: ".." from there may lead to the top. What is too long for a path is
 * taken for the worst. */
enum lint_path lint_path_of(struct assay_slice source);
