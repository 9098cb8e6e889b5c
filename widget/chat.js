// One conversation: keeps the session, the outbox, the feed and the state in step.
import { Api } from "./api.js";
import { Feed } from "./feed.js";
import { Outbox } from "./outbox.js";
import { Session } from "./session.js";
import { emptyChat, lastId, reduce } from "./store.js";

const REPLY_MS = 60000;

const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Chat {
  /** `onChange(chat, before)` after every change of the state. */
  constructor({ server, stores, about, onChange, fetch }) {
    this.state = emptyChat();
    this.onChange = onChange;
    this.session = new Session(server, stores);
    this.api = new Api({ server, session: this.session, about, fetch });
    const onExpired = () => this.#forget({ notice: "expired", keepPending: true });
    this.outbox = new Outbox({
      say: (entry) => this.api.say(entry),
      tell: (entry, status, more) => this.#told(entry, status, more),
      onExpired,
    });
    this.feed = new Feed({
      api: this.api,
      cursor: () => this.state.cursor,
      onPage: (page) => this.#do({ type: "receive", ...page }),
      onEvent: (event) => this.#heard(event),
      onLine: (isOnline) => this.online(isOnline),
      onExpired,
    });
  }

  get hasStarted() {
    return Boolean(this.session.data.token);
  }

  get hasUnsent() {
    return this.outbox.queue.length > 0;
  }

  /** Say a text, or choose a button ({payload, title}). */
  say({ text, payload, title }) {
    const key = newKey();
    this.#do({ type: "write", key, text: text ?? title, at: new Date().toISOString() });
    this.outbox.add({ client_message_id: key, text, payload, title });
  }

  retry({ key, text }) {
    this.outbox.add({ client_message_id: key, text });
  }

  listen(isWanted) {
    this.isWanted = isWanted;
    if (isWanted && this.hasStarted) this.feed.start();
    else this.feed.stop();
  }

  online(isOnline) {
    const isBack = isOnline && !this.state.isOnline;
    this.#do({ type: "online", isOnline });
    if (isBack) {
      this.outbox.wake();
      this.feed.wake();
    }
  }

  mark(id) {
    this.#do({ type: "mark", id });
  }

  see() {
    const seen = lastId(this.state);
    if (this.hasStarted && seen > (this.session.data.seen ?? 0)) this.session.save({ seen });
  }

  /** Forget the chat on this device; the server keeps its copy. */
  leave(notice = null) {
    this.outbox.clear();
    this.#forget({ notice });
  }

  /** Erase the chat on the server, then here. */
  async erase() {
    if (this.hasStarted) {
      await this.api.erase().catch((error) => {
        if (error.status !== 401) throw error; // 401: erased or run out already
      });
    }
    this.leave("erased");
  }

  /** Another tab changed what this device remembers. */
  sync() {
    const before = this.session.data.token;
    const { remembered } = this.session;
    if (!remembered && before) return;
    this.session.load();
    if (remembered && !this.hasStarted) this.leave();
    else if (before !== this.session.data.token && !before) this.listen(this.isWanted);
  }

  stop() {
    this.feed.stop();
    this.outbox.clear();
    clearTimeout(this.timer);
  }

  #forget({ notice, keepPending }) {
    this.feed.stop();
    this.session.clear();
    this.#do({ type: "reset", notice, keepPending });
  }

  #told(entry, status, more = {}) {
    const key = entry.client_message_id;
    if (status !== "sent") this.#do({ type: "status", key, status, detail: more.detail });
    else {
      this.#do({ type: "status", key, status });
      this.#do({ type: "online", isOnline: true });
      // Its cursor is not taken over: a staff message in between would be skipped by the feed.
      this.#do({ type: "receive", messages: more.messages });
      if (more.accepted) this.#accepted();
      this.listen(this.isWanted);
    }
    if (status === "queued") this.#do({ type: "online", isOnline: false });
  }

  #accepted() {
    this.#do({ type: "accepted" });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#do({ type: "gave-up" }), REPLY_MS);
  }

  #heard({ type, id, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return; // not ours to understand
    }
    if (type === "state") this.#do({ type: "receive", ...value, messages: [] });
    else if (type === "message") this.#do({ type: "receive", messages: [value], cursor: Number(id) || value.id });
  }

  #do(action) {
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state !== before) this.onChange(this.state, before);
  }
}
