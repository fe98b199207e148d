/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_sandbox.c - what a process in the sandbox can do, and what it
 * cannot: each deed is done by a child of its own, once outside and once
 * inside.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/sandbox.h"
#include "harness/unit.h"

static char inside[64];   /* may be written to */
static char readable[64]; /* may be read */
static char outside[64];  /* was not named */

/* --- deeds: 0, or errno ------------------------------------------------- */

static int
open_in(const char *folder, const char *name, int flags)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

static int
make_inside(void)
{
    return open_in(inside, "new", O_WRONLY | O_CREAT);
}
static int
truncate_inside(void)
{
    return open_in(inside, "there", O_WRONLY | O_TRUNC);
}
static int
replace_inside(void)
{
    char from[128];
    char to[128];

    (void)snprintf(from, sizeof(from), "%s/from", inside);
    (void)snprintf(to, sizeof(to), "%s/there", inside);
    if (open_in(inside, "from", O_WRONLY | O_CREAT) != 0) {
        return errno;
    }
    return rename(from, to) == 0 ? 0 : errno;
}
static int
read_inside(void)
{
    return open_in(inside, "there", O_RDONLY);
}
static int
read_readable(void)
{
    return open_in(readable, "there", O_RDONLY);
}
static int
write_readable(void)
{
    return open_in(readable, "there", O_WRONLY);
}
static int
make_readable(void)
{
    return open_in(readable, "new", O_WRONLY | O_CREAT);
}
static int
read_outside(void)
{
    return open_in(outside, "there", O_RDONLY);
}
static int
remove_outside(void)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/there", outside);
    return unlink(path) == 0 ? 0 : errno;
}
static int
write_passwd(void)
{
    int fd = open("/etc/passwd", O_WRONLY | O_APPEND | O_CLOEXEC);

    return fd >= 0 ? 0 : errno;
}

static int
run_program(void)
{
    char *const argv[] = {"true", NULL};

    (void)execv("/bin/true", argv);
    return errno;
}
static int
make_child(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0) {
        _exit(0);
    }
    return pid > 0 ? 0 : errno;
}
static int
trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}
static int
signal_parent(void)
{
    return kill(getppid(), 0) == 0 ? 0 : errno;
}
/* Whoever owns a descriptor gets signals from it. */
static int
signal_by_a_descriptor(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fcntl(fd, F_SETOWN, getppid()) == 0 ? 0 : errno;
}
static int
signal_by_a_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int parent = (int)getppid();

    return ioctl(fd, FIOSETOWN, &parent) == 0 ? 0 : errno;
}
static int
do_not_wait(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}
static int
write_and_execute(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p != MAP_FAILED ? 0 : errno;
}
static int
make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0 ? 0
                                                                      : errno;
}
static int
make_executable_later(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}
/* What the next one who reads from a terminal would take for a command. There
 * is none here: outside, that is said. */
static int
type_into_a_terminal(void)
{
    int fd = open(inside, O_RDONLY | O_CLOEXEC);

    return ioctl(fd, TIOCSTI, "x") != 0 && errno == ENOTTY ? 0 : errno;
}
static int
ask_a_terminal(void)
{
    int fd = open(inside, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && isatty(fd) == 0 && errno == ENOTTY ? 0 : errno;
}
/* Landlock does not mind, wherever the file is. */
static int
change_a_mode(void)
{
    return chmod(outside, 0700) == 0 ? 0 : errno;
}
static int
vsock(void)
{
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

    return fd >= 0 || errno == EAFNOSUPPORT ? 0 : errno;
}
static int
inet(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 ? 0 : errno;
}
/* Newer than the sandbox knows of: there is another way, which is taken. */
static int
seal(void)
{
    return syscall(462, NULL, 0, 0) == 0 || errno == ENOSYS ? 0 : errno;
}
/* As a module that may be loaded for it. */
static int
another_protocol(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT
               ? 0
               : errno;
}
static int
sctp(void)
{
    return another_protocol(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
}
static int
sctp6(void)
{
    return another_protocol(AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
}
static int
netfilter(void)
{
    return another_protocol(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}
static int
route(void)
{
    return another_protocol(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

/* Everything that is listened at was opened before. */
static int
open_a_door(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 || listen(fd, 1) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return failed;
}
static int
abort_self(void)
{
    abort();
}
static int
core_limit(void)
{
    struct rlimit limit;

    (void)getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : EPERM;
}

/* A name that this machine knows without asking another; "" if there is none.
 */
static char known_name[256];

static void *
look_up(void *result)
{
    struct addrinfo *found = NULL;

    *(int *)result = getaddrinfo(known_name, "80", NULL, &found);
    if (found != NULL) {
        freeaddrinfo(found);
    }
    return NULL;
}
static int
look_up_on_a_thread(void)
{
    pthread_t thread;
    int result = -1;

    if (pthread_create(&thread, NULL, look_up, &result) != 0) {
        return EAGAIN;
    }
    pthread_join(thread, NULL);
    return result == 0 ? 0 : EIO;
}

static void *
write_there(void *result)
{
    *(int *)result = write_passwd();
    return NULL;
}
static int
write_passwd_on_a_thread(void)
{
    pthread_t thread;
    int result = -1;

    if (pthread_create(&thread, NULL, write_there, &result) != 0) {
        return EAGAIN;
    }
    pthread_join(thread, NULL);
    return result;
}

static void *
run_there(void *unused)
{
    (void)run_program();
    return unused;
}
static int
run_program_on_a_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_there, NULL) != 0) {
        return EAGAIN;
    }
    pthread_join(thread, NULL);
    return 0;
}

/* --- inside and outside ------------------------------------------------- */

#define KILLED (-SIGSYS)

static const struct {
    const char *name;
    int (*deed)(void);
    int want; /* inside: 0, errno, or minus a signal */
} deeds[] = {
    {"make a file", make_inside, 0},
    {"truncate a file", truncate_inside, 0},
    {"replace a file", replace_inside, 0},
    {"read where it writes", read_inside, 0},
    {"read", read_readable, 0},
    {"write where it reads", write_readable, EACCES},
    {"make where it reads", make_readable, EACCES},
    {"read what is not named", read_outside, EACCES},
    {"remove what is not named", remove_outside, EACCES},
    {"write to /etc/passwd", write_passwd, EACCES},
    {"the same on a thread", write_passwd_on_a_thread, EACCES},
    {"run a program", run_program, KILLED},
    {"the same on a thread", run_program_on_a_thread, KILLED},
    {"make a process", make_child, KILLED},
    {"trace", trace, KILLED},
    {"signal another process", signal_parent, KILLED},
    {"the same by a descriptor", signal_by_a_descriptor, KILLED},
    {"the same by a socket", signal_by_a_socket, KILLED},
    {"do not wait", do_not_wait, 0},
    {"write and execute", write_and_execute, KILLED},
    {"make executable", make_executable, KILLED},
    {"make executable what was written", make_executable_later, KILLED},
    {"type into a terminal", type_into_a_terminal, KILLED},
    {"ask whether it is a terminal", ask_a_terminal, 0},
    {"change a mode", change_a_mode, KILLED},
    {"another kind of socket", vsock, KILLED},
    {"a socket", inet, 0},
    {"another protocol", sctp, KILLED},
    {"another protocol of IPv6", sctp6, KILLED},
    {"another netlink", netfilter, KILLED},
    {"what looking up asks", route, 0},
    {"open a door", open_a_door, KILLED},
    {"look a name up", look_up_on_a_thread, 0},
    {"a newer call", seal, 0},
    {"abort", abort_self, -SIGABRT},
    {"no core files", core_limit, 0},
};

/* Does it in a child; what came of it. */
static int
outcome(int (*deed)(void), bool confined)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct sandbox_paths paths = {.count = 0};
        struct sandbox_state state;
        struct assay_error err;

        sandbox_allow(&paths, inside, true);
        sandbox_allow(&paths, readable, false);
        sandbox_allow(&paths, "/etc", false);
        sandbox_allow(&paths, "/lib", false);
        sandbox_allow(&paths, "/usr/lib", false);
        sandbox_allow(&paths, "/none/such", true);
        if (confined && sandbox_enter(&paths, true, &state, &err) != ASSAY_OK) {
            (void)fprintf(stderr, "%s\n", err.msg);
            _exit(255);
        }
        _exit(deed());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool
is_left_out(int (*deed)(void))
{
    return deed == look_up_on_a_thread && known_name[0] == '\0';
}

static void
test_deeds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        int got = is_left_out(deeds[i].deed) ? deeds[i].want
                                             : outcome(deeds[i].deed, true);

        if (got != deeds[i].want) {
            fail_msg("%s: %d, want %d", deeds[i].name, got, deeds[i].want);
        }
    }
}

/* So that the table above shows the sandbox's doing, and not the system's. */
static void
test_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        bool passwd = deeds[i].deed == write_passwd ||
                      deeds[i].deed == write_passwd_on_a_thread;

        if (deeds[i].deed != remove_outside && deeds[i].deed != core_limit &&
            (!passwd || geteuid() == 0) && deeds[i].want != -SIGABRT &&
            !is_left_out(deeds[i].deed)) {
            CHECK(deeds[i].name, outcome(deeds[i].deed, false) == 0);
        }
    }
}

/* Files of a process that others may look into belong to its user, else to
 * root. */
static uid_t
owner_of_memory(void)
{
    struct stat st;

    return stat("/proc/self/mem", &st) == 0 ? st.st_uid : (uid_t)-1;
}

static int
hide_memory(void)
{
    const uid_t nobody = 65534;
    uid_t user = geteuid() == 0 ? nobody : geteuid();
    const struct sandbox_paths paths = {.count = 0};
    struct sandbox_state state;
    struct assay_error err;

    if ((geteuid() == 0 && setresuid(user, user, user) != 0) ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || owner_of_memory() != user) {
        return 2;
    }
    if (sandbox_enter(&paths, true, &state, &err) != ASSAY_OK) {
        return 3;
    }
    return owner_of_memory() == 0 ? 0 : 4;
}

static void
test_memory_is_its_own(void **state)
{
    (void)state;
    assert_int_equal(outcome(hide_memory, false), 0);
}

static int
hide_rings(void)
{
    sandbox_hide_rings();
    return syscall(SYS_io_uring_setup, 1, NULL) >= 0 ? 0 : errno;
}

/* Before the sandbox is entered. */
static void
test_rings_are_hidden(void **state)
{
    (void)state;
    assert_int_equal(outcome(hide_rings, false), ENOSYS);
}

static void
test_paths(void **state)
{
    struct sandbox_paths paths = {.count = 0};
    struct sandbox_state s;
    struct assay_error err;
    char link[160];
    char target[160];

    (void)state;
    (void)snprintf(link, sizeof(link), "%s/link", inside);
    (void)snprintf(target, sizeof(target), "%s/there", readable);
    assert_int_equal(symlink(target, link), 0);
    sandbox_allow_folder_of(&paths, link, false);
    sandbox_allow_folder_of(&paths, "file", true);
    sandbox_allow_folder_of(&paths, "/file", true);
    assert_int_equal(paths.count, 4);
    assert_string_equal(paths.list[0].path, inside);
    assert_string_equal(paths.list[1].path, readable);
    assert_string_equal(paths.list[2].path, ".");
    assert_string_equal(paths.list[3].path, "/");
    assert_true(paths.list[3].write && !paths.list[0].write);
    sandbox_allow(&paths, inside, false); /* is there */
    assert_int_equal(paths.count, 4);
    for (int i = 0; !paths.failed; i++) {
        (void)snprintf(link, sizeof(link), "/%d", i);
        sandbox_allow(&paths, link, false);
    }
    (void)snprintf(link, sizeof(link), "%s/link", inside);
    assert_int_equal(paths.count, SANDBOX_PATHS_MAX);
    assert_int_equal(sandbox_enter(&paths, false, &s, &err), ASSAY_TOO_LARGE);
    sandbox_paths_free(&paths);
    assert_int_equal(unlink(link), 0);
}

/* --- scratch ------------------------------------------------------------ */

static void
make_folder(char folder[64])
{
    (void)snprintf(folder, 64, "/tmp/assay-sandbox-XXXXXX");
    if (mkdtemp(folder) == NULL ||
        open_in(folder, "there", O_WRONLY | O_CREAT) != 0) {
        abort();
    }
}

static void
remove_folder(const char *folder)
{
    static const char *const names[] = {"there", "new", "from"};
    char path[128];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void
find_known_name(void)
{
    char names[2][sizeof(known_name)] = {"localhost"};

    (void)gethostname(names[1], sizeof(names[1]) - 1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct addrinfo *found = NULL;

        if (getaddrinfo(names[i], "80", NULL, &found) == 0) {
            freeaddrinfo(found);
            memcpy(known_name, names[i], sizeof(known_name));
            return;
        }
    }
    puts("SKIPPED names in the sandbox: this machine knows none, not even its "
         "own");
}

static int
nothing(void)
{
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_deeds),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_memory_is_its_own),
        cmocka_unit_test(test_rings_are_hidden),
    };
    int failed;

    if (outcome(nothing, true) != 0) {
        puts("SKIPPED the sandbox: not in this kernel, or not in this build");
        return 77;
    }
    find_known_name();
    make_folder(inside);
    make_folder(readable);
    make_folder(outside);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(inside);
    remove_folder(readable);
    remove_folder(outside);
    return failed;
}
