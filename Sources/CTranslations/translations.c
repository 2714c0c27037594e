/* SPDX-License-Identifier: Apache-2.0 */
#include "translations.h"

/* It is C23, and an extension of the compiler before. */
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char zh_cn[] = {
#embed "zh_CN.po"
};

const unsigned char *aggbootstrap_zh_cn(void) { return zh_cn; }

size_t aggbootstrap_zh_cn_size(void) { return sizeof zh_cn; }
