#include "exit-record.h"
#include <linux/errno.h>

// What the kernel keeps of a process when another one has reaped it: struct pidfd_info.
static void ask_for_status(i32 pidfd, struct exit_record *record) {
  static const u64 PIDFD_GET_INFO = 0xc040ff0b;
  enum { INFO_EXIT = 8, REAPED_WITHIN_SECONDS = 2 };
  struct {
    u64 mask;
    u32 identity[13];
    i32 wait_status;
  } info = {INFO_EXIT, {0}, 0};
  i32 reaped[2] = {pidfd, 0};  // struct pollfd
  i64 timeout[2] = {REAPED_WITHIN_SECONDS, 0};
  if (syscall(__NR_ioctl, pidfd, PIDFD_GET_INFO, &info) == -ENOTTY) return;
  while (syscall(__NR_ppoll, reaped, 1, timeout, 0, 8) == -EINTR);
  info.mask = INFO_EXIT;
  i64 result = syscall(__NR_ioctl, pidfd, PIDFD_GET_INFO, &info);
  if (is_error(result) || (info.mask & INFO_EXIT) == 0) return;
  u8 signal = info.wait_status & 127;
  record->how = signal == 0 ? EXIT_CODE : EXIT_SIGNAL;
  record->status = signal == 0 ? (u8)(info.wait_status >> 8) : signal;
}

void await_exit(i32 pidfd, struct exit_record *record) {
  enum { P_PIDFD = 3, WEXITED = 4, CODE = 2, STATUS = 6, CLD_EXITED = 1 };
  i32 siginfo[32] = {0};
  i64 result;
  do result = syscall(__NR_waitid, P_PIDFD, pidfd, siginfo, WEXITED, 0);
  while (result == -EINTR);
  record->status = (u8)siginfo[STATUS];
  record->how = siginfo[CODE] == CLD_EXITED ? EXIT_CODE : EXIT_SIGNAL;
  if (!is_error(result)) return;
  record->how = EXIT_UNKNOWN;
  ask_for_status(pidfd, record);
}

static u32 put_text(u8 *to, const char *text) {
  u32 length = 0;
  for (; text[length] != 0; length++) to[length] = (u8)text[length];
  return length;
}

static u32 put_number(u8 *to, u64 value) {
  u32 length = 1;
  for (u64 rest = value; rest >= 10; rest /= 10) length++;
  for (u32 i = length; i-- > 0; value /= 10) to[i] = (u8)('0' + value % 10);
  return length;
}

enum { CLOCK_REALTIME = 0, LONGEST_RECORD = 256, MODE = 0600 };
// In the form, $ stands for the way and # for each of the numbers.
static u32 compose(u8 *text, const struct exit_record *record) {
  static const char form[] = "{\"version\":1,\"pid\":#,\"how\":\"$\",\"status\":#,"
                             "\"seconds\":#,\"nanoseconds\":#,\"oomKills\":#}\n";
  static const char ways[][8] = {
      [EXIT_CODE] = "code", [EXIT_SIGNAL] = "signal", [EXIT_UNKNOWN] = "unknown"};
  i64 time[2] = {0, 0};
  syscall(__NR_clock_gettime, CLOCK_REALTIME, time);
  u64 numbers[] = {record->pid, record->status, (u64)time[0], (u64)time[1], record->oom_kills};
  u32 length = 0, number = 0;
  for (const char *next = form; *next != 0; next++) {
    if (*next == '#')
      length += put_number(text + length, numbers[number++]);
    else if (*next == '$')
      length += put_text(text + length, ways[record->how]);
    else
      text[length++] = (u8)*next;
  }
  return length;
}

static i64 force(i32 fd, int is_brief) { return is_brief ? 0 : syscall(__NR_fsync, fd); }
static const char temporary[] = ".exit.json.new";

static i64 open_temporary(i32 directory_fd) {
  enum { WRITE_CREATE_CLOEXEC = 01 | 0100 | 02000000 };
  return syscall(__NR_openat, directory_fd, temporary, WRITE_CREATE_CLOEXEC, MODE);
}

void reserve_exit_record(i32 directory_fd) {
  i64 fd = open_temporary(directory_fd);
  syscall(__NR_fallocate, fd, 0, 0, LONGEST_RECORD);
  syscall(__NR_close, fd);
}

i64 write_exit_record(i32 directory_fd, const struct exit_record *record, int is_brief) {
  u8 text[LONGEST_RECORD];
  u32 length = compose(text, record);
  i64 fd = open_temporary(directory_fd);
  if (is_error(fd)) return fd;
  i64 result = syscall(__NR_write, fd, text, length);
  // What was reserved, or left by a writer that was killed, may be longer.
  if (!is_error(result)) result = result == length ? syscall(__NR_ftruncate, fd, length) : -ENOSPC;
  if (!is_error(result)) result = force((i32)fd, is_brief);
  syscall(__NR_close, fd);
  if (!is_error(result))
    result = syscall(__NR_renameat2, directory_fd, temporary, directory_fd, "exit.json", 0);
  return is_error(result) ? result : force(directory_fd, is_brief);
}
