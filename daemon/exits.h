/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * exits.h - how a daemon ends.
 */
#pragma once

enum daemon_exit {
    DAEMON_DONE = 0,
    DAEMON_FAILED = 2, /* a file, an address or a source could not be used */
    DAEMON_USAGE = 64,
};
