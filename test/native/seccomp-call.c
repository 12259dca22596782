// Loads a filter and makes one system call under it:
//
//   seccomp-call FILTER FLAGS (native | x86) NUMBER [ARGUMENT...]
//
// FILTER is a file with an array of struct sock_filter. Prints what the call returned, a negative
// errno where it failed. Status 125: the filter could not be loaded.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static long call_x86(long number, const long *args) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
#else
    (void)number;
    (void)args;
    return -ENOSYS;
#endif
}

static long call_native(long number, const long *args) {
    long result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
    return result == -1 ? -errno : result;
}

int main(int count, char **words) {
    static struct sock_filter instructions[4096];
    long args[6] = {0};
    if (count < 5 || count > 11) {
        return 2;
    }
    for (int i = 5; i < count; i++) {
        args[i - 5] = (long)strtoull(words[i], NULL, 0);
    }
    int fd = open(words[1], O_RDONLY);
    ssize_t size = read(fd, instructions, sizeof instructions);
    struct sock_fprog program = {(unsigned short)(size / sizeof *instructions), instructions};
    long flags = strtol(words[2], NULL, 0);
    if (size <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0) {
        fprintf(stderr, "load the filter: %s\n", strerror(errno));
        return 125;
    }
    long number = strtol(words[4], NULL, 0);
    int is_native = strcmp(words[3], "native") == 0;
    printf("%ld\n", is_native ? call_native(number, args) : call_x86(number, args));
    return 0;
}
