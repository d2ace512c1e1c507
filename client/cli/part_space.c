/* SPDX-License-Identifier: MIT */
/*
 * The space of FILE.part: reserved before the first byte is written, so that a transfer
 * does not fail after hours because the disk is full.
 */
#define _GNU_SOURCE /* fallocate() */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#include "client/cli/cli.h"

/* "1.5 GiB" */
static void write_size(uint64_t bytes, char *out, size_t out_bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB",
                                        "TiB",   "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(out, out_bytes, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static int no_space(const char *path, uint64_t needed_bytes, uint64_t free_bytes) {
    char needed[32], available[32];
    write_size(needed_bytes, needed, sizeof needed);
    write_size(free_bytes, available, sizeof available);
    fprintf(stderr,
            "tensorinit: cannot write %s: it needs %s (%" PRIu64
            " bytes) more, the disk has %s (%" PRIu64 " bytes)\n",
            path, needed, needed_bytes, available, free_bytes);
    return CLI_EIO;
}

/* What the disk has for this process; UINT64_MAX if that is not known. */
static uint64_t free_bytes_of(int fd) {
    struct statvfs disk;
    if (fstatvfs(fd, &disk) != 0 || disk.f_blocks == 0) return UINT64_MAX;
    return (uint64_t)disk.f_bavail * disk.f_frsize;
}

int cli_space_check(const char *folder, uint64_t total_bytes) {
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0 || disk.f_blocks == 0) return 0;
    const uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return total_bytes > free_bytes ? no_space(folder, total_bytes, free_bytes) : 0;
}

/*
 * Gets the blocks. Not of a file system in memory: there it takes a third of what writing does,
 * before a byte is written.
 */
static bool allocate(int fd, uint64_t bytes) {
#ifdef __linux__
    struct statfs system;
    if (bytes == 0 || (fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC)) {
        return true;
    }
    /* Not posix_fallocate(): where a file system cannot reserve, it writes every block. */
    return fallocate(fd, 0, 0, (off_t)bytes) == 0 || errno == EOPNOTSUPP ||
           errno == ENOSYS || errno == EINVAL;
#else
    (void)fd, (void)bytes;
    return true;
#endif
}

int cli_part_reserve(int fd, const char *path, uint64_t total_bytes) {
    struct stat file;
    if (fstat(fd, &file) != 0) return cli_fail_io(path, "cannot open");
    const uint64_t has_bytes = (uint64_t)file.st_blocks * 512;
    const uint64_t needed_bytes = total_bytes > has_bytes ? total_bytes - has_bytes : 0;
    const uint64_t free_bytes = free_bytes_of(fd);
    /* First, because reserving takes long where it fails only at the end of the disk. */
    if (needed_bytes > free_bytes) return no_space(path, needed_bytes, free_bytes);
    if (allocate(fd, total_bytes)) return 0;
    if (errno == ENOSPC) return no_space(path, needed_bytes, free_bytes_of(fd));
    return cli_fail_io(path, "cannot write");
}
