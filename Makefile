# SPDX-License-Identifier: MIT
#
# tensorinit: 'make help' lists the targets.
#
# Nothing is probed while this file is read: 'make run' and 'make test' must be able to
# install a compiler first. What depends on the compiler or on pkg-config is asked once,
# when a rule first needs it ('lazy' below).

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all

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

# DEPS=no: install nothing. V=1: print whole commands. WERROR=1: warnings are errors.
# REQUIRE_ALL=1: install all that the tests can use; a skipped test is then a failure.
DEPS ?= yes
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $1 $@)

# $(call lazy,NAME,COMMAND): the output of COMMAND, run once and only if it is needed.
lazy = $(eval $1 := $$(shell $2))$(if $(filter 0,$(.SHELLSTATUS)),,$(error \
	'$2' failed; 'scripts/install-deps build test' installs what is needed))$($1)

TARGET = $(call lazy,TARGET,$(CC) -dumpmachine)
VERSION = $(call lazy,VERSION,sed -n 's/.*TI_VERSION_STRING "\(.*\)".*/\1/p' \
	include/tensorinit/version.h)
NETTLE_CFLAGS = $(call lazy,NETTLE_CFLAGS,pkg-config --cflags nettle)
NETTLE_LIBS = $(call lazy,NETTLE_LIBS,pkg-config --libs nettle)
HTTP_CFLAGS = $(call lazy,HTTP_CFLAGS,pkg-config --cflags libmicrohttpd jansson)
HTTP_LIBS = $(call lazy,HTTP_LIBS,pkg-config --libs libmicrohttpd jansson)
CURL_CFLAGS = $(call lazy,CURL_CFLAGS,pkg-config --cflags libcurl jansson)
CURL_LIBS = $(call lazy,CURL_LIBS,pkg-config --libs libcurl jansson)
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
SOFLAGS = -shared -Wl,-soname,$(@F) -Wl,-z,defs

# Instruction sets: a new one is a line of units, a line of flags.
ISAS_x86_64 = portable avx2 avx512
ISAS_aarch64 = portable neon
ISA_FLAGS_avx2 = -mavx2 -mf16c
ISA_FLAGS_avx512 = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mf16c
ISAS = $(or $(ISAS_$(firstword $(subst -, ,$(TARGET)))),portable)

FLAGS_core = $(NETTLE_CFLAGS)
FLAGS_kernels = $(OPT_KERNELS)
FLAGS_server = $(HTTP_CFLAGS)
FLAGS_client = $(NETTLE_CFLAGS) $(if $(CLIENT_LIB_SRC),$(CURL_CFLAGS))
FLAGS_tests = -iquote tests $(CMOCKA_CFLAGS) $(NETTLE_CFLAGS)
FLAGS_tests_server = $(FLAGS_tests) $(HTTP_CFLAGS)

# Empty unless set for a target below; not to be taken from the environment.
UNIT =
ISA =
LIBS =

$(OBJ)/core/%.o: UNIT = $(FLAGS_core)
$(OBJ)/core/isa/%.o: UNIT = $(FLAGS_kernels)
$(OBJ)/core/isa/%.o: ISA = $(ISA_FLAGS_$(basename $(@F)))
$(OBJ)/server/%.o: UNIT = $(FLAGS_server)
$(OBJ)/client/%.o: UNIT = $(FLAGS_client)
$(OBJ)/tests/%.o: UNIT = $(FLAGS_tests)
$(OBJ)/tests/unit/server/%.o $(OBJ)/tests/fuzz/server/%.o: UNIT = $(FLAGS_tests_server)
$(OBJ)/tests/fault/server/%.o: UNIT = $(FLAGS_tests_server)

COMPILE = $(CC) $(BASE) $(UNIT) $(CPPFLAGS) $(CFLAGS) $(ISA) $(STRICT)

# Sources --------------------------------------------------------------------------------

to_obj = $(patsubst %.c,$(OBJ)/%.o,$1)
# Test programs lie up to three folders deep, as the sources that they mirror.
tests_in = $(wildcard $(foreach d,$1,$(addprefix tests/$d/,$2 */$2 */*/$2 */*/*/$2)))
to_program = $(patsubst %.c,$(BUILD)/%,$1)

CORE_SRC = $(filter-out core/isa/%,$(wildcard core/*/*.c core/*/*/*.c))
ISA_SRC = $(wildcard $(ISAS:%=core/isa/%.c))
SERVER_SRC = $(wildcard server/*.c server/*/*.c)
CLIENT_LIB_SRC = $(wildcard client/*.c)
CLI_SRC = $(wildcard client/cli/*.c)
SUPPORT_SRC = $(wildcard tests/support/*.c)

CORE_OBJ = $(call to_obj,$(CORE_SRC) $(ISA_SRC))
SERVER_OBJ = $(call to_obj,$(SERVER_SRC))
CLIENT_OBJ = $(call to_obj,$(CLIENT_LIB_SRC) $(CLI_SRC))
CLIENT_LIB_OBJ = $(call to_obj,$(CLIENT_LIB_SRC))
SUPPORT_OBJ = $(call to_obj,$(SUPPORT_SRC))

LIB_A = $(BUILD)/libtensorinit.a
LIB_SO = $(BUILD)/libtensorinit.so
CLIENT_LIB_A = $(if $(CLIENT_LIB_SRC),$(BUILD)/libtensorinit-client.a)
CLIENT_LIB_SO = $(if $(CLIENT_LIB_SRC),$(BUILD)/libtensorinit-client.so.0)
DAEMON = $(if $(SERVER_SRC),$(BUILD)/tensorinitd)
CLI = $(if $(CLI_SRC),$(BUILD)/tensorinit)

# Archives without the main functions, for tests.
SERVER_A = $(if $(SERVER_SRC),$(OBJ)/server.a)
CLIENT_A = $(if $(CLIENT_LIB_SRC)$(CLI_SRC),$(OBJ)/client.a)
SUPPORT_A = $(if $(SUPPORT_SRC),$(OBJ)/support.a)

UNIT_TESTS = $(call to_program,$(call tests_in,unit,test_*.c))
ISA_TESTS = $(call to_program,$(call tests_in,isa,test_*.c))
FAULT_TESTS = $(call to_program,$(call tests_in,fault,test_*.c))
FUZZERS = $(call to_program,$(call tests_in,fuzz,fuzz_*.c))
EXHAUSTIVE = $(call to_program,$(wildcard tests/long/exhaustive/*.c))
STATISTICS = $(call to_program,$(wildcard tests/long/statistics/*.c))
BENCHES = $(call to_program,$(wildcard tests/long/bench/*.c))

TEST_PROGRAMS = $(UNIT_TESTS) $(ISA_TESTS) $(FAULT_TESTS)
TEST_SCRIPTS = $(call lazy,TEST_SCRIPTS,find tests -mindepth 2 -type f -perm -100 \
	'(' -path 'tests/lint/*' -o -path 'tests/builds/*' -o -name run -o -name 'run_*' ')' | \
	grep -Ev '^tests/long/(bench|exhaustive|statistics)/' | LC_ALL=C sort)

# Libraries and programs -----------------------------------------------------------------

.PHONY: all
all: $(if $(CORE_SRC),$(LIB_A) $(LIB_SO).0) $(CLIENT_LIB_A) $(CLIENT_LIB_SO) $(DAEMON) $(CLI)

# $(call put,TEXT): (re)writes the target only if its text changes, so that what depends
# on it is rebuilt only then.
put = @mkdir -p $(@D); printf '%s\n' '$(strip $1)' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:

$(BUILD)/flags-%: FORCE
	$(call put,$(CC) ($(TARGET)) $(BASE) $(FLAGS_$*) $(CPPFLAGS) $(CFLAGS) \
		$(if $(filter kernels,$*),$(foreach i,$(ISAS),$i: $(ISA_FLAGS_$i))) $(STRICT))

$(BUILD)/flags-link: FORCE
	$(call put,$(LINK) $(NETTLE_LIBS))

# The lists of members: a source that goes away must leave its archive as well.
$(BUILD)/members-%: FORCE
	$(call put,$($*_OBJ))

define compile
@mkdir -p $(@D)
$(call say,CC)
$(Q)$(COMPILE) -MMD -MP -c -o $@ $<
endef

$(OBJ)/core/%.o: core/%.c $(BUILD)/flags-core
	$(compile)

$(OBJ)/core/isa/%.o: core/isa/%.c $(BUILD)/flags-kernels
	$(compile)

$(OBJ)/server/%.o: server/%.c $(BUILD)/flags-server
	$(compile)

$(OBJ)/client/%.o: client/%.c $(BUILD)/flags-client
	$(compile)

$(OBJ)/tests/%.o: tests/%.c $(BUILD)/flags-tests
	$(compile)

define archive
$(call say,AR)
$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
endef

# The members depend on the target. Only in pattern rules does make put off the second
# expansion until the rule is used, hence the %.
$(BUILD)/lib%.a: $$(CORE_OBJ) $(BUILD)/members-CORE
	$(archive)

$(OBJ)/server.a: $(filter-out $(OBJ)/server/main.o,$(SERVER_OBJ)) $(BUILD)/members-SERVER
	$(archive)

$(OBJ)/client.a: $(filter-out $(OBJ)/client/cli/main.o,$(CLIENT_OBJ)) $(BUILD)/members-CLIENT
	$(archive)

$(OBJ)/support.a: $(SUPPORT_OBJ) $(BUILD)/members-SUPPORT
	$(archive)

$(BUILD)/lib%.so.0: $$(CORE_OBJ) $(BUILD)/members-CORE $(BUILD)/flags-link
	$(call say,LINK)
	$(Q)$(LINK) $(SOFLAGS) -o $@ $(filter %.o,$^) $(NETTLE_LIBS) -lm
	@ln -sf $(@F) $(LIB_SO)

# Explicit, so that the patterns above do not make it of the core.
$(BUILD)/libtensorinit-client.a: $(CLIENT_LIB_OBJ) $(BUILD)/members-CLIENT_LIB
	$(archive)

$(BUILD)/libtensorinit-client.so.0: $(CLIENT_LIB_OBJ) $(LIB_SO).0 \
		$(BUILD)/members-CLIENT_LIB $(BUILD)/flags-link
	$(call say,LINK)
	$(Q)$(LINK) $(SOFLAGS) -o $@ $(filter %.o,$^) $(LIB_SO).0 $(CURL_LIBS)
	@ln -sf $(@F) $(@:.0=)

define program
@mkdir -p $(@D)
$(call say,LINK)
$(Q)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(NETTLE_LIBS) -lm
endef

$(BUILD)/tensorinitd: LIBS = $(HTTP_LIBS)
$(BUILD)/tensorinitd: $(SERVER_OBJ) $(LIB_A) $(BUILD)/members-SERVER $(BUILD)/flags-link
	$(program)

$(BUILD)/tensorinit: LIBS = $(if $(CLIENT_LIB_SRC),$(CURL_LIBS))
$(BUILD)/tensorinit: $(CLIENT_OBJ) $(LIB_A) $(BUILD)/members-CLIENT $(BUILD)/flags-link
	$(program)

# Test programs: of several matching rules make takes the one with the shortest stem.
$(BUILD)/tests/%: LIBS = $(CMOCKA_LIBS)
$(BUILD)/tests/%: $(OBJ)/tests/%.o $(SUPPORT_A) $(LIB_A) $(BUILD)/flags-link
	$(program)

SERVER_TEST_DEPS = $(SERVER_A) $(SUPPORT_A) $(LIB_A) $(BUILD)/flags-link

$(BUILD)/tests/unit/server/% $(BUILD)/tests/fault/server/%: LIBS = $(CMOCKA_LIBS) $(HTTP_LIBS)
$(BUILD)/tests/unit/server/%: $(OBJ)/tests/unit/server/%.o $(SERVER_TEST_DEPS)
	$(program)

$(BUILD)/tests/fault/server/%: $(OBJ)/tests/fault/server/%.o $(SERVER_TEST_DEPS)
	$(program)

$(BUILD)/tests/unit/client/%: LIBS = $(CMOCKA_LIBS) $(if $(CLIENT_LIB_SRC),$(CURL_LIBS))
$(BUILD)/tests/unit/client/%: $(OBJ)/tests/unit/client/%.o $(CLIENT_A) $(SUPPORT_A) \
		$(LIB_A) $(BUILD)/flags-link
	$(program)

$(BUILD)/tests/fuzz/%: LIBS = -fsanitize=fuzzer
$(BUILD)/tests/fuzz/%: $(OBJ)/tests/fuzz/%.o $(LIB_A) $(BUILD)/flags-link
	$(program)

$(BUILD)/tests/fuzz/server/%: LIBS = -fsanitize=fuzzer $(HTTP_LIBS)
$(BUILD)/tests/fuzz/server/%: $(OBJ)/tests/fuzz/server/%.o $(SERVER_A) $(LIB_A) \
		$(BUILD)/flags-link
	$(program)

# Headers that each object read when it was last compiled.
-include $(patsubst %.o,%.d,$(call to_obj,$(CORE_SRC) $(wildcard core/isa/*.c) \
	$(SERVER_SRC) $(CLIENT_LIB_SRC) $(CLI_SRC) $(SUPPORT_SRC)) \
	$(patsubst $(BUILD)/%,$(OBJ)/%.o,$(TEST_PROGRAMS) $(FUZZERS) $(EXHAUSTIVE) \
	$(STATISTICS) $(BENCHES)))

# Run ------------------------------------------------------------------------------------

# libcurl only once there is a client library that wants it.
DEP_GROUPS = build $(if $(CLIENT_LIB_SRC),client)
INSTALL_DEPS = DEPS='$(DEPS)' CC='$(CC)' scripts/install-deps
FIRST_REQUEST = /v1/tensor?shape=512,784&scheme=he_normal&seed=42&name=fc1.weight&format=npy
REACHED_AT = $(patsubst 0.0.0.0:%,127.0.0.1:%,$(patsubst [::]:%,[::1]:%,$(LISTEN)))

.PHONY: run
run:
	@$(INSTALL_DEPS) $(DEP_GROUPS)
	+@$(SUBMAKE) all
	@printf "%s\n" "" "In another terminal:" "" \
		"  curl -D - 'http://$(REACHED_AT)$(FIRST_REQUEST)' -o w.npy" ""
	@exec $(BUILD)/tensorinitd --listen '$(LISTEN)'

# Test -----------------------------------------------------------------------------------

# ONLY=PATTERN picks test steps by name, e.g. ONLY='lint/*'.
RUN_TESTS = BUILD='$(abspath $(BUILD))' CONFIG='$(CONFIG)' CC='$(CC)' MAKE='$(MAKE)' \
	WERROR='$(WERROR)' REQUIRE_ALL='$(REQUIRE_ALL)' ONLY='$(ONLY)' tests/run
TEST_DEP_GROUPS = $(DEP_GROUPS) test $(if $(filter 1,$(REQUIRE_ALL)),all)

.PHONY: test
test:
	@$(INSTALL_DEPS) $(TEST_DEP_GROUPS)
	+@$(SUBMAKE) all programs
	@$(RUN_TESTS) $(TEST_PROGRAMS) $(TEST_SCRIPTS)

# What 'make test' runs, built.
.PHONY: programs
programs: $(TEST_PROGRAMS)

# Only the C programs: for other compilers, sanitizers, and NEON under qemu.
.PHONY: test-programs test-core test-isa test-fault
test-programs: programs
	@$(RUN_TESTS) $(TEST_PROGRAMS)

# Without server and client: the part that runs under qemu. And without the statistics that
# only the bits decide, which other tests hold to be the same everywhere.
CORE_TESTS = $(filter-out $(foreach d,unit/server unit/client fault/server,\
	$(BUILD)/tests/$d/%) $(BUILD)/tests/unit/core/orthogonal/test_haar,$(TEST_PROGRAMS))

test-core: $(LIB_A) $(LIB_SO).0 $(CLI) $(CORE_TESTS)
	@$(RUN_TESTS) $(CORE_TESTS)

test-isa: $(ISA_TESTS)
	@$(RUN_TESTS) $^

test-fault: $(FAULT_TESTS)
	@$(RUN_TESTS) $^

.PHONY: test-exhaustive test-statistics
test-exhaustive: all $(EXHAUSTIVE)
	@LIMIT_SECONDS=0 $(RUN_TESTS) $(EXHAUSTIVE) $(wildcard tests/long/exhaustive/run)

test-statistics: all $(STATISTICS)
	@LIMIT_SECONDS=0 $(RUN_TESTS) tests/long/statistics/run

FUZZ_SECONDS ?= 60

.PHONY: fuzz
fuzz:
	+@$(SUBMAKE) run-fuzzers CONFIG=fuzz

.PHONY: run-fuzzers
run-fuzzers: $(FUZZERS)
	@for f in $(FUZZERS); do \
		corpus=$$f.corpus; seeds=tests/fuzz/corpus/$${f##*/}; mkdir -p $$corpus; echo "$$f"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			$$(ls -d $$seeds.dict 2>/dev/null | sed s/^/-dict=/) \
			$$corpus $$(ls -d $$seeds 2>/dev/null) || exit 1; \
	done

.PHONY: bench
bench: all $(BENCHES)
	@BUILD='$(abspath $(BUILD))' CONFIG='$(CONFIG)' CC='$(CC)' ZMIJ='$(ZMIJ)' tests/long/bench/run

# Look after -----------------------------------------------------------------------------

C_FILES = $(call lazy,C_FILES,find \
	$(wildcard core server client include tests) -name '*.[ch]')
C_SOURCES = $(CORE_SRC) $(ISA_SRC) $(SERVER_SRC) $(CLIENT_LIB_SRC) $(CLI_SRC)

.PHONY: lint
lint: all compdb
	@$(RUN_TESTS) $(filter tests/lint/%,$(TEST_SCRIPTS))
	clang-tidy --quiet -p $(BUILD) $(C_SOURCES)

.PHONY: format
format:
	clang-format -i $(C_FILES)

# compile_commands.json for editors and clang-tidy, from the commands as make runs them.
.PHONY: compdb
compdb:
	@mkdir -p $(BUILD)
	@$(MAKE) -nB V=1 all programs | awk -v dir='$(CURDIR)' '/ -c -o / { \
		gsub(/["\\]/, "\\\\&"); printf "%s{\"directory\": \"%s\", \"file\": \"%s\", \
		\"command\": \"%s\"}", n++ ? ",\n" : "[\n", dir, $$NF, $$0 } END { print "\n]" }' \
		>$(BUILD)/compile_commands.json
	@echo $(BUILD)/compile_commands.json

.PHONY: clean
clean:
	rm -rf build

# Install and ship -----------------------------------------------------------------------

INSTALLED = $(wildcard include/tensorinit/*.h include/tensorinit/*.def)
MAN1 = $(wildcard deploy/man/*.1)
MAN8 = $(wildcard deploy/man/*.8)
DOCS = $(wildcard README.md LICENSE CHANGELOG.md docs/*.md docs/*.tsv)
SO = libtensorinit.so
CLIENT_SO = libtensorinit-client.so
PC = tensorinit $(if $(CLIENT_LIB_SRC),tensorinit-client)

.PHONY: install
install: all
	install -d $(addprefix '$(DESTDIR),$(addsuffix ',$(BINDIR) $(LIBDIR) $(PCDIR) \
		$(INCDIR)/tensorinit $(DOCDIR) $(if $(MAN1),$(MANDIR)/man1) $(if $(MAN8),$(MANDIR)/man8)))
	$(if $(DAEMON)$(CLI),install -m 755 $(DAEMON) $(CLI) '$(DESTDIR)$(BINDIR)')
	install -m 644 $(LIB_A) '$(DESTDIR)$(LIBDIR)'
	install -m 644 $(LIB_SO).0 '$(DESTDIR)$(LIBDIR)/$(SO).$(VERSION)'
	ln -sf $(SO).$(VERSION) '$(DESTDIR)$(LIBDIR)/$(SO).0'
	ln -sf $(SO).0 '$(DESTDIR)$(LIBDIR)/$(SO)'
ifneq ($(CLIENT_LIB_SRC),)
	install -m 644 $(CLIENT_LIB_A) '$(DESTDIR)$(LIBDIR)'
	install -m 644 $(CLIENT_LIB_SO) '$(DESTDIR)$(LIBDIR)/$(CLIENT_SO).$(VERSION)'
	ln -sf $(CLIENT_SO).$(VERSION) '$(DESTDIR)$(LIBDIR)/$(CLIENT_SO).0'
	ln -sf $(CLIENT_SO).0 '$(DESTDIR)$(LIBDIR)/$(CLIENT_SO)'
endif
	install -m 644 $(INSTALLED) '$(DESTDIR)$(INCDIR)/tensorinit'
	for pc in $(PC); do sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCDIR@|$(INCDIR)|' -e 's|@VERSION@|$(VERSION)|' deploy/$$pc.pc.in \
		>'$(DESTDIR)$(PCDIR)'/$$pc.pc || exit 1; done
	install -m 644 $(DOCS) '$(DESTDIR)$(DOCDIR)'
	$(if $(MAN1),install -m 644 $(MAN1) '$(DESTDIR)$(MANDIR)/man1')
	$(if $(MAN8),install -m 644 $(MAN8) '$(DESTDIR)$(MANDIR)/man8')

.PHONY: uninstall
uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/tensorinit' '$(DESTDIR)$(BINDIR)/tensorinitd'
	rm -f '$(DESTDIR)$(LIBDIR)/libtensorinit.a' '$(DESTDIR)$(LIBDIR)/$(SO)' \
		'$(DESTDIR)$(LIBDIR)/$(SO).0' '$(DESTDIR)$(LIBDIR)/$(SO).$(VERSION)' \
		'$(DESTDIR)$(LIBDIR)/libtensorinit-client.a' \
		$(foreach s,$(CLIENT_SO) $(CLIENT_SO).0 $(CLIENT_SO).$(VERSION),'$(DESTDIR)$(LIBDIR)/$s') \
		$(PC:%='$(DESTDIR)$(PCDIR)/%.pc')
	rm -f $(patsubst deploy/man/%.1,'$(DESTDIR)$(MANDIR)/man1/%.1',$(MAN1)) \
		$(patsubst deploy/man/%.8,'$(DESTDIR)$(MANDIR)/man8/%.8',$(MAN8))
	rm -rf '$(DESTDIR)$(INCDIR)/tensorinit' '$(DESTDIR)$(DOCDIR)'

# The committed tree, without regard to what lies around it.
.PHONY: dist
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=tensorinit-$(VERSION)/ HEAD | gzip -9n \
		>$(BUILD)/tensorinit-$(VERSION).tar.gz
	@echo $(BUILD)/tensorinit-$(VERSION).tar.gz

IMAGE ?= tensorinit
BUILD_BASE ?= debian:12-slim

.PHONY: image
image:
	IMAGE_TOOL='$(IMAGE_TOOL)' BUILD_BASE='$(BUILD_BASE)' scripts/image \
		'$(IMAGE)' '$(VERSION)'

# Help -----------------------------------------------------------------------------------

define HELP
make                  build everything into $(BUILD)
make run              install what is missing, build, start on LISTEN=$(LISTEN)
make test             install what is missing, build, run all tests (ONLY='lint/*': some)
make test-isa         each instruction set against the portable one
make test-fault       each allocation fails once
make test-exhaustive  all 2^32 words (long)
make test-statistics  tests of the random streams (long)
make fuzz             each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS)
make bench            a table of speeds and ratios; ZMIJ=PATH: its source, to compare with
make lint             tests/lint and clang-tidy
make format           clang-format on all C files
make compdb           compile_commands.json
make install          to DESTDIR, PREFIX=$(PREFIX); make uninstall takes it away
make dist             the source as tar.gz
make image            a container image by IMAGE_TOOL=docker, podman or buildah
make clean            remove build/

CONFIG=$(CONFIG)  one of $(CONFIGS)
DEPS=no      run and test install nothing
REQUIRE_ALL=1  test installs all that it can use; a skip is a failure
WERROR=1     warnings are errors          V=1  print whole commands
CC CFLAGS CPPFLAGS LDFLAGS as usual
endef

.PHONY: help
help:
	$(info $(HELP))
	@:
