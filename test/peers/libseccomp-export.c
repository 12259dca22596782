// Makes a filter with libseccomp, the way runc does, and writes its BPF to stdout.
//
// Reads lines from stdin, numbers in hexadecimal:
//   default ACTION
//   optimize
//   arch NAME
//   rule ACTION CALL [INDEX OPERATOR FIRST SECOND]...
// OPERATOR is enum scmp_compare. A call that libseccomp does not know is named on stderr as
// "unknown CALL". Any other failure ends the program with status 1.

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *line) {
    fprintf(stderr, "%s: %s\n", what, line);
    exit(1);
}

static void add_rule(scmp_filter_ctx filter, char *line) {
    unsigned action;
    char name[64];
    int used = 0;
    if (sscanf(line, "rule %x %63s%n", &action, name, &used) != 2) {
        fail("parse", line);
    }
    struct scmp_arg_cmp comparisons[6];
    unsigned count = 0;
    unsigned index, operator;
    unsigned long long first, second;
    char *rest = line + used;
    while (count < 6 &&
           sscanf(rest, "%x %x %llx %llx%n", &index, &operator, &first, &second, &used) == 4) {
        comparisons[count] = (struct scmp_arg_cmp){index, operator, first, second};
        count++;
        rest += used;
    }
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
        fprintf(stderr, "unknown %s\n", name);
        return;
    }
    if (seccomp_rule_add_array(filter, action, number, count, comparisons) != 0) {
        fail("add", line);
    }
}

int main(void) {
    static char line[65536];
    scmp_filter_ctx filter = NULL;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char name[64];
        unsigned action;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "default %x", &action) == 1) {
            filter = seccomp_init(action);
        } else if (strcmp(line, "optimize") == 0) {
            if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) {
                fail("set", line);
            }
        } else if (sscanf(line, "arch %63s", name) == 1) {
            unsigned arch = seccomp_arch_resolve_name(name);
            if (seccomp_arch_exist(filter, arch) != 0 && seccomp_arch_add(filter, arch) != 0) {
                fail("add", line);
            }
        } else {
            add_rule(filter, line);
        }
    }
    if (filter == NULL || seccomp_export_bpf(filter, 1) != 0) {
        fail("export", "the filter");
    }
    return 0;
}
