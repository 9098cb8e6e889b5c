// Brings in what others say: the event stream, or polling where a proxy swallows streams.
import { Pause, backoffMs } from "./outbox.js";

const POLL_MS = 4000;

export class Feed {
  /** `cursor()` says what is known already; `onPage`, `onEvent`, `onLine(isOnline)` and `onExpired` report. */
  constructor({ api, cursor, onPage, onEvent, onLine, onExpired, pause = new Pause() }) {
    Object.assign(this, { api, cursor, onPage, onEvent, onLine, onExpired, pause, control: null });
  }

  start() {
    if (this.control) return;
    this.control = new AbortController();
    this.#follow(this.control.signal);
  }

  stop() {
    this.control?.abort();
    this.control = null;
    this.pause.wake();
  }

  wake() {
    this.pause.wake();
  }

  async #follow(signal) {
    let failures = 0;
    let silent = 0; // streams that ended without a single byte
    while (!signal.aborted) {
      try {
        const page = await this.api.messages(this.cursor());
        if (signal.aborted) return;
        failures = 0;
        this.onPage(page);
        this.onLine(true);
        if (silent < 2) {
          const pieces = await this.api.stream(this.cursor(), (event) => signal.aborted || this.onEvent(event), signal);
          silent = pieces ? 0 : silent + 1;
        }
        if (!signal.aborted) await this.pause.wait(silent < 2 ? 500 : POLL_MS);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401) return this.onExpired();
        if (error.status === 0) this.onLine(false);
        else if (!error.isPassing) silent = 2;
        await this.pause.wait(error.retryAfterS * 1000 || backoffMs(++failures));
      }
    }
  }
}
