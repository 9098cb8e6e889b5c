// Sends what was written, one message after the other, and does not lose any of it.

const TRIES = 4; // of a server that refuses for now; a lost connection is tried without end
const MAX_WAIT_MS = 30000;

/** Doubling waits with some chance in them, so that many widgets do not come back in one moment. */
export const backoffMs = (failures, random = Math.random) =>
  Math.min(MAX_WAIT_MS, 1000 * 2 ** (failures - 1)) * (0.5 + random() / 2);

/** A pause that `wake()` can end early. */
export class Pause {
  async wait(ms) {
    await new Promise((done) => {
      this.wake = done;
      this.timer = setTimeout(done, ms);
    });
    clearTimeout(this.timer);
  }

  wake() {}
}

export class Outbox {
  /** `say(entry)` sends; `tell(entry, status, more)` reports sending | queued | sent | failed; `onExpired()` drops a dead token. */
  constructor({ say, tell, onExpired, pause = new Pause() }) {
    Object.assign(this, { say, tell, onExpired, pause, queue: [], isRunning: false });
  }

  add(entry) {
    this.queue.push({ ...entry, failures: 0 });
    this.#run();
  }

  wake() {
    this.pause.wake();
  }

  clear() {
    this.queue = [];
    this.wake();
  }

  async #run() {
    if (this.isRunning) return;
    this.isRunning = true;
    for (let entry; (entry = this.queue[0]); ) {
      this.tell(entry, "sending");
      const end = await this.#send(entry);
      if (this.queue[0] !== entry) continue; // cleared meanwhile
      if (end.wait) await this.pause.wait(end.wait);
      else this.queue.shift();
    }
    this.isRunning = false;
  }

  async #send(entry) {
    try {
      const result = await this.say(entry);
      if (this.queue[0] === entry) this.tell(entry, "sent", result);
      return {};
    } catch (error) {
      if (this.queue[0] !== entry) return {};
      entry.failures++;
      if (error.status === 0) {
        this.tell(entry, "queued");
        return { wait: backoffMs(entry.failures) };
      }
      if (error.status === 401 && !entry.isSecondChat) {
        entry.isSecondChat = true;
        this.onExpired();
        return { wait: 1 };
      }
      if (error.status === 409 && entry.payload) {
        // A button from an earlier chat: its words are asked instead.
        entry.text = entry.title;
        delete entry.payload;
        return { wait: 1 };
      }
      if (error.isPassing && entry.failures < TRIES) {
        this.tell(entry, "waiting");
        return { wait: error.retryAfterS * 1000 || backoffMs(entry.failures) };
      }
      this.tell(entry, "failed", { detail: error.detail });
      return {};
    }
  }
}
