/**
 * A limit on how long a receiver may take, that does not charge it for our own standing still: after a pause of the
 * whole process (a virtual machine moved, SIGSTOP, a long garbage collection) Node runs what is due before it reads
 * what has come. So what has come is read first; and whoever is then still waiting gets the late time once more.
 */

/** Up to here a timer is only as late as timers are. */
const LATE_MS = 100;

export class Deadline {
  readonly #now: () => number;
  readonly #expire: () => void;
  readonly #withinMs: number;
  readonly #dueAt: number;
  #timer: NodeJS.Timeout;
  #isOver = false;
  #isExtended = false;

  /** `now` is a monotonic clock in ms. Expires after `withinMs`, or after a pause of ours and as much again. */
  constructor(withinMs: number, now: () => number, expire: () => void) {
    this.#now = now;
    this.#expire = expire;
    this.#withinMs = withinMs;
    this.#dueAt = now() + withinMs;
    this.#timer = setTimeout(Deadline.#readFirst, withinMs, this);
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** After its timers the event loop reads its sockets, and then comes here. */
  static #readFirst(deadline: Deadline): void {
    setImmediate(Deadline.#pass, deadline);
  }

  static #pass(deadline: Deadline): void {
    if (!deadline.#isOver && !deadline.#extend()) deadline.#expire();
  }

  /** Once, and by no more than the whole: a process that is always late would wait for ever. */
  #extend(): boolean {
    const lateMs = this.#now() - this.#dueAt;
    if (this.#isExtended || lateMs <= LATE_MS) return false;
    this.#isExtended = true;
    this.#timer = setTimeout(Deadline.#readFirst, Math.min(lateMs, this.#withinMs), this);
    return true;
  }
}
