# SPDX-License-Identifier: Apache-2.0
# Each target installs the Debian packages that it needs and says which; Swift is the only prerequisite.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e e2e-full bench release clean build-tests probe-tests pages matrix secrets man faults
.PHONY: deb rpm tarball packages package-check reproduce fuzz sanitize

LINTED := Sources Tests templates Package.swift
# The same flags for every release build, so that it is built once. For size: what is not linked is not loaded. No debug
# information, no path of this machine and no hash of such a path (Swift's for incremental builds, .swift_modhash), which
# would make other bytes in each directory.
RELEASE = AGGBOOTSTRAP_COMMIT=$$(git rev-parse HEAD 2>/dev/null || true) \
	AGGBOOTSTRAP_LIBSYSTEMD=$$(pkg-config --modversion libsystemd 2>/dev/null || true) \
	swift build -c release --static-swift-stdlib --product aggbootstrap -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections \
	-debug-info-format none -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. -Xcc -ffile-prefix-map=$(CURDIR)=.
PROGRAM := .build/release/aggbootstrap
# Values, parsing, flags and units: no keys to make, no server.
FAST_TESTS := PlanningTests
SCRIPTS := .ci/run $(wildcard scripts/*.sh packaging/*.sh Tests/PageTests/*.sh Tests/Fuzzing/*.sh ansible/tests/*.sh) $(wildcard Tests/EndToEndTests/*.sh Tests/EndToEndTests/*/*.sh)
LAB := Tests/EndToEndTests/lab
export KUBE_APISERVER ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aggbootstrap-lab/kube-apiserver-v1.20.2-r2
export KUBE_APISERVER_POLL1S ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aggbootstrap-lab/kube-apiserver-v1.20.2-r2-poll1s
export KUBE_APISERVER_INOTIFY ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aggbootstrap-lab/kube-apiserver-v1.20.2-r2-inotify
export KUBE_SCHEDULER_POLL1S ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aggbootstrap-lab/kube-scheduler-v1.20.2-poll1s

help:
	@echo "make demo     build, run the main job offline on the embedded spec, and show what it made"
	@echo "make test     build and run the tests"
	@echo "make check    formatter and shell lint, warnings as errors, fast tests, the Ansible collection"
	@echo "make e2e      stories on real nodes: systemd, etcd, kube-apiserver (root; STORIES='a b' for some of them)"
	@echo "make e2e-full the same and the long ones: rotations that are cut off everywhere; see docs/explanation/reliability.md"
	@echo "make faults   kills and errors of the disk at every system call of offline runs (FAULTS=short: a sample of about a minute)"
	@echo "make pages    opens the page of status --html in Chromium, in both themes, narrow and wide"
	@echo "make matrix   has the verifiers of others judge every kind of certificate that it issues"
	@echo "make secrets  plants keys and passphrases, and looks for them in memory, arguments, files and output (root)"
	@echo "make fuzz     feeds every parser made-up input, FUZZ_SECONDS (60) each (TARGETS='spec unit'; FUZZ=short: 60 s in all)"
	@echo "make sanitize the tests with the address sanitizer and with the thread sanitizer, and the release program in valgrind"
	@echo "make bench    measures whole runs against cfssl and libcrypto (FIGURES='p256 rsa start growth fleet lint', RUNS, RSA_RUNS)"
	@echo "make man      dist/man: a manual page for each command"
	@echo "make release  dist/aggbootstrap: static Swift standard library, stripped; and the manual pages"
	@echo "make deb      dist/*.deb: the Debian package; make rpm and make tarball: the RPM package, and an archive for other systems"
	@echo "make packages all three, their SBOM, SHA256SUMS and, with SIGNING_KEY=FILE, its signature"
	@echo "make package-check  the same, and checks them: lintian, and a bare Debian 12 (root; SUITES='bookworm trixie noble' for others)"
	@echo "make reproduce  builds the packages of the last commit in two directories and compares them: two release builds"
	@echo "make clean    remove what the builds made"

demo:
	@scripts/need.sh build
	$(RELEASE)
	@scripts/demo.sh $(PROGRAM)

# `make check` and `make test` build with the same settings, so that nothing is built twice.
build-tests: export AGGBOOTSTRAP_WARNINGS := error
build-tests:
	@scripts/need.sh test
	swift build --build-tests

test: export AGGBOOTSTRAP_WARNINGS := error
test: build-tests
	swift test --skip-build

check: export AGGBOOTSTRAP_WARNINGS := error
check: build-tests
	swift format lint --strict --recursive $(LINTED)
	@for script in $(SCRIPTS); do bash -n "$$script"; done
	@if command -v shellcheck >/dev/null; then shellcheck -S warning -e SC1090,SC2034,SC2120,SC2206 -x $(SCRIPTS); else echo "no shellcheck here: scripts are not linted"; fi
	msgfmt --check --output-file=/dev/null Sources/CTranslations/zh_CN.po
	swift test --skip-build --filter '$(FAST_TESTS)'
	@ansible/tests/check.sh .build/debug/aggbootstrap

e2e:
	@if [ "$$(id -u)" != 0 ]; then \
		echo 'error: make e2e boots containers and makes network namespaces: run sudo env "PATH=$$PATH" make e2e' >&2; exit 1; fi
	@scripts/need.sh e2e
	$(RELEASE)
	@programs=$$($(LAB)/programs.sh $(STORIES)); missing=(); \
	while read -r file; do [ -z "$$file" ] || [ -x "$$file" ] || missing+=("$$file"); done <<<"$$programs"; \
	[ $${#missing[@]} = 0 ] || { scripts/need.sh kube-apiserver && bash $(LAB)/build-kube-apiserver.sh "$${missing[@]}"; }
	@$(LAB)/build-go.sh --check >/dev/null || { scripts/need.sh go && $(LAB)/build-go.sh >/dev/null; }
	@[ -n "$(filter-out --all,$(STORIES))" ] || $(MAKE) --no-print-directory probe-tests pages
	AGGBOOTSTRAP=$(PROGRAM) Tests/EndToEndTests/run.sh $(STORIES)

e2e-full:
	@$(MAKE) --no-print-directory e2e STORIES=--all

# Root adds file systems that are full.
faults:
	@scripts/need.sh faults
	$(RELEASE)
	@python3 -B Tests/Faults/faults.py $(PROGRAM)

# The page of `status --html`, opened in a browser.
pages:
	@scripts/need.sh page
	$(RELEASE)
	@Tests/PageTests/run.sh $(PROGRAM)

# The probes of a running API server, against a real one on loopback.
probe-tests: export AGGBOOTSTRAP_WARNINGS := error
probe-tests: build-tests
	AGGBOOTSTRAP_KUBE_APISERVER=$(KUBE_APISERVER) swift test --skip-build --filter 'KubeAPIServer.*Tests'

matrix:
	@scripts/need.sh matrix
	$(RELEASE)
	@scripts/matrix.sh $(PROGRAM)

secrets:
	@if [ "$$(id -u)" != 0 ]; then \
		echo 'error: make secrets reads the memory of its programs: run sudo env "PATH=$$PATH" make secrets' >&2; exit 1; fi
	@scripts/need.sh secrets
	$(RELEASE)
	@python3 Tests/Secrets/look.py $(PROGRAM) $(STORIES)

# What was found stays in .build-fuzz/findings.
fuzz:
	@scripts/need.sh fuzz
	@Tests/Fuzzing/run.sh $(TARGETS)

# CHECKS='address thread valgrind' for some of them.
sanitize:
	@scripts/need.sh sanitize
	$(if $(filter valgrind,$(or $(CHECKS),valgrind)),$(RELEASE))
	@scripts/sanitize.sh $(CHECKS)

# It reports: a missed bound does not fail. The directory is not in /tmp, which may be in memory.
bench:
	@scripts/need.sh bench
	$(RELEASE)
	@strip -o .build/aggbootstrap-bench $(PROGRAM)
	@python3 Tests/Benchmarks/bench.py .build/aggbootstrap-bench .build/benchmarks $(FIGURES)

release:
	@scripts/need.sh build
	$(RELEASE)
	@mkdir -p dist
	strip -o dist/aggbootstrap $(PROGRAM) && chrpath -d dist/aggbootstrap >/dev/null
	@python3 scripts/man.py $(PROGRAM) dist/man
	@ls -l dist/aggbootstrap && dist/aggbootstrap --version

deb:
	@scripts/need.sh package
	$(RELEASE)
	@packaging/deb.sh $(PROGRAM) dist

rpm:
	@scripts/need.sh package
	$(RELEASE)
	@packaging/rpm.sh $(PROGRAM) dist

tarball:
	@scripts/need.sh package
	$(RELEASE)
	@packaging/tarball.sh $(PROGRAM) dist

packages:
	@scripts/need.sh package
	$(RELEASE)
	@packaging/all.sh $(PROGRAM) dist $(SIGNING_KEY)

package-check:
	@if [ "$$(id -u)" != 0 ]; then \
		echo 'error: make package-check installs into bare systems: run sudo env "PATH=$$PATH" make package-check' >&2; exit 1; fi
	@scripts/need.sh package-check
	$(RELEASE)
	@packaging/all.sh $(PROGRAM) .build/packages
	@packaging/test.sh .build/packages $(SUITES)

reproduce:
	@scripts/need.sh package
	@packaging/reproduce.sh .build-reproduce

man:
	@scripts/need.sh build
	$(RELEASE)
	@python3 scripts/man.py $(PROGRAM) dist/man
	@ls dist/man

clean:
	rm -rf .build .build-fuzz .build-asan .build-tsan .build-verifiers .build-reproduce dist
