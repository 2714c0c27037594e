# SPDX-License-Identifier: Apache-2.0
# Each target installs the Debian packages that it needs and says which; Swift 6 is the only prerequisite.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e release clean build-tests

LINTED := Sources Tests templates Package.swift
RELEASE := swift build -c release --static-swift-stdlib --product aggbootstrap
SCRIPTS := .ci/run scripts/*.sh $(shell find Tests/EndToEndTests -name '*.sh' 2>/dev/null)

help:
	@echo "make demo     build, run the main job offline on the embedded spec, and show what it made"
	@echo "make test     build and run the tests"
	@echo "make check    formatter lint, and warnings as errors"
	@echo "make e2e      real systemd, etcd and kube-apiserver in containers (root)"
	@echo "make release  dist/aggbootstrap: static Swift standard library, stripped"
	@echo "make clean    remove what the builds made"

demo:
	@scripts/need.sh build
	$(RELEASE)
	@scripts/demo.sh .build/release/aggbootstrap

# `make check` and `make test` build with the same settings, so that nothing is built twice.
build-tests: export AGGBOOTSTRAP_WARNINGS := error
build-tests:
	@scripts/need.sh test
	swift build --build-tests

test: export AGGBOOTSTRAP_WARNINGS := error
test: build-tests
	swift test --skip-build

check: build-tests
	swift format lint --strict --recursive $(LINTED)
	@for script in $(SCRIPTS); do bash -n "$$script" || exit 1; done

e2e:
	@if [ "$$(id -u)" != 0 ]; then echo "make e2e boots containers and makes network namespaces: run it as root" >&2; exit 1; fi
	@scripts/need.sh e2e
	$(RELEASE)
	Tests/EndToEndTests/run.sh

release:
	@scripts/need.sh build
	$(RELEASE)
	@mkdir -p dist
	strip -o dist/aggbootstrap .build/release/aggbootstrap
	@ls -l dist/aggbootstrap && dist/aggbootstrap --version

clean:
	rm -rf .build dist
