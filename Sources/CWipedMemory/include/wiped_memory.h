/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGGBOOTSTRAP_WIPED_MEMORY_H
#define AGGBOOTSTRAP_WIPED_MEMORY_H

/* This target has the C library overwrite all memory that is freed. Nothing in it is called. */

#endif
