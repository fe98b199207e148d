/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setjmp.h - cmocka's tests include it; there is none for WebAssembly, and
 * ours need none (cmocka.h beside this file).
 */
#pragma once
