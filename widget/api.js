// One conversation with the web channel (docs/web-channel.md): its token, what is sent, what comes in.
import { emptyChat, lastId, reduce } from "./store.js";

const TIMEOUT_MS = 30000;
const SILENCE_MS = 40000; // the stream has a comment every 15 s
const POLL_MS = 4000;
const REPLY_MS = 60000;
const PASSING = [429, 502, 503, 504]; // a 500 is shown at once: it says where to call
const TRIES = 4; // a lost line is tried without end

const attempt = (use) => {
  try {
    return use();
  } catch {
    return null; // storage may be forbidden or spoilt
  }
};

/** A refusal in words for the person who reads it, or a lost line (status 0). */
export class Refusal extends Error {
  constructor(status, detail, retryAfterS) {
    super(detail || "");
    this.status = status;
    this.waitMs = retryAfterS * 1000;
  }
}

// Spread by chance, so that many widgets do not come back at one moment.
export const backoffMs = (failures) => Math.min(30000, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

/** Reads Server-Sent Events piece by piece. */
export function eventReader(onEvent) {
  let rest = "";
  let event = {};
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [, field, value] = /^(\w*):? ?(.*?)\r?$/.exec(line) ?? [];
      if (field === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
      else if (field === "event") event.type = value;
      else if (field === "id") event.id = value;
      else if (/^\r?$/.test(line)) {
        if (event.data !== undefined) onEvent(event);
        event = {};
      }
    }
  };
}

export class Chat {
  state = emptyChat();
  queue = [];
  naps = new Set();

  constructor(options) {
    const stores = [attempt(() => sessionStorage), attempt(() => localStorage)];
    Object.assign(this, { stores, fetch: (...a) => fetch(...a), timer: (...a) => setTimeout(...a), about: () => ({}) }, options);
    this.key = `sma-companion:${this.server}`;
    this.load();
  }

  // ---- the token: in this tab, or on the device when asked for; never a message ----

  load() {
    const [tab, device] = this.stores.map((store) => attempt(() => JSON.parse(store.getItem(this.key))) ?? {});
    this.isRemembered = !tab.token && Boolean(device.token);
    this.kept = this.isRemembered ? device : tab;
  }

  keep(changes) {
    Object.assign(this.kept, changes);
    attempt(() => this.stores[+this.isRemembered].setItem(this.key, JSON.stringify(this.kept)));
  }

  remember(isWanted) {
    this.#drop();
    this.isRemembered = isWanted;
    this.keep();
  }

  sync() {
    const { token } = this.kept;
    if (token && !this.isRemembered) return;
    this.load();
    if (token && !this.kept.token) this.leave();
    else this.listen();
  }

  #drop() {
    attempt(() => this.stores[+this.isRemembered].removeItem(this.key));
  }

  say({ text, payload, title }) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#do({ type: "write", key, text: text ?? title, at: new Date().toISOString() });
    this.#send({ key, text, payload, title });
  }

  retry({ key, text }) {
    this.#send({ key, text });
  }

  rate(message_id, helpful, reason) {
    return this.#call("POST", "/feedback", { message_id, helpful, reason });
  }

  async transcript() {
    return (await this.#call("GET", "/transcript")).blob();
  }

  async erase() {
    if (this.kept.token)
      await this.#call("DELETE", "/conversation").catch((refusal) => {
        if (refusal.status !== 401) throw refusal; // 401: gone already
      });
    this.leave("erased");
  }

  /** Forget the chat here; the server keeps its copy. */
  leave(notice) {
    this.queue = [];
    this.#forget({ notice });
  }

  see() {
    const seen = lastId(this.state);
    if (this.kept.token && seen > (this.kept.seen ?? 0)) this.keep({ seen });
  }

  mark(id) {
    this.#do({ type: "mark", id });
  }

  setOnline(isOnline) {
    const isBack = isOnline && !this.state.isOnline;
    this.#do({ type: "online", isOnline });
    if (isBack) this.wake();
  }

  // ---- sending: in order, nothing lost, nothing twice ----

  async #send(entry) {
    this.queue.push({ ...entry, failures: 0 });
    if (this.queue.length > 1) return;
    for (let first; (first = this.queue[0]); ) {
      const waitMs = await this.#try(first);
      if (waitMs) await this.#nap(waitMs);
      else if (this.queue[0] === first) this.queue.shift();
    }
  }

  /** Gives the time to wait before the next try, or nothing when this has ended. */
  async #try(entry) {
    const { key, text, payload, title } = entry;
    const tell = (status, detail) => this.queue[0] === entry && this.#do({ type: "status", key, status, detail });
    tell("sending");
    try {
      await this.#ready();
      const said = payload ? { payload, title } : { text };
      const reply = await this.#json("POST", "/messages", { client_message_id: key, ...said, ...this.about() });
      if (this.queue[0] !== entry) return;
      tell("sent");
      this.setOnline(true);
      if (reply.accepted) {
        this.#do({ type: "accepted", isAccepted: true });
        this.timer(() => {
          this.#do({ type: "accepted", isAccepted: false });
          // The server died meanwhile, or its answer was missed.
          if (this.state.messages.some((m) => m.key === key && !m.id)) this.#send({ key, text, payload, title });
        }, REPLY_MS);
      }
      // Without its cursor: what staff wrote in between would be skipped.
      this.#do({ type: "receive", messages: reply.messages });
      this.listen();
    } catch ({ status, message, waitMs }) {
      entry.failures++;
      if (status === 0) {
        tell("queued");
        this.setOnline(false);
        return backoffMs(entry.failures);
      }
      if (status === 401 && entry.failures < TRIES) return this.#expire();
      if (status === 409 && payload) {
        Object.assign(entry, { text: title, payload: null }); // a button of an earlier chat: its words then
        return 1;
      }
      if (PASSING.includes(status) && entry.failures < TRIES) return waitMs || backoffMs(entry.failures);
      tell("failed", message);
    }
  }

  // ---- hearing: a stream, or polling where a proxy swallows streams ----

  listen() {
    if (this.feed || !this.kept.token) return;
    this.feed = new AbortController();
    this.#follow(this.feed.signal);
  }

  stop() {
    this.feed?.abort();
    this.feed = null;
    this.wake();
  }

  async #follow(signal) {
    let failures = 0;
    let silent = 0; // streams that ended without a single byte
    while (!signal.aborted) {
      try {
        await this.#ready();
        const page = await this.#json("GET", `/messages?after=${this.state.cursor}`);
        if (signal.aborted) return;
        this.#do({ type: "receive", ...page });
        this.setOnline(true);
        failures = 0;
        if (silent < 2) silent = (await this.#stream(signal)) ? 0 : silent + 1;
        if (!signal.aborted) await this.#nap(silent < 2 ? 500 : POLL_MS);
      } catch ({ status, waitMs }) {
        if (signal.aborted) return;
        if (status === 401) return this.#expire();
        if (status === 0) this.setOnline(false);
        else if (status < 500 && status !== 429) silent = 2;
        await this.#nap(waitMs || backoffMs(++failures));
      }
    }
  }

  /** The number of pieces that came before the end or silence. */
  async #stream(signal) {
    const silence = new AbortController();
    const end = () => silence.abort();
    signal.addEventListener("abort", end);
    let pieces = 0;
    let timer = this.timer(end, SILENCE_MS);
    try {
      const headers = { "Last-Event-ID": this.state.cursor };
      const { body } = await this.#call("GET", "/events", null, headers, silence.signal);
      const read = eventReader((event) => signal.aborted || this.#hear(event));
      const reader = body.getReader();
      const decoder = new TextDecoder();
      for (let part; !(part = await reader.read()).done; pieces++) {
        clearTimeout(timer);
        timer = this.timer(end, SILENCE_MS);
        read(decoder.decode(part.value, { stream: true }));
      }
    } catch (error) {
      if (error.status) throw error; // a broken line is made up for by the next page
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
    return pieces;
  }

  #hear({ type, id, data }) {
    const value = attempt(() => JSON.parse(data));
    if (type === "state") this.#do({ type: "receive", ...value, messages: [] });
    else if (value) this.#do({ type: "receive", messages: [value], cursor: Number(id) || value.id });
  }

  #nap(ms) {
    return new Promise((done) => {
      const wake = () => {
        clearTimeout(timer);
        this.naps.delete(wake);
        done();
      };
      const timer = this.timer(wake, ms);
      this.naps.add(wake);
    });
  }

  wake() {
    for (const wake of this.naps) wake();
  }

  async #ready() {
    const { token, renew_after } = this.kept;
    if (!token) this.keep(await this.#json("POST", "/conversations", this.about()));
    else if (Date.now() > Date.parse(renew_after)) this.keep(await this.#json("POST", "/token"));
  }

  async #json(...request) {
    const response = await this.#call(...request);
    return response.json().catch(() => {
      throw new Refusal(0); // cut off in the middle
    });
  }

  async #call(method, path, body, headers, signal = AbortSignal.timeout(TIMEOUT_MS)) {
    const { token } = this.kept;
    const response = await this.fetch(`${this.server}/webhooks/web${path}`, {
      method,
      headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body && JSON.stringify(body),
      signal,
      cache: "no-store",
      credentials: "omit",
    }).catch(() => {
      throw new Refusal(0);
    });
    if (response.ok) return response;
    const { detail } = await response.json().catch(() => ({}));
    throw new Refusal(response.status, detail, response.headers.get("retry-after"));
  }

  /** What is still to be sent goes into a new chat. */
  #expire() {
    this.#forget({ notice: "expired", keepPending: true });
    return 1;
  }

  #forget(how) {
    this.stop();
    this.#drop();
    this.kept = {};
    this.isRemembered = false;
    this.#do({ type: "reset", ...how });
  }

  #do(action) {
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state !== before) this.onChange(this.state, before);
  }
}
