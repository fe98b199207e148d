/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox_calls.c - system calls, by seccomp: what is not in these tables ends
 * the process. No program can be started, nothing that was written to memory be
 * executed, no other process touched, nothing be typed into a terminal.
 */
#define _GNU_SOURCE /* CLONE_THREAD */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/sandbox.h"
#include "io/socket_name.h"

/* Names that a machine does not have are passed over. */
static const char *const allowed[] = {
    /* bytes */
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "close",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    /* files, within what sandbox_files.c leaves */
    "openat",
    "open",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "lseek",
    "getdents64",
    "flock",
    "ftruncate",
    "fsync",
    "fdatasync",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "umask",
    "getcwd",
    "statfs",
    "fstatfs",
    /* sockets and waiting */
    "socketpair",
    "connect",
    "accept4", /* at sockets that listen already: listen() is not here */
    "bind",    /* getaddrinfo() */
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
    "shutdown",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    "splice", /* assay-bridge */
    "eventfd2",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    /* memory and threads */
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "futex",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "sched_yield",
    "sched_getaffinity",
    "membarrier",
    "exit",
    "exit_group",
    /* signals of one's own, clocks, who and where one is */
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "nanosleep",
    "clock_nanosleep",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "getrandom",
    "getrusage",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrlimit",
    "uname",
    "sysinfo",
};

/* Asked for where there is another way, which is taken then. */
static const char *const missing[] = {"clone3", "io_uring_setup",
                                      "io_uring_enter", "io_uring_register"};

/* The same, of kernels and C libraries that are newer than libseccomp may be;
 * from 424 on, numbers are the same on every machine. */
static const int missing_too[] = {
    449, /* futex_waitv */
    454, /* futex_wake */
    455, /* futex_wait */
    462, /* mseal */
};

/* Allowed where (argument & mask) == value. */
static const struct {
    const char *name;
    unsigned argument;
    uint64_t mask;
    uint64_t value;
} if_so[] = {
    {"clone", 0, CLONE_THREAD, CLONE_THREAD},
    {"mmap", 2, PROT_WRITE | PROT_EXEC, 0},
    {"mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE},
    {"mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
    {"mprotect", 2, PROT_WRITE | PROT_EXEC, 0},
    {"mprotect", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE}, /* never code */
    {"ioctl", 1, UINT32_MAX, FIONBIO},
    {"ioctl", 1, UINT32_MAX, FIONREAD},
    {"ioctl", 1, UINT32_MAX, FIOCLEX},
    {"ioctl", 1, UINT32_MAX, TCGETS},               /* isatty() */
    {"ioctl", 1, UINT32_MAX, UINT32_C(0x802c542a)}, /* TCGETS2, the same */
    {"ioctl", 1, UINT32_MAX, SIOCGIFINDEX},         /* zones of IPv6 */
    {"ioctl", 1, UINT32_MAX, SIOCGIFNAME},
    {"fcntl", 1, UINT32_MAX, F_DUPFD},
    {"fcntl", 1, UINT32_MAX, F_DUPFD_CLOEXEC},
    {"fcntl", 1, UINT32_MAX, F_GETFD},
    {"fcntl", 1, UINT32_MAX, F_SETFD},
    {"fcntl", 1, UINT32_MAX, F_GETFL},
    {"fcntl", 1, UINT32_MAX, F_SETPIPE_SZ}, /* assay-bridge */
    {"fcntl", 1, UINT32_MAX, F_SETFL},      /* F_SETOWN would signal others */
    {"prctl", 0, UINT32_MAX, 15},           /* PR_SET_NAME */
    {"prlimit64", 0, UINT32_MAX, 0},        /* one's own */
};

/* A protocol that nobody asks for is code of the kernel that nobody needs. */
static const struct {
    int family;
    int protocol;
} sockets[] = {
    {AF_UNIX, 0},
    {AF_INET, 0},
    {AF_INET, IPPROTO_TCP},
    {AF_INET, IPPROTO_UDP},
    {AF_INET6, 0},
    {AF_INET6, IPPROTO_TCP},
    {AF_INET6, IPPROTO_UDP},
    {AF_NETLINK, NETLINK_ROUTE}, /* getaddrinfo() */
};

static bool
is_known(int call)
{
    return call != __NR_SCMP_ERROR;
}

static int
add_rules(scmp_filter_ctx filter)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(allowed) / sizeof(allowed[0]);
         i++) {
        int call = seccomp_syscall_resolve_name(allowed[i]);

        rc = is_known(call) ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0)
                            : 0;
    }
    for (size_t i = 0; rc == 0 && i < sizeof(missing) / sizeof(missing[0]);
         i++) {
        int call = seccomp_syscall_resolve_name(missing[i]);

        rc = is_known(call)
                 ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0)
                 : 0;
    }
    for (size_t i = 0;
         rc == 0 && i < sizeof(missing_too) / sizeof(missing_too[0]); i++) {
        rc =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), missing_too[i], 0);
    }
    for (size_t i = 0; rc == 0 && i < sizeof(if_so) / sizeof(if_so[0]); i++) {
        struct scmp_arg_cmp so = {
            .arg = if_so[i].argument,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = if_so[i].mask,
            .datum_b = if_so[i].value,
        };

        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
                                    seccomp_syscall_resolve_name(if_so[i].name),
                                    1, &so);
    }
    return rc;
}

static int
add_sockets(scmp_filter_ctx filter)
{
    int call = seccomp_syscall_resolve_name("socket");
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(sockets) / sizeof(sockets[0]);
         i++) {
        struct scmp_arg_cmp so[] = {
            {.arg = 0,
             .op = SCMP_CMP_MASKED_EQ,
             .datum_a = UINT32_MAX,
             .datum_b = (scmp_datum_t)sockets[i].family},
            {.arg = 2,
             .op = SCMP_CMP_MASKED_EQ,
             .datum_a = UINT32_MAX,
             .datum_b = (scmp_datum_t)sockets[i].protocol},
        };

        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 2, so);
    }
    return rc;
}

/* abort() is a signal to oneself. */
static int
add_own_signals(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp own = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid()};

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
                                  seccomp_syscall_resolve_name("tgkill"), 1,
                                  &own);
}

bool
sandbox_calls_are_there(void)
{
    return seccomp_api_get() >= 2; /* filters for all threads */
}

/* What goes wrong here goes wrong in sandbox_calls() as well, which says so. */
void
sandbox_calls_hide_rings(void)
{
    int call = seccomp_syscall_resolve_name("io_uring_setup");
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (filter != NULL && is_known(call) &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0) == 0) {
        (void)seccomp_load(filter);
    }
    seccomp_release(filter);
}

bool
sandbox_calls(struct assay_error *err)
{
    scmp_filter_ctx filter = NULL;
    int rc;

    if (!sandbox_calls_are_there()) {
        return false;
    }
    filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "sandbox: seccomp");
        return false;
    }
    rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    rc = rc == 0 ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1) : rc;
    rc = rc == 0 ? add_rules(filter) : rc;
    rc = rc == 0 ? add_sockets(filter) : rc;
    rc = rc == 0 ? add_own_signals(filter) : rc;
    rc = rc == 0 ? seccomp_load(filter) : rc;
    seccomp_release(filter);
    if (rc != 0) {
        assay_fail_uv(err, ASSAY_UNSUPPORTED, rc, "sandbox: seccomp");
    }
    return rc == 0;
}
