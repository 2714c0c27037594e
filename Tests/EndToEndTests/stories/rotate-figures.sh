# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# How long a rotation itself takes, without soak and watch, under 200 aggregated requests a second; kube-apiserver looks at its files each second.
story() {
    rotation_up 200
    time_rotations
    load_down
}
