/* SPDX-License-Identifier: MIT */
/* server/config, http/address and work/cpus: command line and environment. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/config.h"
#include "server/work/cpus.h"
#include "support/test.h"

/* The environment of the test at hand: "NAME=VALUE", ..., NULL; NULL: empty. */
static const char *const *variables;

static char why[TID_CONFIG_WHY_BYTES];
static struct tid_config_sources sources;

static enum tid_config_result read_config(struct tid_config *config, const char *line) {
    static char words[1024];
    char *argv[32] = {(char *)(uintptr_t) "tensorinitd"};
    char *environment[32] = {NULL};
    int argc = 1;
    char *rest;

    for (size_t i = 0; variables && variables[i]; i++)
        environment[i] = (char *)(uintptr_t)variables[i];
    memcpy(words, line, strlen(line) + 1);
    for (char *word = strtok_r(words, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    why[0] = '\0';
    return tid_config_read(config, argc, argv, environment, &sources, why, sizeof why);
}

static void defaults(void **state) {
    struct tid_config config;
    (void)state;
    variables = NULL;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_RUN);
    assert_int_equal(config.listen.count, 1);
    assert_string_equal(config.listen.items[0].host, "127.0.0.1");
    assert_string_equal(config.listen.items[0].port, "8080");
    assert_true(config.listens_by_default);
    assert_int_equal(config.admin_listen.count, 0);
    assert_false(config.reuse_port);
    assert_int_equal(config.workers, 0);
    assert_int_equal(config.compute_threads, 0);
    assert_int_equal(config.memory_bytes, 0); /* by the control group */
    assert_int_equal(config.wait_ms, 50000);
    assert_int_equal(config.max_connections, 1024);
    assert_int_equal(config.header_ms, 10000);
    assert_int_equal(config.idle_ms, 60000);
    assert_int_equal(config.drain_ms, 60000);
    assert_string_equal(config.cors.text, "*");
    assert_false(config.access_log);
}

static void arguments(void **state) {
    struct tid_config config;
    (void)state;
    variables = NULL;
    assert_int_equal(
        read_config(&config,
                    "--listen [::1]:0 --listen=localhost:80 --workers 3 "
                    "--compute-threads 4 --memory=300M "
                    "--max-connections=7 --header-timeout 0.25 --wait-timeout 0.5 "
                    "--idle-timeout 0 --drain-timeout 1.5 --access-log "
                    "--cors https://a.example,http://localhost:3000 "
                    "--base-path /a/b.c --trusted-proxies 10.0.0.0/8,::1,unix "
                    "--admin-listen unix:/run/a.sock,h:2 --reuse-port"),
        TID_CONFIG_RUN);
    assert_int_equal(config.listen.count, 2);
    assert_string_equal(config.listen.items[0].host, "::1");
    assert_string_equal(config.listen.items[0].port, "0");
    assert_string_equal(config.listen.items[1].host, "localhost");
    assert_int_equal(config.workers, 3);
    assert_int_equal(config.compute_threads, 4);
    assert_int_equal(config.memory_bytes, 300 << 20);
    assert_int_equal(config.max_connections, 7);
    assert_int_equal(config.header_ms, 250);
    assert_int_equal(config.idle_ms, 0);
    assert_int_equal(config.wait_ms, 500);
    assert_int_equal(config.drain_ms, 1500);
    assert_string_equal(config.base_path.text, "/a/b.c");
    assert_false(config.listens_by_default);
    assert_int_equal(config.admin_listen.count, 2);
    assert_true(config.admin_listen.items[0].is_unix);
    assert_string_equal(config.admin_listen.items[0].host, "/run/a.sock");
    assert_false(config.admin_listen.items[1].is_unix);
    assert_true(config.reuse_port);
    assert_int_equal(config.trusted_proxies.count, 3);
    assert_int_equal(config.trusted_proxies.items[0].prefix_bits, 8);
    assert_int_equal(config.trusted_proxies.items[1].prefix_bits, 128);
    assert_string_equal(config.cors.text, "https://a.example,http://localhost:3000");
    assert_true(config.access_log);
}

static void sizes(void **state) {
    static const struct {
        const char *line;
        size_t bytes;
    } rows[] = {
        {"--memory 1048576", 1 << 20},
        {"--memory 1024K", 1 << 20},
        {"--memory 1M", 1 << 20},
        {"--memory 12345678", 12345678},
        {"--memory 70000M", (size_t)70000 << 20},
        {"--memory 65536G", (size_t)1 << 46},
        {"--memory 70368744177664", (size_t)1 << 46},
    };
    struct tid_config config;
    (void)state;
    variables = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_row(read_config(&config, rows[i].line) == TID_CONFIG_RUN, rows[i].line);
        assert_row(config.memory_bytes == rows[i].bytes, rows[i].line);
    }
}

static void precedence(void **state) {
    static const char *const both[] = {"TENSORINITD_LISTEN=0.0.0.0:1,[::]:2",
                                       "TENSORINITD_WORKERS=5",
                                       "TENSORINITD_DRAIN_TIMEOUT=9",
                                       "TENSORINITD_MAX_CONNECTIONS=",
                                       "TENSORINITD_ACCESS_LOG=1",
                                       "TENSORINIT_ISA=portable",
                                       "TENSORINITD=1",
                                       NULL};
    struct tid_config config;
    (void)state;
    variables = both;
    assert_int_equal(read_config(&config, "--workers 2"), TID_CONFIG_RUN);
    assert_int_equal(config.listen.count, 2);
    assert_string_equal(config.listen.items[0].host, "0.0.0.0");
    assert_string_equal(config.listen.items[1].host, "::");
    assert_string_equal(config.listen.items[1].port, "2");
    assert_int_equal(config.workers, 2); /* the command line overrides the environment */
    assert_int_equal(config.drain_ms, 9000); /* the environment overrides the default */
    assert_int_equal(config.max_connections, 1024); /* empty counts as unset */
    assert_true(config.access_log);

    assert_int_equal(read_config(&config, "--listen h:3 --access-log=0"), TID_CONFIG_RUN);
    assert_int_equal(config.listen.count, 1);
    assert_string_equal(config.listen.items[0].host, "h");
    assert_false(config.access_log);
}

static const struct {
    const char *line, *says;
} errors[] = {
    {"--colour red", "unknown option '--colour'"},
    {"--base-path tensors", "--base-path: 'tensors': expected a path"},
    {"--base-path /tensors/", "expected a path"},
    {"--base-path /a//b", "expected a path"},
    {"--base-path //a", "expected a path"},
    {"--base-path /a%20b", "expected a path"},
    {"--trusted-proxies 10.0.0.0/33", "at most 32 bits"},
    {"--trusted-proxies 10.0.0.1/8", "has bits behind its prefix"},
    {"--trusted-proxies localhost", "expected networks such as"},
    {"--trusted-proxies 10.0.0.0/8,", "expected networks such as"},
    {"--cors a.example", "--cors: 'a.example': expected *, none or origins"},
    {"--cors https://", "expected *, none or origins"},
    {"--cors https://a.example/", "sends no '/'"},
    {"--cors https://A.example", "in lower case"},
    {"--cors https://*.a.example", "wildcard"},
    {"--cors https://a.example,", "expected *, none or origins"},
    {"--cors *,https://a.example", "expected *, none or origins"},
    {"--cors=", "expected *, none or origins"},
    {"--work 1", "unknown option '--work'"},
    {"-listen h:1", "unknown option '-listen'"},
    {"127.0.0.1:8080", "unknown option '127.0.0.1:8080'"},
    {"--", "unknown option '--'"},
    {"--listen", "--listen needs a value (HOST:PORT)"},
    {"--listen=", "--listen: ''"},
    {"--listen 8080", "expected HOST:PORT"},
    {"--listen h:", "the port"},
    {"--listen h:65536", "the port"},
    {"--listen h:x", "the port"},
    {"--listen h:-1", "the port"},
    {"--listen :80", "with a host"},
    {"--listen ::1:80", "in brackets"},
    {"--listen [::1]", "[IPV6]:PORT"},
    {"--listen unix:", "expected unix:PATH"},
    {"--listen unix:d.sock", "expected unix:PATH with an absolute path"},
    {"--listen unix:@d", "expected unix:PATH with an absolute path"},
    {"--admin-listen 9090", "--admin-listen: '9090': expected HOST:PORT"},
    {"--reuse-port=yes", "expected 1 or 0"},
    {"--listen [::1:80", "[IPV6]:PORT"},
    {"--listen []:80", "with a host"},
    {"--workers 0", "--workers: '0': expected an integer from 1 to 1024"},
    {"--workers 1025", "--workers: '1025'"},
    {"--workers 1.5", "--workers: '1.5'"},
    {"--workers x", "--workers: 'x'"},
    {"--workers -1", "--workers: '-1'"},
    {"--workers 99999999999999999999", "--workers: '9999"},
    {"--compute-threads 0", "--compute-threads: '0': expected an integer"},
    {"--memory", "--memory needs a value (BYTES)"},
    {"--memory=", "--memory: '': expected a number of bytes from 1M to 65536G"},
    {"--memory 0", "expected a number of bytes"},
    {"--memory 1048575", "expected a number of bytes"},
    {"--memory 1023K", "expected a number of bytes"},
    {"--memory 1.5G", "expected a number of bytes"},
    {"--memory G", "expected a number of bytes"},
    {"--memory 1g", "expected a number of bytes"},
    {"--memory 1GB", "expected a number of bytes"},
    {"--memory -1", "expected a number of bytes"},
    {"--memory 65537G", "expected a number of bytes"},
    {"--memory 99999999999999999999", "expected a number of bytes"},
    {"--memory 999999999999999999999999999999", "expected a number of bytes"},
    {"--drain-timeout 1e3", "number of seconds from 0 to 86400"},
    {"--drain-timeout .5", "number of seconds"},
    {"--drain-timeout 1.2.3", "number of seconds"},
    {"--drain-timeout 86401", "number of seconds"},
    {"--access-log=maybe", "expected 1 or 0"},
};

static void refusals(void **state) {
    struct tid_config config;
    (void)state;
    variables = NULL;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        assert_row(read_config(&config, errors[i].line) == TID_CONFIG_ERROR,
                   errors[i].line);
        if (!strstr(why, errors[i].says)) fail_msg("%s: %s", errors[i].line, why);
    }
}

static void names_the_variable(void **state) {
    static const char *const bad[] = {"TENSORINITD_HEADER_TIMEOUT=soon", NULL};
    struct tid_config config;
    (void)state;
    variables = bad;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_ERROR);
    assert_non_null(strstr(why, "TENSORINITD_HEADER_TIMEOUT: 'soon'"));
    /* A variable that is overridden is not checked. */
    assert_int_equal(read_config(&config, "--header-timeout 1"), TID_CONFIG_RUN);
}

static void many_addresses(void **state) {
    struct tid_config config;
    char line[512] = "";
    (void)state;
    variables = NULL;
    for (int i = 0; i < 15; i++) strcat(line, "--listen h:1 ");
    assert_int_equal(read_config(&config, line), TID_CONFIG_RUN);
    assert_int_equal(config.listen.count, 15);
    static const char *const many[] = {
        "TENSORINITD_LISTEN="
        "a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,"
        "a:1,a:1,a:1,a:1",
        NULL};
    variables = many;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_ERROR);
    assert_non_null(strstr(why, "at most 16 addresses"));
}

static void unknown_variables(void **state) {
    static const char *const unknown[] = {"TENSORINITD_DRAIN_TIME=1", NULL};
    static const char *const lower[] = {"TENSORINITD_workers=1", NULL};
    /* What Kubernetes sets where a Service is named tensorinitd. */
    static const char *const service[] = {
        "TENSORINITD_SERVICE_HOST=10.0.0.1",       "TENSORINITD_SERVICE_PORT=8080",
        "TENSORINITD_SERVICE_PORT_HTTP=8080",      "TENSORINITD_PORT=tcp://10.0.0.1:8080",
        "TENSORINITD_PORT_8080_TCP_ADDR=10.0.0.1", NULL};
    struct tid_config config;
    (void)state;
    variables = unknown;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_ERROR);
    assert_string_equal(
        why, "TENSORINITD_DRAIN_TIME: there is no such option; --help lists them");
    variables = lower;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_ERROR);
    variables = service;
    assert_int_equal(read_config(&config, ""), TID_CONFIG_RUN);
}

/* A file with this text, named to the configuration. */
static enum tid_config_result read_file(struct tid_config *config, const char *text,
                                        size_t bytes, const char *arguments) {
    char path[] = "/tmp/test_config.XXXXXX", line[256];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, bytes) == (ssize_t)bytes);
    close(fd);
    snprintf(line, sizeof line, "--config %s %s", path, arguments);
    const enum tid_config_result result = read_config(config, line);
    unlink(path);
    return result;
}

static void files(void **state) {
    static const char text[] = "# limits\n"
                               "\n"
                               "  workers = 3\r\n"
                               "listen=[::1]:1, h:2\n"
                               "listen = h:3\n"
                               "drain-timeout\t=\t1.5\n"
                               "max-connections = 9\n"
                               "idle-timeout = 7";
    static const char *const set[] = {"TENSORINITD_MAX_CONNECTIONS=8",
                                      "TENSORINITD_DRAIN_TIMEOUT=2", NULL};
    struct tid_config config;
    (void)state;
    variables = set;
    assert_int_equal(read_file(&config, text, strlen(text), "--max-connections 5"),
                     TID_CONFIG_RUN);
    assert_int_equal(config.workers, 3);
    assert_int_equal(config.listen.count, 3);
    assert_string_equal(config.listen.items[0].host, "::1");
    assert_string_equal(config.listen.items[1].host, "h");
    assert_string_equal(config.listen.items[2].port, "3");
    assert_int_equal(config.max_connections, 5);
    assert_int_equal(config.drain_ms, 2000);
    assert_int_equal(config.idle_ms, 7000);
}

static void wrong_files(void **state) {
    static const struct {
        const char *text;
        size_t bytes;
        const char *says;
    } rows[] = {
#define ROW(text, says) {text, sizeof text - 1, says}
        ROW("workers 3\n", ":1: expected NAME = VALUE"),
        ROW("# a\n\nworkers = x\n", ":3: workers: 'x': expected an integer"),
        ROW("colour = red\n", ":1: colour: there is no such option"),
        ROW("--workers = 3\n", ":1: --workers: there is no such option"),
        ROW("= 3\n", ":1: : there is no such option"),
        ROW("workers = 3\nworkers = 3\n", ":2: workers: is set twice"),
        ROW("config = /dev/null\n", ":1: config: a file cannot name another one"),
        ROW("workers = 3\0\n", ":1: not a line of text"),
        ROW("\0", ":1: not a line of text"),
        ROW("memory = \n", ":1: memory: '': expected a number of bytes"),
#undef ROW
    };
    struct tid_config config;
    char *long_line = malloc(10000);
    (void)state;
    variables = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_row(read_file(&config, rows[i].text, rows[i].bytes, "") ==
                       TID_CONFIG_ERROR,
                   rows[i].says);
        if (!strstr(why, rows[i].says)) fail_msg("%s: %s", rows[i].says, why);
    }
    memset(long_line, '#', 10000);
    assert_int_equal(read_file(&config, long_line, 10000, ""), TID_CONFIG_ERROR);
    assert_non_null(strstr(why, ":1: not a line of text of at most"));
    free(long_line);
    assert_int_equal(read_config(&config, "--config /nowhere/at/all"), TID_CONFIG_ERROR);
    assert_string_equal(why, "/nowhere/at/all: No such file or directory");
    assert_int_equal(read_config(&config, "--config /"), TID_CONFIG_ERROR);
    assert_string_equal(why, "/: Is a directory");
}

/* What is printed is read again, and gives the same. */
static void prints(void **state) {
    static const char *const set[] = {"TENSORINITD_IDLE_TIMEOUT=1.25", NULL};
    struct tid_config config, again;
    char *text, *text_again;
    size_t bytes, bytes_again;
    (void)state;
    variables = set;
    assert_int_equal(read_config(&config,
                                 "--listen [::1]:1,h:2 --memory 3M --print-config "
                                 "--access-log"),
                     TID_CONFIG_PRINT);
    FILE *file = open_memstream(&text, &bytes);
    tid_config_print(file, &config, &sources);
    fclose(file);
    assert_non_null(strstr(text, "# the command line\nlisten = [::1]:1,h:2\n"));
    assert_non_null(strstr(text, "# the default: usable processors\n# workers =\n"));
    assert_non_null(strstr(text, "# the environment\nidle-timeout = 1.250\n"));
    assert_non_null(strstr(text, "# the default\ndrain-timeout = 60\n"));
    variables = NULL;
    assert_int_equal(read_file(&again, text, bytes, "--check-config"), TID_CONFIG_CHECK);
    file = open_memstream(&text_again, &bytes_again);
    tid_config_print(file, &again, &sources);
    fclose(file);
    assert_non_null(strstr(text_again, "# the file\nidle-timeout = 1.250\n"));
    memset(again.config.text, 0, sizeof again.config.text);
    again.argument_count = config.argument_count;
    again.arguments = config.arguments;
    assert_memory_equal(&again, &config, sizeof config);
    free(text);
    free(text_again);
}

/* What tid_config_update() says of an option: its name, values and whether it changed. */
static char changes[1024];

static void note_change(const char *name, const char *before, const char *after,
                        bool reloadable) {
    const size_t used = strlen(changes);
    snprintf(changes + used, sizeof changes - used, "%s %s %s %s\n", name, before, after,
             reloadable ? "changed" : "stays");
}

/* Options that SIGHUP reads again change, also from what was used instead of them. */
static void updates(void **state) {
    static struct tid_config before, used, again;
    (void)state;
    variables = NULL;
    assert_int_equal(read_config(&before, "--max-connections 100 --idle-timeout 5 "
                                          "--listen h:1 --log-level debug --workers 2"),
                     TID_CONFIG_RUN);
    used = before;
    used.max_connections = 50;
    assert_int_equal(read_config(&again, "--max-connections 70 --idle-timeout 1.5 "
                                         "--listen h:2 --log-level debug --access-log "
                                         "--max-json-elems 5"),
                     TID_CONFIG_RUN);
    changes[0] = '\0';
    tid_config_update(&before, &used, &again, note_change);
    assert_string_equal(changes, "listen h:1 h:2 stays\n"
                                 "workers 2 0 stays\n"
                                 "max-connections 100 70 changed\n"
                                 "max-json-elems 67108864 5 changed\n"
                                 "idle-timeout 5 1.500 changed\n"
                                 "access-log 0 1 changed\n");
    assert_int_equal(used.max_connections, 70);
    assert_int_equal(before.max_connections, 70);
    assert_int_equal(used.limits.json_elems, 5);
    assert_int_equal(used.idle_ms, 1500);
    assert_true(used.access_log);
    assert_int_equal(used.workers, 2);
    assert_string_equal(used.listen.items[0].port, "1");
    /* What stays is said each time; what changed is not. */
    changes[0] = '\0';
    tid_config_update(&before, &used, &again, note_change);
    assert_string_equal(changes, "listen h:1 h:2 stays\nworkers 2 0 stays\n");
}

static void help_and_version(void **state) {
    struct tid_config config;
    (void)state;
    variables = NULL;
    assert_int_equal(read_config(&config, "--help"), TID_CONFIG_HELP);
    assert_int_equal(read_config(&config, "--nonsense -h"), TID_CONFIG_HELP);
    assert_int_equal(read_config(&config, "--version"), TID_CONFIG_VERSION);
}

static void quotas(void **state) {
    (void)state;
    assert_int_equal(tid_cpus_of_quota("max 100000\n"), 0);
    assert_int_equal(tid_cpus_of_quota("200000 100000\n"), 2);
    assert_int_equal(tid_cpus_of_quota("150000 100000\n"), 2);
    assert_int_equal(tid_cpus_of_quota("50000 100000\n"), 1);
    assert_int_equal(tid_cpus_of_quota("1000 100000\n"), 1);
    assert_int_equal(tid_cpus_of_quota(""), 0);
    assert_int_equal(tid_cpus_of_quota("100000"), 0);
    assert_int_equal(tid_cpus_of_quota("100000 0"), 0);
    assert_int_equal(tid_cpus_of_quota("-1 100000"), 0);
    assert_true(tid_cpus_usable() >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(arguments),
        cmocka_unit_test(sizes),          cmocka_unit_test(precedence),
        cmocka_unit_test(refusals),       cmocka_unit_test(names_the_variable),
        cmocka_unit_test(many_addresses), cmocka_unit_test(help_and_version),
        cmocka_unit_test(quotas),         cmocka_unit_test(unknown_variables),
        cmocka_unit_test(files),          cmocka_unit_test(wrong_files),
        cmocka_unit_test(prints),         cmocka_unit_test(updates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
