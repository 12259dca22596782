// Loads a device filter, attaches it to a cgroup v2 directory and tries devices inside of it:
//
//   device-call FILTER CGROUP (r | w | rw):PATH... m:(b | c):MAJOR:MINOR:PATH...
//
// FILTER is a file with an array of struct bpf_insn. Prints a line for each trial: 0, or a negative
// errno. Nodes that were made are removed again. Status 125: the filter could not be loaded, 126: not
// attached.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int load(const char *path) {
    static struct bpf_insn instructions[4096];
    static char log[65536];
    int fd = open(path, O_RDONLY);
    ssize_t size = read(fd, instructions, sizeof instructions);
    union bpf_attr attributes = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = (uint32_t)(size / (ssize_t)sizeof *instructions),
        .insns = (uintptr_t)instructions,
        .license = (uintptr_t) "Apache-2.0",
    };
    int program = bpf(BPF_PROG_LOAD, &attributes);
    if (program < 0) {
        int error = errno;
        attributes.log_level = 1;
        attributes.log_size = sizeof log;
        attributes.log_buf = (uintptr_t)log;
        bpf(BPF_PROG_LOAD, &attributes);
        fprintf(stderr, "load: %s\n%s\n", strerror(error), log);
        _exit(125);
    }
    return program;
}

static int attach(int program, int cgroup) {
    union bpf_attr attributes = {
        .target_fd = (uint32_t)cgroup,
        .attach_bpf_fd = (uint32_t)program,
        .attach_type = BPF_CGROUP_DEVICE,
    };
    return bpf(BPF_PROG_ATTACH, &attributes);
}

static int try_device(const char *trial) {
    char kind;
    unsigned major, minor;
    char path[4096];
    if (sscanf(trial, "m:%c:%u:%u:%4095s", &kind, &major, &minor, path) == 4) {
        mode_t type = kind == 'b' ? S_IFBLK : S_IFCHR;
        int result = mknod(path, type | 0600, makedev(major, minor)) == 0 ? 0 : -errno;
        unlink(path);
        return result;
    }
    const char *colon = strchr(trial, ':');
    int flags = trial[0] == 'w' ? O_WRONLY : trial[1] == 'w' ? O_RDWR : O_RDONLY;
    int fd = open(colon + 1, flags | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : close(fd);
}

int main(int count, char **words) {
    if (count < 4) {
        return 2;
    }
    int cgroup = open(words[2], O_RDONLY | O_DIRECTORY);
    if (attach(load(words[1]), cgroup) != 0) {
        fprintf(stderr, "attach: %s\n", strerror(errno));
        return 126;
    }
    pid_t child = fork();
    if (child == 0) {
        int members = openat(cgroup, "cgroup.procs", O_WRONLY);
        if (write(members, "0", 1) != 1) {
            _exit(1);
        }
        for (int i = 3; i < count; i++) {
            dprintf(1, "%d\n", try_device(words[i]));
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
