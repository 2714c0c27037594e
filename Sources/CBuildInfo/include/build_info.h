// SPDX-License-Identifier: Apache-2.0
#ifndef AGGBOOTSTRAP_BUILD_INFO_H
#define AGGBOOTSTRAP_BUILD_INFO_H
/* The commit that the program was built from, or NULL where the build was not told. */
const char *aggbootstrap_commit(void);
/* The version of libsystemd that it was built with, for example "252", or NULL where the build was not told. */
const char *aggbootstrap_built_libsystemd(void);
#endif
