# SPDX-License-Identifier: Apache-2.0
# Debian 12, root or a user with sudo, and Swift are all that is needed: each target installs the packages that it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e release clean build-tests probe-tests

# The same flags for every release build, so that it is built once.
RELEASE := swift build -c release --static-swift-stdlib --product aggbootstrap
PROGRAM := .build/release/aggbootstrap
# Values, parsing, flags and units: no keys to make, no server.
FAST_TESTS := ClusterPlanTests
SCRIPTS := .ci/run $(wildcard scripts/*.sh) $(wildcard Tests/EndToEndTests/*.sh Tests/EndToEndTests/*/*.sh)
export KUBE_APISERVER ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aggbootstrap-lab/kube-apiserver-v1.20.2

help:
	@echo 'make demo      build, and show offline what init makes'
	@echo 'make test      unit and integration tests'
	@echo 'make check     formatter, warnings as errors, shell scripts, fast tests'
	@echo 'make e2e       stories on real nodes: systemd, etcd, kube-apiserver (root; 5-15 minutes the first time)'
	@echo 'make release   the stripped program in dist/'
	@echo 'make clean     remove what was built'

demo: swift
	@scripts/need-packages $(BUILD_PACKAGES) openssl
	swift build $(RELEASE)
	@scripts/demo "$$(swift build $(RELEASE) --show-bin-path)/aggbootstrap"

test: swift
	@scripts/need-packages $(BUILD_PACKAGES) $(TEST_PACKAGES)
	$(STRICT) swift build --build-tests
	$(STRICT) swift test --skip-build

check: swift
	@scripts/need-packages $(BUILD_PACKAGES) $(TEST_PACKAGES)
	swift format lint --strict -r Sources Tests templates Package.swift
	@for script in $(SCRIPTS); do bash -n "$$script"; done
	@if command -v shellcheck >/dev/null; then shellcheck -S warning -e SC1090,SC2034,SC2120,SC2206 -x $(SCRIPTS); else echo "no shellcheck here: scripts are not linted"; fi
	swift test --skip-build --filter '$(FAST_TESTS)'

e2e: swift
	@[ "$$(id -u)" = 0 ] || { echo 'error: make e2e boots nodes in containers and needs root: run `sudo env "PATH=$$PATH" make e2e`' >&2; exit 1; }
	@scripts/need-packages $(BUILD_PACKAGES) $(E2E_PACKAGES)
	swift build $(RELEASE)
	@[ -x "$$KUBE_APISERVER" ] || scripts/need-packages $(KUBE_PACKAGES)
	@[ -x "$$KUBE_APISERVER" ] || Tests/EndToEndTests/lab/build-kube-apiserver.sh "$$KUBE_APISERVER"
	@[ -n "$(STORIES)" ] || $(MAKE) --no-print-directory probe-tests
	AGGBOOTSTRAP=$(PROGRAM) Tests/EndToEndTests/run.sh $(STORIES)

# The probes of a running API server, against a real one on loopback.
probe-tests: export AGGBOOTSTRAP_WARNINGS := error
probe-tests: build-tests
	AGGBOOTSTRAP_KUBE_APISERVER=$(KUBE_APISERVER) swift test --skip-build --filter KubeAPIServerTests

release:
	@scripts/need.sh build
	$(RELEASE)
	@mkdir -p dist
	strip -o dist/aggbootstrap "$$(swift build $(RELEASE) --show-bin-path)/aggbootstrap"
	@ls -l dist/aggbootstrap

clean:
	rm -rf .build dist

swift:
	@scripts/need-swift
