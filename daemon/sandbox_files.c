/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox_files.c - files, by Landlock: what is not named is out of reach,
 * whoever owns it. See landlock(7).
 */
#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/sandbox.h"
#include "io/socket_name.h"

/* Of kernels that are newer than the headers may be. */
#define RIGHT_REFER     (UINT64_C(1) << 13) /* version 2 */
#define RIGHT_TRUNCATE  (UINT64_C(1) << 14) /* version 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */

#define RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                  \
    (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |             \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |              \
     RIGHT_REFER | RIGHT_TRUNCATE)
/* What applies to a file that is no folder. */
#define FILE_RIGHTS                                                            \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |            \
     RIGHT_TRUNCATE)

static uint64_t
rights_of(int version)
{
    uint64_t rights = RIGHTS_1;

    rights |= version >= 2 ? RIGHT_REFER : 0;
    rights |= version >= 3 ? RIGHT_TRUNCATE : 0;
    rights |= version >= 5 ? RIGHT_IOCTL_DEV : 0;
    return rights;
}

/* What is not there cannot be allowed, and need not be. */
static bool
allow(int rules, const struct sandbox_path *p, uint64_t handled)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = (p->write ? WRITE : READ) & handled,
        .parent_fd = open(p->path, O_PATH | O_CLOEXEC),
    };
    struct stat st;
    bool good = true;

    if (rule.parent_fd < 0) {
        return true;
    }
    if (fstat(rule.parent_fd, &st) != 0 || !S_ISDIR(st.st_mode)) {
        rule.allowed_access &= FILE_RIGHTS;
    }
    good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
                   &rule, 0) == 0;
    close(rule.parent_fd);
    return good;
}

int
sandbox_files_version(void)
{
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                               LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? version : 0; /* not built in, or switched off */
}

int
sandbox_files(const struct sandbox_paths *paths, struct assay_error *err)
{
    int version = sandbox_files_version();
    struct landlock_ruleset_attr handled = {.handled_access_fs = 0};
    bool good = true;
    int rules;

    if (version == 0) {
        return 0;
    }
    handled.handled_access_fs = rights_of(version);
    rules = (int)syscall(SYS_landlock_create_ruleset, &handled,
                         sizeof(handled.handled_access_fs), 0);
    for (size_t i = 0; rules >= 0 && good && i < paths->count; i++) {
        good = allow(rules, &paths->list[i], handled.handled_access_fs);
    }
    if (rules < 0 || !good ||
        syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        assay_fail_uv(err, ASSAY_UNSUPPORTED, -errno, "sandbox: Landlock");
        version = -1;
    }
    if (rules >= 0) {
        close(rules);
    }
    return version;
}
