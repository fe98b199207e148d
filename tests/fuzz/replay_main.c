/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * replay_main.c - runs a fuzz target over the files of the folders given, so
 * that any compiler and any sanitizer can repeat what fuzzing found.
 *
 * Fails if there is no file at all: a replay of nothing proves nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES      4096
#define INPUT_MAX_BYTES (64L * 1024L * 1024L)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in a heap block of exactly its size, so that a read past the
 * end is one that a sanitizer sees. */
static uint8_t *
file_read(const char *path, size_t *len)
{
    uint8_t *data = NULL;
    long size = -1;
    FILE *f = fopen(path, "rb");

    if (f != NULL && fseek(f, 0, SEEK_END) == 0) {
        size = ftell(f);
    }
    if (size >= 0 && size <= INPUT_MAX_BYTES && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc(size > 0 ? (size_t)size : 1);
        *len = (size_t)size;
    }
    if (data != NULL && fread(data, 1, *len, f) != *len) {
        free(data);
        data = NULL;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return data;
}

static int
replay_file(const char *path)
{
    size_t len = 0;
    uint8_t *data = file_read(path, &len);

    if (data == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        return -1;
    }
    (void)fprintf(stderr, "%s (%zu bytes)\n", path, len);
    (void)LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

/* Number of files replayed, or -1. A folder that is not there counts as empty:
 * git keeps no empty folders, and regress/ starts out so. */
static int
replay_folder(const char *folder)
{
    char path[PATH_BYTES];
    struct dirent **names = NULL;
    struct stat st;
    int replayed = 0;
    int count = scandir(folder, &names, NULL, alphasort);

    if (count < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);

        if (n < 0 || (size_t)n >= sizeof(path) || replayed < 0) {
            replayed = -1;
        } else if (names[i]->d_name[0] != '.' && stat(path, &st) == 0 &&
                   S_ISREG(st.st_mode)) {
            replayed = replay_file(path) == 0 ? replayed + 1 : -1;
        }
        free(names[i]);
    }
    free(names);
    return replayed;
}

int
main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int replayed = replay_folder(argv[i]);

        if (replayed < 0) {
            (void)fprintf(stderr, "%s: not replayed\n", argv[i]);
            return EXIT_FAILURE;
        }
        total += replayed;
    }
    (void)printf("%s: %d inputs replayed\n", argv[0], total);
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
