// What a lane does at a moment, in the numbers of schedlab.timeline.State, and two more of our own.

export const UNKNOWN = 0;
export const RUNNABLE = 1;
export const RUNNING = 2;
export const WAITING = 3;
export const SYSCALL = 4;
export const IDLE = 5;
export const SCHEDULING = 6;
/** Nothing is known of the lane here: before its life, after it, or in a gap. */
export const ABSENT = 7;
/** A filter leaves it out. */
export const FADED = 8;

export const STATES = 9;

export const OPEN_START = 1;
export const OPEN_END = 2;
export const KEPT_P = 4;

/** A state's place in a column of pixels, from the top. */
export const STACKED = [ABSENT, FADED, IDLE, UNKNOWN, WAITING, RUNNABLE, SCHEDULING, SYSCALL, RUNNING];

/** Each state's text; colour is never the only sign. */
export const LABELS = [
  "unknown",
  "runnable",
  "running",
  "waiting",
  "system call",
  "idle",
  "scheduling",
  "not there",
  "filtered out",
];
