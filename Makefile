# SPDX-License-Identifier: MIT
#
# tensorinit: 'make help' lists the targets.
#
# Nothing is probed while this file is read: 'make run' and 'make test' must be able to
# install a compiler first. The compiler and pkg-config are run once, when a rule first
# needs what they say ('lazy' below).

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all
.PHONY: all FORCE run programs check test test-programs test-core test-isa test-fault
.PHONY: test-long test-exhaustive test-statistics soak fuzz run-fuzzers bench lint format compdb
.PHONY: clean install uninstall dist image deb pictures screenshots help

# Settings -------------------------------------------------------------------------------

CONFIG ?= release
CONFIGS = release debug asan tsan coverage fuzz
ifeq ($(filter $(CONFIG),$(CONFIGS)),)
$(error CONFIG=$(CONFIG): expected one of $(CONFIGS))
endif

# Everything that is built lands here; 'make clean' removes build/ and nothing else.
BUILD = build/$(CONFIG)
OBJ = $(BUILD)/obj

# libFuzzer comes with clang only.
ifneq ($(filter undefined default,$(origin CC)),)
CC = $(if $(filter fuzz,$(CONFIG)),clang,cc)
endif
ifneq ($(filter undefined default,$(origin AR)),)
AR = ar
endif

LISTEN ?= 127.0.0.1:8080
PREFIX ?= /usr/local
BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib
INCDIR = $(PREFIX)/include
PCDIR = $(LIBDIR)/pkgconfig
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/tensorinit
MODELDIR = $(PREFIX)/share/tensorinit/models

# DEPS=no: install nothing. V=1: print whole commands. WERROR=1: warnings are errors.
# REQUIRE_ALL=1: install all that the tests can use; a skipped test is then a failure.
DEPS ?= yes
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $1 $@)

# $(call lazy,NAME,COMMAND): the output of COMMAND, run once and only if it is needed.
lazy = $(eval $1 := $$(shell $2))$(if $(filter 0,$(.SHELLSTATUS)),,$(error \
	'$2' failed; 'scripts/install-deps build client test' installs what is needed))$($1)

TARGET = $(call lazy,TARGET,$(CC) -dumpmachine)
VERSION = $(call lazy,VERSION,sed -n 's/.*TI_VERSION_STRING "\(.*\)".*/\1/p' \
	include/tensorinit/version.h)
NETTLE_CFLAGS = $(call lazy,NETTLE_CFLAGS,pkg-config --cflags nettle)
NETTLE_LIBS = $(call lazy,NETTLE_LIBS,pkg-config --libs nettle)
HTTP_CFLAGS = $(call lazy,HTTP_CFLAGS,pkg-config --cflags libmicrohttpd gnutls gmp jansson zlib)
HTTP_LIBS = $(call lazy,HTTP_LIBS,pkg-config --libs libmicrohttpd gnutls gmp jansson zlib)
CURL_CFLAGS = $(call lazy,CURL_CFLAGS,pkg-config --cflags libcurl jansson)
CURL_LIBS = $(call lazy,CURL_LIBS,pkg-config --libs libcurl jansson)
JSON_CFLAGS = $(call lazy,JSON_CFLAGS,pkg-config --cflags jansson)
JSON_LIBS = $(call lazy,JSON_LIBS,pkg-config --libs jansson)
CMOCKA_CFLAGS = $(call lazy,CMOCKA_CFLAGS,pkg-config --cflags cmocka)
CMOCKA_LIBS = $(call lazy,CMOCKA_LIBS,pkg-config --libs cmocka)
NPROC = $(call lazy,NPROC,nproc)

# Recipes that build something else by make use all cores unless -j was given.
SUBMAKE = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(NPROC))

# Compiler flags -------------------------------------------------------------------------

SANITIZE = -O1 -g -fno-omit-frame-pointer
UBSAN = undefined -fno-sanitize-recover=all

OPT_release = -O2 $(if $(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
OPT_debug = -O0 -g3
OPT_asan = $(SANITIZE) -fsanitize=address,$(UBSAN)
OPT_tsan = $(SANITIZE) -fsanitize=thread
OPT_coverage = -O0 -g --coverage
OPT_fuzz = $(SANITIZE) -fsanitize=fuzzer-no-link,address,$(UBSAN)
OPT_KERNELS = $(if $(filter release,$(CONFIG)),-O3)

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wundef -Werror=implicit-function-declaration $(if $(filter 1,$(WERROR)),-Werror)
BASE = -std=c11 -D_POSIX_C_SOURCE=200809L -fPIC -fvisibility=hidden -pthread \
	-fstack-protector-strong $(WARN) -Iinclude -iquote . $(OPT_$(CONFIG))

# The bit contract allows no fused multiply-add and no reassociation; gcc's default fuses
# even intrinsics. So this comes last, after the user's CFLAGS.
STRICT = -ffp-contract=off -fno-fast-math

# A gcc that links with one of these flags adds start-up code that flushes subnormals.
FAST_MATH = -Ofast -ffast-math -funsafe-math-optimizations
LINK = $(CC) $(OPT_$(CONFIG)) $(filter-out $(FAST_MATH),$(CFLAGS)) $(STRICT) $(LDFLAGS) -pthread \
	-Wl,--as-needed -Wl,-z,relro -Wl,-z,now
# clang links a sanitizer's runtime into programs only, so a library may not be complete.
SOFLAGS = -shared -Wl,-soname,$(@F) $(if $(filter asan tsan fuzz,$(CONFIG)),,-Wl,-z,defs)

# Instruction sets: a new one is a line of units, a line of flags.
ISAS_x86_64 = portable avx2 avx512
ISAS_aarch64 = portable neon
ISA_FLAGS_avx2 = -mavx2 -mf16c
ISA_FLAGS_avx512 = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mf16c
ISAS = $(or $(ISAS_$(firstword $(subst -, ,$(TARGET)))),portable)

FLAGS_core = $(NETTLE_CFLAGS)
FLAGS_kernels = $(OPT_KERNELS)
FLAGS_server = $(NETTLE_CFLAGS) $(HTTP_CFLAGS) -iquote $(OBJ)
FLAGS_client = $(NETTLE_CFLAGS) $(CURL_CFLAGS)
FLAGS_manifest = $(JSON_CFLAGS)
FLAGS_tests = -iquote tests $(CMOCKA_CFLAGS) $(NETTLE_CFLAGS) \
	$(if $(findstring /server/,$@),$(HTTP_CFLAGS)) $(if $(findstring /manifest/,$@),$(JSON_CFLAGS))

# Which of these an object of stem $* is compiled with.
UNIT = $(if $(filter core/isa/%,$*),kernels,$(firstword $(subst /, ,$*)))
ISA = $(if $(filter core/isa/%,$*),$(ISA_FLAGS_$(*F)))
COMPILE = $(CC) $(BASE) $(FLAGS_$(UNIT)) $(CPPFLAGS) $(CFLAGS) $(ISA) $(STRICT)

# Sources --------------------------------------------------------------------------------

to_obj = $(patsubst %.c,$(OBJ)/%.o,$1)
# Test programs lie up to three folders deep, as the sources that they mirror.
tests_in = $(patsubst %.c,$(BUILD)/%,$(wildcard \
	$(addprefix tests/$1/,$2 */$2 */*/$2 */*/*/$2)))

CORE_SRC = $(filter-out core/isa/%,$(wildcard core/*/*.c core/*/*/*.c))
ISA_SRC = $(wildcard $(ISAS:%=core/isa/%.c))
# Part of both programs.
MANIFEST_SRC = $(wildcard manifest/*.c)
SERVER_SRC = $(wildcard server/*.c server/*/*.c)
CLIENT_LIB_SRC = $(wildcard client/*.c)
CLI_SRC = $(wildcard client/cli/*.c)

CORE_OBJ = $(call to_obj,$(CORE_SRC) $(ISA_SRC))
MANIFEST_OBJ = $(call to_obj,$(MANIFEST_SRC))
SERVER_OBJ = $(call to_obj,$(SERVER_SRC) $(MANIFEST_SRC))
CLIENT_LIB_OBJ = $(call to_obj,$(CLIENT_LIB_SRC))
CLIENT_OBJ = $(call to_obj,$(CLIENT_LIB_SRC) $(CLI_SRC) $(MANIFEST_SRC))
SUPPORT_OBJ = $(call to_obj,$(wildcard tests/support/*.c))

LIB_A = $(BUILD)/libtensorinit.a
LIB_SO = $(BUILD)/libtensorinit.so
CLIENT_LIB_A = $(BUILD)/libtensorinit-client.a
CLIENT_LIB_SO = $(BUILD)/libtensorinit-client.so
DAEMON = $(BUILD)/tensorinitd
CLI = $(BUILD)/tensorinit

UNIT_TESTS = $(call tests_in,unit,test_*.c)
ISA_TESTS = $(call tests_in,isa,test_*.c)
FAULT_TESTS = $(call tests_in,fault,test_*.c)
FUZZERS = $(call tests_in,fuzz,fuzz_*.c)
LIBFUZZER = $(if $(filter fuzz,$(CONFIG)),-fsanitize=fuzzer)
EXHAUSTIVE = $(call tests_in,long/exhaustive,*.c)
STATISTICS = $(call tests_in,long/statistics,*.c)
# Those of peers/ are built by tests/long/bench/run, where their library is there.
BENCHES = $(filter-out $(BUILD)/tests/long/bench/peers/%,$(call tests_in,long/bench,*.c))

# Without libFuzzer a fuzz target replays its corpus (tests/fuzz/replay.c), as a test.
TEST_PROGRAMS = $(UNIT_TESTS) $(ISA_TESTS) $(FAULT_TESTS) $(if $(LIBFUZZER),,$(FUZZERS))
# Of tests/long, 'make test' runs one.
TEST_SCRIPTS = $(call lazy,TEST_SCRIPTS,(echo tests/long/http_statistics/run; \
	find tests -mindepth 2 -type f -perm -100 -not -path 'tests/long/*' \
	'(' -path 'tests/lint/*' -o -path 'tests/builds/*' -o -name run -o -name 'run_*' ')') | \
	LC_ALL=C sort)

# Libraries and programs -----------------------------------------------------------------

all: $(LIB_A) $(LIB_SO).0 $(CLIENT_LIB_A) $(CLIENT_LIB_SO).0 $(DAEMON) $(CLI)

# $(call put,TEXT): (re)writes the target only if its text changes, so that what depends
# on it is rebuilt only then.
put = @mkdir -p $(@D); printf '%s\n' '$(strip $1)' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/flags-%: FORCE
	$(call put,$(CC) ($(TARGET)) $(BASE) $(FLAGS_$*) $(CPPFLAGS) $(CFLAGS) \
		$(if $(filter kernels,$*),$(foreach i,$(ISAS),$i: $(ISA_FLAGS_$i))) $(STRICT))

$(BUILD)/flags-link: FORCE
	$(call put,$(LINK) $(NETTLE_LIBS))

# The lists of members: a source that goes away must leave its archive as well.
$(BUILD)/members-%: FORCE
	$(call put,$($*_OBJ))

# What the daemon serves as it is: bytes as numbers, for an #include.
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js
PAGE = $(sort $(wildcard server/page/*)) $(CHART_JS)
PAGE_FILES = $(OBJ)/embedded/page_files.inc
$(OBJ)/server/documents/page_files.o: $(PAGE_FILES)
$(PAGE_FILES): scripts/embed-page $(PAGE) $(BUILD)/page-list
	@mkdir -p $(@D)
	$(call say,EMBED)
	$(Q)scripts/embed-page $(PAGE) >$@

$(BUILD)/page-list: FORCE
	$(call put,$(PAGE))

$(CHART_JS):
	@echo "$@ is not there: 'scripts/install-deps build' installs it" >&2; exit 1

EMBEDDED = $(OBJ)/embedded/tensorinit_py.inc
$(OBJ)/server/endpoints/get_client.o: $(EMBEDDED)
$(EMBEDDED): client/python/tensorinit.py
	@mkdir -p $(@D)
	$(call say,EMBED)
	$(Q)od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' >$@

$(OBJ)/%.o: %.c $(BUILD)/flags-$$(UNIT)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

define archive
$(call say,AR)
$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
endef

define shared_library
$(call say,LINK)
$(Q)$(LINK) $(SOFLAGS) -o $@ $(filter %.o %.so.0,$^) $(LIBS)
@ln -sf $(@F) $(@:.0=)
endef

define program
@mkdir -p $(@D)
$(call say,LINK)
$(Q)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(NETTLE_LIBS) -lm
endef

# The members depend on the target. Only in pattern rules does make put off the second
# expansion until the rule is used, hence the %.
$(BUILD)/lib%.a: $$(CORE_OBJ) $(BUILD)/members-CORE
	$(archive)

$(BUILD)/lib%.so.0: LIBS = $(NETTLE_LIBS) -lm
$(BUILD)/lib%.so.0: $$(CORE_OBJ) $(BUILD)/members-CORE $(BUILD)/flags-link
	$(shared_library)

# Explicit, so that the patterns above do not make it of the core.
$(CLIENT_LIB_A): $(CLIENT_LIB_OBJ) $(BUILD)/members-CLIENT_LIB
	$(archive)

$(CLIENT_LIB_SO).0: LIBS = $(CURL_LIBS)
$(CLIENT_LIB_SO).0: $(CLIENT_LIB_OBJ) $(LIB_SO).0 $(BUILD)/members-CLIENT_LIB \
		$(BUILD)/flags-link
	$(shared_library)

$(DAEMON): LIBS = $(HTTP_LIBS)
$(DAEMON): $(SERVER_OBJ) $(LIB_A) $(BUILD)/members-SERVER $(BUILD)/flags-link
	$(program)

$(CLI): LIBS = $(CURL_LIBS)
$(CLI): $(CLIENT_OBJ) $(LIB_A) $(BUILD)/members-CLIENT $(BUILD)/flags-link
	$(program)

# Archives without the main functions, for tests.
$(OBJ)/server.a: $(filter-out $(OBJ)/server/main.o,$(SERVER_OBJ)) $(BUILD)/members-SERVER
$(OBJ)/client.a: $(filter-out $(OBJ)/client/cli/main.o,$(CLIENT_OBJ)) $(BUILD)/members-CLIENT
$(OBJ)/manifest.a: $(MANIFEST_OBJ) $(BUILD)/members-MANIFEST
$(OBJ)/support.a: $(SUPPORT_OBJ) $(BUILD)/members-SUPPORT
$(OBJ)/server.a $(OBJ)/client.a $(OBJ)/manifest.a $(OBJ)/support.a:
	$(archive)

# A test in a folder server/, client/ or manifest/ links with that part as well.
PART = $(filter server client manifest,$(subst /, ,$(*D)))
LIBS_server = $(HTTP_LIBS)
LIBS_client = $(CURL_LIBS)
LIBS_manifest = $(JSON_LIBS)

# For LD_PRELOAD: lets calls of the daemon fail.
FAIL_NTH = $(BUILD)/tests/fault/fail_nth.so
$(FAIL_NTH): $(OBJ)/tests/fault/fail_nth.o $(BUILD)/flags-link
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(LINK) -shared -o $@ $<

IS_FUZZER = $(filter fuzz_%,$(*F))

$(BUILD)/tests/%: LIBS = $(if $(IS_FUZZER),$(LIBFUZZER),$(CMOCKA_LIBS)) $(LIBS_$(PART))
$(BUILD)/tests/%: $(OBJ)/tests/%.o $$(addsuffix .a,$$(addprefix $(OBJ)/,$$(PART))) \
		$$(if $$(IS_FUZZER),$(if $(LIBFUZZER),,$(OBJ)/tests/fuzz/replay.o)) \
		$(OBJ)/support.a $(LIB_A) $(BUILD)/flags-link
	$(program)

# Headers that each object read when it was last compiled. Not by CORE_OBJ, which asks the
# compiler: 'make run' must be able to install one first.
-include $(patsubst %.o,%.d,$(call to_obj,$(CORE_SRC) $(wildcard core/isa/*.c)) $(SERVER_OBJ) $(CLIENT_OBJ) $(SUPPORT_OBJ)) \
	$(patsubst $(BUILD)/%,$(OBJ)/%.d,$(TEST_PROGRAMS) $(FUZZERS) $(EXHAUSTIVE) \
	$(STATISTICS) $(BENCHES))

# Run ------------------------------------------------------------------------------------

INSTALL_DEPS = DEPS='$(DEPS)' CC='$(CC)' scripts/install-deps
FIRST_REQUEST = /v1/tensor?shape=512,784&scheme=he_normal&seed=42&name=fc1.weight&format=npy
REACHED_AT = $(patsubst 0.0.0.0:%,127.0.0.1:%,$(patsubst [::]:%,[::1]:%,$(LISTEN)))

run:
	@$(INSTALL_DEPS) build client
	+@$(SUBMAKE) all
	@printf "%s\n" "" "In another terminal:" "" \
		"  curl -D - 'http://$(REACHED_AT)$(FIRST_REQUEST)' -o w.npy" ""
	@exec $(DAEMON) --listen '$(LISTEN)'

# Test -----------------------------------------------------------------------------------

# ONLY=PATTERN picks test steps by name, e.g. ONLY='lint/*'.
RUN_TESTS = BUILD='$(abspath $(BUILD))' CONFIG='$(CONFIG)' CC='$(CC)' MAKE='$(MAKE)' \
	WERROR='$(WERROR)' REQUIRE_ALL='$(REQUIRE_ALL)' ONLY='$(ONLY)' tests/run

check: STEPS = $(filter tests/lint/%,$(TEST_SCRIPTS)) $(TEST_PROGRAMS)
test: STEPS = $(TEST_SCRIPTS) $(TEST_PROGRAMS)
check test:
	@$(INSTALL_DEPS) build client test $(if $(filter 1,$(REQUIRE_ALL)),all)
	+@$(SUBMAKE) all programs
	@$(RUN_TESTS) $(STEPS)

programs: $(TEST_PROGRAMS) $(FAIL_NTH)

# Without server and client: the part that runs under qemu. And without the statistics that
# only the bits decide, which other tests hold to be the same everywhere, and without texts
# that no instruction set computes, of which there are very many.
CORE_TESTS = $(filter-out $(foreach d,server client manifest,$(BUILD)/tests/unit/$d/% \
	$(BUILD)/tests/fault/$d/% $(BUILD)/tests/fuzz/$d/%) \
	$(addprefix $(BUILD)/tests/unit/core/,orthogonal/test_haar request/test_hints \
	model/test_manifest),$(TEST_PROGRAMS))

# Only C programs: for other compilers, sanitizers, and NEON under qemu.
test-programs: $(TEST_PROGRAMS)
test-core: $(LIB_A) $(LIB_SO).0 $(CLI) $(CORE_TESTS)
test-isa: $(ISA_TESTS)
test-fault: $(FAULT_TESTS)
test-programs test-core test-isa test-fault:
	@$(RUN_TESTS) $(filter $(BUILD)/tests/%,$^)

test-exhaustive: STEPS = $(EXHAUSTIVE) tests/long/exhaustive/run
test-statistics: STEPS = tests/long/statistics/run tests/long/http_statistics/run
test-long: STEPS = $(EXHAUSTIVE) $(addprefix tests/long/,$(addsuffix /run,exhaustive \
	mutations statistics http_statistics robust races replicas shards image \
	package valgrind))
test-long: programs
test-long test-exhaustive test-statistics: all $(EXHAUSTIVE) $(STATISTICS)
	@$(if $(filter 1,$(REQUIRE_ALL)),$(INSTALL_DEPS) all long statistics)
	@SLOW=1 LIMIT_SECONDS=0 $(RUN_TESTS) $(STEPS)

SOAK_SECONDS ?= 600
soak: all
	@BUILD='$(abspath $(BUILD))' CONFIG='$(CONFIG)' SOAK_SECONDS='$(SOAK_SECONDS)' \
		tests/long/soak/run

FUZZ_SECONDS ?= 60
fuzz:
	+@$(SUBMAKE) run-fuzzers CONFIG=fuzz

run-fuzzers: $(FUZZERS) $(BUILD)/tests/fuzz/dictionary
	@BUILD='$(BUILD)' FUZZ_SECONDS='$(FUZZ_SECONDS)' scripts/fuzz $(FUZZERS)

bench: all $(BENCHES)
	@BUILD='$(abspath $(BUILD))' CONFIG='$(CONFIG)' CC='$(CC)' ZMIJ='$(ZMIJ)' \
		RANDOMPACK='$(RANDOMPACK)' tests/long/bench/run

# Look after -----------------------------------------------------------------------------

C_FILES = $(call lazy,C_FILES,find core manifest server client include tests -name '*.[ch]')
C_SOURCES = $(CORE_SRC) $(ISA_SRC) $(MANIFEST_SRC) $(SERVER_SRC) $(CLIENT_LIB_SRC) $(CLI_SRC)

lint: all compdb
	@$(RUN_TESTS) $(filter tests/lint/%,$(TEST_SCRIPTS))
	clang-tidy --quiet -p $(BUILD) $(C_SOURCES)

format:
	clang-format -i $(C_FILES)

compdb:
	@mkdir -p $(BUILD)
	@$(MAKE) -nB V=1 all programs | scripts/compdb >$(BUILD)/compile_commands.json
	@echo $(BUILD)/compile_commands.json

# Those of docs/WHY.md.
pictures: $(DAEMON)
	scripts/why_pictures.py $(DAEMON) docs

screenshots: $(DAEMON)
	BUILD=$(abspath $(BUILD)) tests/page/run --install --screenshots

clean:
	rm -rf build

# Install and ship -----------------------------------------------------------------------

INSTALLED = $(wildcard include/tensorinit/*.h include/tensorinit/*.def)
MAN = $(wildcard deploy/man/*.[18])
DOCS = $(wildcard README.md LICENSE CHANGELOG.md docs/*.md docs/*.tsv docs/*.json docs/*.svg)
# Folders of manifests: what lies in each is installed as it is.
MODELS = $(wildcard deploy/models/*)
LIBRARIES = libtensorinit libtensorinit-client

# Units and the user that they name; the directories are where systemd looks for both prefixes.
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
UNITS = $(wildcard deploy/systemd/*.service deploy/systemd/*.socket)

# Where the shells look for completions.
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

# $(call relocatable,DIR): from where the .pc files lie, if both are below PREFIX.
relocatable = $(patsubst $(PREFIX)/%,$${prefix}/%,$1)
PC_PREFIX = $(if $(filter $(PREFIX)/%,$(PCDIR)),$${pcfiledir}/$(shell realpath -sm --relative-to='$(PCDIR)' '$(PREFIX)'),$(PREFIX))

install: all
	install -d $(patsubst %,'$(DESTDIR)%',$(BINDIR) $(LIBDIR) $(PCDIR) \
		$(INCDIR)/tensorinit $(DOCDIR) $(MANDIR)/man1 $(MANDIR)/man8 $(UNITDIR) $(SYSUSERSDIR) \
		$(BASHDIR) $(ZSHDIR) $(FISHDIR))
	install -m 755 $(DAEMON) $(CLI) '$(DESTDIR)$(BINDIR)'
	install -m 644 $(LIB_A) $(CLIENT_LIB_A) '$(DESTDIR)$(LIBDIR)'
	cd '$(DESTDIR)$(LIBDIR)' && for lib in $(LIBRARIES); do \
		install -m 644 $(abspath $(BUILD))/$$lib.so.0 $$lib.so.$(VERSION) && \
		ln -sf $$lib.so.$(VERSION) $$lib.so.0 && ln -sf $$lib.so.0 $$lib.so || exit 1; \
	done
	install -m 644 $(INSTALLED) '$(DESTDIR)$(INCDIR)/tensorinit'
	for pc in tensorinit tensorinit-client; do sed -e 's|@PREFIX@|$(PC_PREFIX)|' \
		-e 's|@LIBDIR@|$(call relocatable,$(LIBDIR))|' \
		-e 's|@INCDIR@|$(call relocatable,$(INCDIR))|' -e 's|@VERSION@|$(VERSION)|' \
		deploy/$$pc.pc.in >'$(DESTDIR)$(PCDIR)'/$$pc.pc || exit 1; done
	install -m 644 $(DOCS) '$(DESTDIR)$(DOCDIR)'
	for model in $(notdir $(MODELS)); do install -d '$(DESTDIR)$(MODELDIR)'/$$model && \
		install -m 644 deploy/models/$$model/* '$(DESTDIR)$(MODELDIR)'/$$model || exit 1; done
	install -m 644 $(filter %.1,$(MAN)) '$(DESTDIR)$(MANDIR)/man1'
	install -m 644 $(filter %.8,$(MAN)) '$(DESTDIR)$(MANDIR)/man8'
	install -m 644 deploy/completions/tensorinit.bash '$(DESTDIR)$(BASHDIR)/tensorinit'
	install -m 644 deploy/completions/_tensorinit '$(DESTDIR)$(ZSHDIR)'
	install -m 644 deploy/completions/tensorinit.fish '$(DESTDIR)$(FISHDIR)'
	for unit in $(notdir $(UNITS)); do sed 's|/usr/bin/|$(BINDIR)/|' deploy/systemd/$$unit \
		>'$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; done
	install -m 644 deploy/systemd/tensorinit.sysusers '$(DESTDIR)$(SYSUSERSDIR)/tensorinit.conf'

uninstall:
	rm -f $(patsubst %,'$(DESTDIR)%',$(BINDIR)/tensorinit $(BINDIR)/tensorinitd \
		$(foreach l,$(LIBRARIES),$(addprefix $(LIBDIR)/$l,.a .so .so.0 .so.$(VERSION))) \
		$(PCDIR)/tensorinit.pc $(PCDIR)/tensorinit-client.pc \
		$(BASHDIR)/tensorinit $(ZSHDIR)/_tensorinit $(FISHDIR)/tensorinit.fish \
		$(patsubst deploy/systemd/%,$(UNITDIR)/%,$(UNITS)) $(SYSUSERSDIR)/tensorinit.conf \
		$(foreach n,1 8,$(patsubst deploy/man/%,$(MANDIR)/man$n/%,$(filter %.$n,$(MAN)))))
	rm -rf '$(DESTDIR)$(INCDIR)/tensorinit' '$(DESTDIR)$(DOCDIR)' \
		$(patsubst deploy/models/%,'$(DESTDIR)$(MODELDIR)/%',$(MODELS))

# The committed tree, without regard to what lies around it.
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=tensorinit-$(VERSION)/ HEAD | gzip -9n \
		>$(BUILD)/tensorinit-$(VERSION).tar.gz
	@echo $(BUILD)/tensorinit-$(VERSION).tar.gz

IMAGE ?= tensorinit
BUILD_BASE ?= debian:12-slim
image:
	IMAGE_TOOL='$(IMAGE_TOOL)' IMAGE_ARCH='$(IMAGE_ARCH)' BUILD_BASE='$(BUILD_BASE)' scripts/image '$(IMAGE)' '$(VERSION)'

deb:
	scripts/deb '$(abspath $(BUILD))/deb' '$(VERSION)'

# Help -----------------------------------------------------------------------------------

define HELP
make                  build everything into $(BUILD)
make run              install what is missing, build, start on LISTEN=$(LISTEN)
make check            likewise, build, run unit tests and lint: under a minute
make test             likewise, all tests: under five (ONLY='lint/*': some)
make test-long        those of hours: test-exhaustive, test-statistics, and misreadings of SPEC.md
make test-isa         each instruction set against the portable one
make test-fault       each allocation fails once
make test-exhaustive  all 2^32 words
make test-statistics  tests of the random streams, and of what is sent over HTTP
make soak             a mixed load for SOAK_SECONDS=$(SOAK_SECONDS): memory stays flat
make fuzz             each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS); needs clang
make bench            a table of speeds and ratios; ZMIJ, RANDOMPACK=PATH: to compare with
make lint             tests/lint and clang-tidy
make format           clang-format on all C files
make compdb           compile_commands.json
make install          to DESTDIR, PREFIX=$(PREFIX); make uninstall takes it away
make dist             the source as tar.gz
make image            a container image by IMAGE_TOOL=docker, podman or buildah, for
                      IMAGE_ARCH=amd64 or arm64
make deb              Debian packages, of what is committed; needs debhelper
make pictures         those of docs/WHY.md, again; make screenshots: those of README.md
make clean            remove build/

CONFIG=$(CONFIG)  one of $(CONFIGS)
DEPS=no      run and test install nothing
REQUIRE_ALL=1  test installs all that it can use, runs the slow steps; a skip is a failure
WERROR=1     warnings are errors          V=1  print whole commands
CC CFLAGS CPPFLAGS LDFLAGS as usual
endef

help:
	$(info $(HELP))
	@:
