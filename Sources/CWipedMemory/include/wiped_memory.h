/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGGBOOTSTRAP_WIPED_MEMORY_H
#define AGGBOOTSTRAP_WIPED_MEMORY_H

/* This target gives the program its free() and realloc(), which wipe what they give back. Nothing calls them by another name. */

#endif
