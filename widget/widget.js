// <sma-companion>: the website chat of SMA Companion.
//   <script type="module" src="https://…/webhooks/web/widget/widget.js"></script>
//   <sma-companion locale="en" region="UK"></sma-companion>
import { Chat } from "./chat.js";
import { h } from "./dom.js";
import { textsFor } from "./locales.js";
import { buildPanel } from "./panel.js";
import { renderMessage } from "./render.js";
import { browserStores } from "./session.js";
import { chosenTitles, isAwaiting, lastId, rows, unreadCount } from "./store.js";
import { fill, spoken } from "./text.js";

export const VERSION = "0.1.0";

const NEAR_END_PX = 60;
const SLOW_MS = 4000;
const PHONE = "(max-width: 35em), (max-height: 30em)";
const asset = (name) => new URL(name, import.meta.url).href;

export class SmaCompanion extends HTMLElement {
  static observedAttributes = ["open", "theme", "locale", "region", "dir", "data-server"];

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    this.#start();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(name, old, value) {
    if (!this.ui || old === value) return;
    if (name === "open") this.#show(value !== null);
    else if (name === "theme") this.#paint();
    else {
      this.#stop();
      this.#start();
    }
  }

  get region() {
    return this.getAttribute("region") || this.chat.session.data.region;
  }

  #start() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    const on = (target, type, act) => target?.addEventListener(type, act, { signal });
    this.t = textsFor(this.getAttribute("locale"), document.documentElement.lang, navigator.language);
    this.nodes = new Map();
    this.isOpen = false;
    this.narrow = matchMedia(PHONE);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    const server = (this.dataset.server || new URL(import.meta.url).origin).replace(/\/$/, "");
    this.chat = new Chat({
      server,
      stores: browserStores(),
      about: () => ({ ...(this.region && { region: this.region }), locale: this.t.lang }),
      onChange: (chat, before) => this.#changed(chat, before),
    });
    this.#build();
    on(this.narrow, "change", () => this.isOpen && this.#reopen());
    on(this.dark, "change", () => this.#paint());
    on(window, "online", () => this.chat.online(true));
    on(window, "offline", () => this.chat.online(false));
    on(window, "storage", (event) => event.key === this.chat.session.key && this.chat.sync());
    on(window, "beforeunload", (event) => this.chat.hasUnsent && event.preventDefault());
    on(document, "visibilitychange", () => document.visibilityState === "visible" && (this.chat.feed.wake(), this.#seen()));
    on(window.visualViewport, "resize", () => this.#fit());
    on(window.visualViewport, "scroll", () => this.#fit());
    if (!navigator.onLine) this.chat.online(false);
    this.chat.listen(true);
  }

  #stop() {
    this.listening.abort();
    this.chat.stop();
    clearTimeout(this.slow);
    this.shadowRoot.replaceChildren();
    this.ui = null;
  }

  #build() {
    const { t, chat, ui: old } = this;
    const dateOf = (options) => {
      const format = new Intl.DateTimeFormat(this.getAttribute("locale") || t.lang, options);
      return (value) => {
        const when = new Date(value);
        return Number.isNaN(when.getTime()) ? String(value) : format.format(when);
      };
    };
    const day = { day: "numeric", month: "long", year: "numeric" };
    this.longDay = dateOf({ ...day, weekday: "long" });
    this.dayOf = dateOf(day);
    this.context = {
      t,
      time: dateOf({ hour: "2-digit", minute: "2-digit" }),
      // A plain date has no time zone: read it as it is written.
      date: dateOf({ ...day, timeZone: "UTC" }),
      onChoose: (choice) => this.#say(choice.payload ? choice : { text: choice.title }),
      onRate: (...rating) => chat.api.rate(...rating),
      onRetry: (message) => {
        chat.retry(message);
        this.ui.input.focus();
      },
    };
    this.ui = buildPanel({
      t,
      region: this.region,
      isRegionOpen: !this.hasAttribute("region"),
      privacyUrl: this.getAttribute("privacy-url") || asset("privacy.html"),
      isRemembered: chat.session.remembered,
      does: {
        toggle: () => this.#show(true),
        close: () => this.#show(false),
        say: (said) => this.context.onChoose({ title: said.text, ...said }),
        person: () => this.#say({ text: t.person }),
        leave: () => this.#leave(),
        newChat: () => this.#newChat(),
        download: () => this.#download(),
        erase: () => this.#erase(),
        remember: (isOn) => chat.session.remember(isOn),
        region: (region) => {
          chat.session.save({ region });
          this.#rebuild();
        },
        toNew: () => this.#toNew(),
      },
    });
    const { ui } = this;
    if (old) old.root.replaceWith(ui.root);
    else this.#dress();
    ui.panel.addEventListener("cancel", (event) => {
      if (event.target !== ui.panel) return;
      event.preventDefault();
      this.#back();
    });
    ui.panel.addEventListener("close", () => this.isOpen && !ui.panel.open && this.#show(false));
    ui.panel.addEventListener("keydown", (event) => this.#key(event));
    ui.panel.addEventListener("click", (event) => {
      const path = event.composedPath();
      if (!ui.menu.hidden && !path.includes(ui.menu) && !path.some((n) => n.getAttribute?.("aria-controls") === "menu")) ui.showMenu(false);
    });
    ui.log.addEventListener("scroll", () => this.#isAtEnd() && (ui.toNew.hidden = true));
    if (this.getAttribute("dir")) ui.root.dir = this.getAttribute("dir");
    this.#paint();
    this.#changed(chat.state, chat.state);
  }

  /** The style sheet, and what waits for it: nothing is shown bare. */
  #dress() {
    const { ui } = this;
    // Its one rule carries the room that the on-screen keyboard leaves; no style attribute is ever written.
    this.room = new CSSStyleSheet();
    this.room.replaceSync(":host{}");
    this.shadowRoot.adoptedStyleSheets = [this.room];
    const css = h("link", { rel: "stylesheet", href: asset("widget.css") });
    ui.root.hidden = true;
    const reveal = () => {
      ui.root.hidden = false;
      if (this.hasAttribute("open")) this.#show(true, { isQuiet: true });
    };
    css.addEventListener("load", reveal);
    css.addEventListener("error", reveal);
    this.shadowRoot.replaceChildren(css, ui.root);
  }

  /** The same chat with other texts or numbers in the frame. */
  #rebuild() {
    const { isOpen } = this;
    this.isOpen = false;
    this.nodes.clear();
    this.#build();
    if (isOpen) this.#show(true);
  }

  #paint() {
    const asked = this.getAttribute("theme");
    this.ui.root.dataset.theme = asked === "dark" || (asked !== "light" && this.dark.matches) ? "dark" : "light";
  }

  #fit() {
    const { height, offsetTop, scale } = window.visualViewport;
    if (scale > 1.01) return; // pinched: the person moves around by themselves
    const wasAtEnd = this.#isAtEnd();
    const { style } = this.room.cssRules[0];
    style.setProperty("--room", `${height}px`);
    style.setProperty("--room-top", `${offsetTop}px`);
    this.ui.root.classList.toggle("is-short", height < 460);
    if (wasAtEnd) this.#toEnd();
  }

  // ---- opening and closing ----

  #show(isOpen, { isQuiet } = {}) {
    if (isOpen === this.isOpen) return;
    const { ui } = this;
    this.isOpen = isOpen;
    this.toggleAttribute("open", isOpen);
    ui.launcher.hidden = isOpen;
    if (isOpen) {
      this.#reopen(isQuiet);
      const seen = this.chat.session.data.seen ?? 0;
      if (unreadCount(this.chat.state, seen)) {
        this.chat.mark(seen);
        this.#toFirstNew();
      } else if (this.chat.state.messages.length) this.#toEnd();
      this.#seen();
    } else {
      ui.showMenu(false);
      ui.panel.close();
      ui.launcher.focus();
    }
    this.#changed(this.chat.state, this.chat.state);
  }

  /** On a phone the page behind is out of reach; on a wide screen both are there. */
  #reopen(isQuiet) {
    const { ui } = this;
    const focused = this.shadowRoot.activeElement;
    const isPhone = this.narrow.matches;
    if (ui.panel.open) ui.panel.close();
    this.#fit();
    if (isPhone) ui.panel.showModal();
    else ui.panel.setAttribute("open", "");
    if (isQuiet && !isPhone) return;
    if (focused && ui.panel.contains(focused)) focused.focus();
    else (isPhone ? ui.title : ui.input).focus({ preventScroll: true });
  }

  #key(event) {
    if (event.key !== "Escape" || event.isComposing || this.shadowRoot.querySelector(".ask[open]")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#back();
  }

  #back() {
    if (this.ui.menu.hidden) this.#show(false);
    else this.ui.showMenu(false);
  }

  // ---- what a person may do ----

  #say(said) {
    this.isOwnWord = true;
    this.chat.say(said);
  }

  #leave() {
    this.chat.leave("left_");
    this.ui.input.value = "";
    this.#show(false);
    const exit = this.getAttribute("exit-url");
    if (exit) location.replace(exit);
  }

  async #newChat() {
    const { t, ui, chat } = this;
    if (chat.hasStarted && !(await ui.ask(t.newChatAsk, t.newChatText, t.newChat))) return;
    chat.leave();
    ui.input.focus();
  }

  async #erase() {
    const { t, ui, chat } = this;
    if (!(await ui.ask(t.eraseAsk, t.eraseText, t.erase))) return;
    try {
      await chat.erase();
      ui.input.focus();
    } catch (error) {
      this.#tell(error.detail || t.eraseFailed);
    }
  }

  async #download() {
    const { t, chat } = this;
    try {
      const blob = chat.hasStarted ? await chat.api.transcript() : new Blob(["[]"], { type: "application/json" });
      const href = URL.createObjectURL(blob);
      h("a", { href, download: "sma-companion-chat.json" }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10000);
    } catch (error) {
      this.#tell(error.detail || t.downloadFailed);
    }
  }

  // ---- showing ----

  #changed(chat, before) {
    const { t, ui } = this;
    const seen = this.chat.session.data.seen ?? 0;
    const isFirstPage = before.cursor === 0 && before.messages.length === 0;
    const known = lastId(before);
    const news = chat.messages.filter((m) => m.id > known && m.sender !== "caregiver");
    const wasAtEnd = this.#isAtEnd();
    if (chat.messages !== before.messages || chat.mark !== before.mark || chat === before) this.#lines(chat);
    ui.typing.hidden = !isAwaiting(chat);
    if (!chat.messages.length && before.messages.length) {
      for (const region of [ui.polite, ui.urgent, ui.outer]) region.replaceChildren();
      ui.toNew.hidden = true;
    }
    this.#banner(chat, before);
    const unread = this.isOpen ? 0 : unreadCount(chat, seen);
    ui.badge.hidden = !unread;
    ui.badge.textContent = fill(t.unread, { n: unread });
    ui.label.textContent = chat.messages.length ? t.launcherBack : t.launcher;
    const organisation = this.chat.session.data.organisation;
    ui.subtitle.textContent = organisation ? `${t.subtitle} · ${organisation}` : t.subtitle;
    ui.remember.checked = this.chat.session.remembered;
    if (chat === before) return;
    if (isAwaiting(chat) !== isAwaiting(before)) {
      clearTimeout(this.slow);
      if (isAwaiting(chat)) this.slow = setTimeout(() => this.#announce(t.typing), SLOW_MS);
    }
    if (news.length && !(isFirstPage && !this.isOwnWord)) this.#news(news, wasAtEnd, seen);
    else if (this.isOpen && (this.isOwnWord || wasAtEnd)) this.#toEnd();
    if (isFirstPage && this.isOpen) this.#seen();
    this.isOwnWord = false;
  }

  #lines(chat) {
    const { ui, t, nodes } = this;
    const today = this.dayOf(new Date());
    const yesterday = this.dayOf(Date.now() - 864e5);
    const wanted = rows(chat, this.dayOf);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { node }] of nodes) {
      if (keys.has(key)) continue;
      node.remove();
      nodes.delete(key);
    }
    wanted.forEach((row, index) => {
      let shown = nodes.get(row.key);
      if (!shown || (row.message && shown.message !== row.message)) {
        const fresh = this.#row(row, { [today]: t.today, [yesterday]: t.yesterday });
        shown?.node.replaceWith(fresh.node);
        nodes.set(row.key, (shown = fresh));
      }
      if (ui.lines.children[index] !== shown.node) ui.lines.insertBefore(shown.node, ui.lines.children[index] ?? null);
      if (row.message) shown.update(chosenTitles(chat, row.message));
    });
    ui.first.update(chosenTitles(chat, {}));
  }

  #row({ type, at, message }, names) {
    const { t } = this;
    if (type === "message") return renderMessage(message, this.context);
    const text = type === "new" ? t.newLine : names[this.dayOf(at)] || this.longDay(at);
    return { node: h("p", { class: `line ${type}` }, h("span", {}, text)) };
  }

  #banner(chat, before) {
    const { t, ui } = this;
    const text = !chat.isOnline ? t.offline : chat.withStaff ? t.withStaff : chat.waiting ? t.waiting : chat.notice && t[chat.notice];
    ui.banner.hidden = !text;
    ui.banner.classList.toggle("is-offline", !chat.isOnline);
    if (ui.banner.textContent === (text || "")) return;
    ui.banner.textContent = text || "";
    if (text && chat !== before) this.#announce(text);
  }

  /** Something was said: tell it, and move only a person who reads at the end. */
  #news(news, wasAtEnd, seen) {
    const { ui } = this;
    for (const message of news) {
      const isUrgent = ["emergency", "crisis"].includes(message.kind);
      this.#announce(spoken(message, this.t), isUrgent);
    }
    if (!this.isOpen) return this.chat.mark(seen);
    if (wasAtEnd || this.isOwnWord) this.#toStart(news[0]);
    else {
      ui.toNew.hidden = false;
      this.chat.mark(news[0].id - 1);
    }
    this.#seen();
  }

  #announce(text, isUrgent) {
    const { ui } = this;
    const region = !this.isOpen ? ui.outer : isUrgent ? ui.urgent : ui.polite;
    region.append(h("p", {}, text));
    while (region.children.length > 3) region.firstChild.remove();
  }

  #tell(text) {
    this.ui.banner.hidden = false;
    this.ui.banner.textContent = text;
    this.#announce(text);
  }

  #seen() {
    if (this.isOpen && document.visibilityState === "visible") this.chat.see();
  }

  // ---- scrolling: only of the log, never of the page ----

  #isAtEnd() {
    const { log } = this.ui;
    return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  }

  #toEnd() {
    this.ui.log.scrollTop = this.ui.log.scrollHeight;
  }

  /** Bring the start of a message into view, with the end of what came before it. */
  #toStart(message) {
    const { log } = this.ui;
    const node = this.nodes.get(message.client_message_id || `id-${message.id}`)?.node;
    if (node) log.scrollTop += node.getBoundingClientRect().top - log.getBoundingClientRect().top - 64;
  }

  #toFirstNew() {
    const { state } = this.chat;
    const first = state.messages.find((m) => m.id > (state.mark ?? Infinity) && m.sender !== "caregiver");
    if (first) this.#toStart(first);
    else this.#toEnd();
  }

  #toNew() {
    this.#toFirstNew();
    this.ui.toNew.hidden = true;
    this.ui.log.focus({ preventScroll: true }); // the button that was pressed is gone
  }
}

customElements.get("sma-companion") || customElements.define("sma-companion", SmaCompanion);
