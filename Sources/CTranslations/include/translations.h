/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGGBOOTSTRAP_TRANSLATIONS_H
#define AGGBOOTSTRAP_TRANSLATIONS_H

#include <stddef.h>

/* gettext's PO file zh_CN.po, byte for byte. */
const unsigned char *aggbootstrap_zh_cn(void);
size_t aggbootstrap_zh_cn_size(void);

#endif
