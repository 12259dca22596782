// The kinds of records that a container's program reports, beside REPORT_FAILED (0). What the runtime
// answers, where it does, is one message that the program's `receive` gets.

/** From the stage: value is the pid of the container's process, in the runtime's pid namespace. */
export const REPORT_PID = 1;
/** From init: it waits for a message while its systemd scope is made. */
export const REPORT_NEEDS_SCOPE = 2;
/** From init: the container's environment is made; prestart and createRuntime hooks may run. */
export const REPORT_HOOKS = 3;
/** From init: everything is made; it waits for the commit, a message. */
export const REPORT_READY = 4;

/** The commit, and every other answer that carries nothing. */
export const ANSWER_GO = "g";
/** Longest state document that a `receive` of a hook's state takes, in bytes. */
export const STATE_LIMIT = 65536;

/** Name of the socket in the state directory on which a created container waits for `start`. */
export const START_SOCKET = "start.sock";
/** Name of the file in the state directory that init locks until its execve. */
export const INIT_LOCK = "init.lock";
