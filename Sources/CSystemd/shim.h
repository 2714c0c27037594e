// SPDX-License-Identifier: Apache-2.0
#ifndef AGGBOOTSTRAP_CSYSTEMD_SHIM_H
#define AGGBOOTSTRAP_CSYSTEMD_SHIM_H
#include <systemd/sd-bus.h>
#endif
