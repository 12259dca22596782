// Runs a command under hold(), with a C library and without the stage: the holder's tests drive it.
//
//   hold-driver DIRECTORY OPTIONS COMMAND ARGUMENT...
//   hold-driver --layout       prints the offset of each field of struct hold_request
//
// OPTIONS, letters: t the command has a terminal, p descriptor 3 is the primary client, v the request
// has a wrong version, b its record is brief, s it has a supervisor, each end of which adds a byte to the
// file "gone" in DIRECTORY, l there is a log, "log" in DIRECTORY, of 3 files of 1000 bytes, d what can't
// be written to it is dropped, o kills for want of memory are counted in the file "oom" in DIRECTORY, c
// they are counted in above/scope/memory.events and, with 5 others, in above/memory.events, a it keeps
// the file "lock" in DIRECTORY locked, and what comes after hold() is a file "after" there.
// Descriptor 4 is the listener; the exit record goes to DIRECTORY.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../native/holder.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

enum { PRIMARY_FD = 3, LISTENER_FD = 4 };

static void print_layout(void) {
  printf("{\"version\":%zu,\"flags\":%zu,\"initPid\":%zu,\"pidfd\":%zu,\"stdinFd\":%zu,",
         offsetof(struct hold_request, version), offsetof(struct hold_request, flags),
         offsetof(struct hold_request, init_pid), offsetof(struct hold_request, pidfd),
         offsetof(struct hold_request, stdin_fd));
  printf("\"stdoutFd\":%zu,\"stderrFd\":%zu,\"terminalFd\":%zu,\"primaryFd\":%zu,",
         offsetof(struct hold_request, stdout_fd), offsetof(struct hold_request, stderr_fd),
         offsetof(struct hold_request, terminal_fd), offsetof(struct hold_request, primary_fd));
  printf("\"listenerFd\":%zu,\"directoryFd\":%zu,\"reserved\":%zu,",
         offsetof(struct hold_request, listener_fd), offsetof(struct hold_request, directory_fd),
         offsetof(struct hold_request, reserved));
  printf("\"oomPath\":%zu,", offsetof(struct hold_request, oom_path));
  printf("\"log\":{\"name\":%zu,\"size\":%zu,\"directoryFd\":%zu,\"files\":%zu,\"flags\":%zu}}\n",
         offsetof(struct hold_request, log.name), offsetof(struct hold_request, log.size_limit),
         offsetof(struct hold_request, log.directory_fd), offsetof(struct hold_request, log.files),
         offsetof(struct hold_request, log.flags));
}

static void write_count(const char *path, int kills) {
  FILE *file = fopen(path, "w");
  fprintf(file, "oom %d\noom_kill %d\n", kills, kills);
  fclose(file);
}

static const char *make_cgroups(const char *directory) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/above", directory);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/above/memory.events", directory);
  write_count(path, 5);
  snprintf(path, sizeof path, "%s/above/scope", directory);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/above/scope/memory.events", directory);
  write_count(path, 0);
  return path;
}

static void run_command(const int ends[3], int has_terminal, char **command) {
  if (has_terminal) {
    setsid();
    ioctl(ends[0], TIOCSCTTY, 0);
  }
  for (int i = 0; i < 3; i++) dup2(ends[i], i);
  close(PRIMARY_FD);
  close(LISTENER_FD);
  signal(SIGPIPE, SIG_DFL);
  execvp(command[0], command);
  _exit(127);
}

static void open_terminal(struct hold_request *request, int ends[3]) {
  int unlocked = 0;
  request->terminal_fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  ioctl(request->terminal_fd, TIOCSPTLCK, &unlocked);
  ends[0] = ioctl(request->terminal_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  ends[1] = dup(ends[0]);
  ends[2] = dup(ends[0]);
}

static void open_pipes(struct hold_request *request, int ends[3]) {
  int in[2], out[2], error[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(error, O_CLOEXEC)) exit(99);
  request->stdin_fd = in[1];
  request->stdout_fd = out[0];
  request->stderr_fd = error[0];
  ends[0] = in[0];
  ends[1] = out[1];
  ends[2] = error[1];
}

// A byte more in the file "gone".
static void note_supervisor(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/gone", folder);
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (write(fd, "g", 1) != 1) exit(99);
  close(fd);
}

// Returns a descriptor of the file.
static int make_file(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--layout") == 0) {
    print_layout();
    return 0;
  }
  if (argc < 4) return 99;
  const char *options = argv[2];
  int has_terminal = strchr(options, 't') != 0;
  struct hold_request request = {HOLD_VERSION, 0,  0,           -1, -1, -1, -1, -1,
                                 -1,           LISTENER_FD, -1, 0,  {0, 0, -1, 1, 0, 0}, 0};
  char oom_path[4096];
  int ends[3];
  signal(SIGPIPE, SIG_IGN);
  if (has_terminal)
    open_terminal(&request, ends);
  else
    open_pipes(&request, ends);
  pid_t pid = fork();
  if (pid == 0) run_command(ends, has_terminal, argv + 3);
  for (int i = 0; i < 3; i++) close(ends[i]);
  request.init_pid = (u32)pid;
  request.pidfd = (i32)syscall(__NR_pidfd_open, pid, 0);
  request.directory_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (strchr(options, 'l'))
    request.log = (struct log_request){
        (u64) "log", 1000, open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC), 3, 0, 0};
  if (strchr(options, 'd')) request.log.flags = LOG_DROP;
  if (strchr(options, 'p')) request.primary_fd = PRIMARY_FD;
  if (strchr(options, 'b')) request.flags |= RECORD_IS_BRIEF;
  if (strchr(options, 'v')) request.version = HOLD_VERSION + 1;
  snprintf(oom_path, sizeof oom_path, "%s/oom", argv[1]);
  if (strchr(options, 'o')) request.oom_path = (u64)oom_path;
  if (strchr(options, 'c')) request.oom_path = (u64)make_cgroups(argv[1]);
  if (strchr(options, 's')) request.flags |= SUPERVISED;
  if (strchr(options, 'a')) flock(make_file(argv[1], "lock"), LOCK_EX);
  i64 result;
  while ((result = hold(&request)) == HOLD_SUPERVISOR_GONE) note_supervisor(argv[1]);
  if (result == HOLD_SETTLED) return 0;
  if (result != 0) kill(pid, SIGKILL);
  if (strchr(options, 'a')) make_file(argv[1], "after");
  return (int)-result;
}
