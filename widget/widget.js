// <sma-companion>: the website chat. docs/widget.md says how to embed it.
import { Chat } from "./api.js";
import { EMERGENCY_NUMBERS, textsFor } from "./locales.js";
import { MAX_LENGTH, button, choices, fill, h, icon, lengthOf, link, renderMessage, spoken } from "./render.js";
import { chosenTitles, isAwaiting, keyOf, lastId, newsSince, rows } from "./store.js";

export const VERSION = "0.1.0";

const NEAR_END_PX = 60;
const FULL_SCREEN = "(max-width: 35em), (max-height: 30em)"; // the same as in widget.css
const DAY = { day: "numeric", month: "long", year: "numeric" };
const { href: here, origin } = new URL(import.meta.url);
const asset = (name) => new URL(name, here).href;

export class SmaCompanion extends HTMLElement {
  static observedAttributes = ["open", "theme", "locale", "region", "dir", "data-server"];

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    const end = new AbortController();
    const on = (target, type, act) => target?.addEventListener(type, act, { signal: end.signal });
    this.t = textsFor(this.getAttribute("locale"), document.documentElement.lang, navigator.language);
    this.nodes = new Map();
    this.isOpen = false;
    this.narrow = matchMedia(FULL_SCREEN);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    const region = this.getAttribute("region") || undefined;
    this.chat = new Chat({
      server: (this.dataset.server || origin).replace(/\/$/, ""),
      about: () => ({ region, locale: this.t.lang }),
      onChange: (chat, before) => this.changed(chat, before),
    });
    this.end = end;
    this.build(EMERGENCY_NUMBERS[region]);
    on(this.narrow, "change", () => this.isOpen && this.place());
    on(this.dark, "change", () => this.paint());
    on(window, "online", () => this.chat.setOnline(true));
    on(window, "offline", () => this.chat.setOnline(false));
    on(window, "storage", ({ key }) => key === this.chat.key && this.chat.sync());
    on(window, "beforeunload", (event) => this.chat.queue.length && event.preventDefault());
    on(document, "visibilitychange", () => document.hidden || (this.chat.wake(), this.see()));
    for (const type of ["resize", "scroll"]) on(window.visualViewport, type, () => this.fit());
    if (!navigator.onLine) this.chat.setOnline(false);
    this.chat.listen();
  }

  disconnectedCallback() {
    this.end.abort();
    this.chat.queue = [];
    this.chat.stop();
    this.ui = null;
  }

  attributeChangedCallback(name, old, value) {
    if (!this.ui || old === value) return;
    if (name === "open") this.show(value !== null);
    else if (name === "theme") this.paint();
    else {
      this.disconnectedCallback();
      this.connectedCallback();
    }
  }

  build(number) {
    const { t, chat } = this;
    const dateOf = (options) => {
      let format; // slow to make
      return (value) => {
        const date = new Date(value);
        return isNaN(date) ? value : (format ??= new Intl.DateTimeFormat(this.getAttribute("locale") || t.lang, options)).format(date);
      };
    };
    this.dayOf = dateOf({ ...DAY, weekday: "long" });
    const say = (said) => chat.say(said.payload ? said : { text: said.title });
    this.context = {
      t,
      time: dateOf({ hour: "2-digit", minute: "2-digit" }),
      date: dateOf({ ...DAY, timeZone: "UTC" }), // a plain date is read as it is written
      onChoose: say,
      onRate: (...rating) => chat.rate(...rating),
      onRetry: (message) => {
        ui.input.focus();
        chat.retry(message);
      },
    };
    const privacy = () => link(asset(this.getAttribute("privacy-url") || "/privacy"), t, t.privacy);
    const person = ["person", t.person, () => say({ title: t.person })];
    const leave = ["leave", t.leave, () => this.leave()];
    const ui = (this.ui = {});

    const tel = (n) => h("a", { href: `tel:${n}` }, n);
    const calls = number ? tel(number) : ["EU", "UK", "US", "Australia"].map((name) => [h("span", {}, tel(EMERGENCY_NUMBERS[name]), ` ${name.slice(0, 2).toUpperCase()}`), " "]);
    const call = number ? h("a", { href: `tel:${number}` }, fill(t.welcomeCall, { number })) : t.anyNumber;
    ui.starters = choices(t.starters.map((title) => ({ title })), say, t);
    const welcome = h("article", { class: "message bot", "aria-label": t.name },
      h("div", { class: "bubble" },
        t.welcome.map((line) => h("p", {}, line)),
        h("p", {}, h("strong", {}, t.welcomeEmergency), " ", call),
        h("p", { class: "disclaimer" }, t.welcomePrivacy, " ", privacy())),
      ui.starters.node);

    ui.lines = h("div");
    ui.typing = h("p", { class: "typing" }, h("span", {}, t.typing), h("i"), h("i"), h("i"));
    ui.log = h("div", { class: "log", role: "log", "aria-label": t.log, "aria-live": "off", tabindex: 0, onscroll: () => this.isAtEnd() && (ui.toNew.hidden = true) }, welcome, ui.lines, ui.typing);
    ui.toNew = button("to-new", "down", t.newLine, () => {
      this.toNews();
      ui.log.focus({ preventScroll: true }); // the button that was pressed is gone
    }, { hidden: true });

    ui.remember = h("input", { type: "checkbox", onchange: () => chat.remember(ui.remember.checked) });
    const item = (name, text, act, needsTwo) => {
      const node = button("item", name, text, () => {
        if (needsTwo && node.lastChild.textContent === text) return this.announce((node.lastChild.textContent = t.sure));
        this.showMenu(false);
        act();
      }, { onblur: () => (node.lastChild.textContent = text) });
      return h("li", {}, node);
    };
    ui.menu = h("div", { class: "menu", id: "menu", hidden: true },
      h("ul", {}, item(...person), item("chat", t.newChat, () => (chat.leave(), ui.input.focus()), true),
        item("down", t.download, () => this.trying(() => this.download())), item("close", t.erase, () => this.trying(async () => (await chat.erase(), ui.input.focus())), true),
        item(...leave)),
      h("label", {}, ui.remember, h("span", {}, t.remember, h("small", {}, t.rememberHint))),
      h("p", {}, privacy()));
    ui.opener = button("round", "menu", t.menu, () => this.showMenu(ui.menu.hidden), { "aria-expanded": "false", "aria-controls": "menu" });

    ui.count = h("p", { id: "count" });
    ui.input = h("textarea", { rows: 1, id: "input", placeholder: t.input, enterkeyhint: "send", "aria-label": t.input, "aria-describedby": "count", autocomplete: "off",
      oninput: () => this.grow(),
      onkeydown: (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && this.submit(event) });
    ui.title = h("h2", { id: "title", tabindex: -1 }, t.name);
    ui.subtitle = h("p", {}, t.subtitle);
    ui.banner = h("p", { class: "banner" });
    ui.polite = h("div", { class: "vh", "aria-live": "polite" });
    ui.urgent = h("div", { class: "vh", role: "alert" });
    ui.outer = h("div", { class: "vh", "aria-live": "polite" });
    ui.panel = h("dialog", { class: "panel", "aria-labelledby": "title",
      onkeydown: (event) => event.key === "Escape" && !event.isComposing && this.back(event),
      oncancel: (event) => this.back(event),
      onclose: () => this.isOpen && !ui.panel.open && this.show(false),
      onclick: ({ target }) => ui.menu.contains(target) || ui.opener.contains(target) || this.showMenu(false) },
      h("header", {}, h("span", { class: "mark" }, icon("chat")), h("div", { class: "names" }, ui.title, ui.subtitle), ui.opener, ui.menu, button("round", "close", t.close, () => this.show(false))),
      h("p", { class: "strip" }, icon("phone"), h("span", {}, t.emergencyBar, " ", calls)),
      ui.banner,
      h("div", { class: "stage" }, ui.log, ui.toNew),
      h("form", { class: "composer", onsubmit: (event) => this.submit(event) }, ui.input, button("send", "send", t.send, null, { type: "submit" }), ui.count),
      h("div", { class: "foot" }, button("quiet", ...person), button("quiet", ...leave)),
      ui.polite, ui.urgent);
    ui.badge = h("span", { class: "badge" });
    ui.launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => this.show(true) }, icon("chat"), t.launcher, ui.badge);
    ui.root = h("div", { class: "root", dir: this.getAttribute("dir") || t.dir, lang: t.lang, hidden: true }, ui.launcher, ui.panel, ui.outer);

    const reveal = () => {
      ui.root.hidden = false;
      if (this.hasAttribute("open")) this.show(true, true);
    };
    // Carries the room that an on-screen keyboard leaves; no style attribute, so any CSP will do.
    this.room = new CSSStyleSheet();
    this.room.replaceSync(":host{}");
    this.shadowRoot.adoptedStyleSheets = [this.room];
    this.shadowRoot.replaceChildren(h("link", { rel: "stylesheet", href: asset("widget.css"), onload: reveal, onerror: reveal }), ui.root);
    this.paint();
    this.grow();
    this.changed(chat.state, chat.state);
  }

  paint() {
    this.ui.root.dataset.theme = this.getAttribute("theme") || (this.dark.matches ? "dark" : "light");
  }

  fit() {
    const { height, offsetTop, scale } = window.visualViewport;
    if (scale > 1.01) return; // pinched
    const wasAtEnd = this.isAtEnd();
    const { style } = this.room.cssRules[0];
    style.setProperty("--room", `${height}px`);
    style.setProperty("--room-top", `${offsetTop}px`);
    const { root } = this.ui;
    root.classList.toggle("is-short", height < 29 * parseFloat(getComputedStyle(root).fontSize));
    if (wasAtEnd) this.toEnd();
  }

  show(isOpen, isQuiet) {
    const { ui, chat } = this;
    if (isOpen === this.isOpen) return;
    this.isOpen = isOpen;
    this.toggleAttribute("open", isOpen);
    ui.launcher.hidden = isOpen;
    if (isOpen) {
      const { seen = 0 } = chat.kept;
      // Closing gives the focus back.
      this.opener = [null, document.body, this].includes(document.activeElement) ? ui.launcher : document.activeElement;
      this.place(isQuiet);
      if (newsSince(chat.state, seen).length) {
        chat.mark(seen);
        this.toNews();
      } else if (chat.state.messages.length) this.toEnd();
      this.see();
    } else {
      this.showMenu(false);
      ui.panel.close();
      this.opener.focus();
    }
    this.changed(chat.state, chat.state);
  }

  /** Full screen keeps the page behind out of reach. */
  place(isQuiet) {
    const { panel, title, input } = this.ui;
    const isFull = this.narrow.matches;
    const focused = this.shadowRoot.activeElement;
    if (panel.open) panel.close();
    this.fit();
    if (isFull) panel.showModal();
    else panel.setAttribute("open", "");
    if (isQuiet && !isFull) return;
    (panel.contains(focused) ? focused : isFull ? title : input).focus({ preventScroll: true });
  }

  showMenu(isShown) {
    const { menu, opener } = this.ui;
    if (!isShown && menu.contains(this.shadowRoot.activeElement)) opener.focus();
    menu.hidden = !isShown;
    opener.setAttribute("aria-expanded", isShown);
  }

  back(event) {
    event.preventDefault();
    event.stopPropagation();
    if (this.ui.menu.hidden) this.show(false);
    else this.showMenu(false);
  }

  grow() {
    const { input, count } = this.ui;
    const left = MAX_LENGTH - lengthOf(input.value);
    count.hidden = left > 200;
    count.textContent = fill(left < 0 ? this.t.tooLong : this.t.remaining, { n: Math.abs(left) });
    input.setAttribute("aria-invalid", left < 0);
    for (input.rows = 1; input.rows < 5 && input.scrollHeight > input.clientHeight + 2; ) input.rows++;
  }

  submit(event) {
    const { input } = this.ui;
    const text = input.value.trim();
    event.preventDefault();
    if (!text || lengthOf(text) > MAX_LENGTH) return;
    this.chat.say({ text });
    input.value = "";
    this.grow();
  }

  leave() {
    const exit = this.getAttribute("exit-url");
    this.chat.leave("forgotten");
    this.ui.input.value = "";
    this.show(false);
    if (exit) location.replace(exit);
  }

  async trying(act) {
    try {
      await act();
    } catch ({ message }) {
      this.tell(message || this.t.error);
    }
  }

  async download() {
    const blob = this.chat.kept.token ? await this.chat.transcript() : new Blob(["[]"]);
    const href = URL.createObjectURL(blob);
    h("a", { href, download: "sma-companion-chat.json" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 9999);
  }

  changed(chat, before) {
    const { t, ui } = this;
    const { seen = 0, organisation } = this.chat.kept;
    const wasAtEnd = this.isAtEnd();
    const isReturn = !before.messages.length && !before.cursor;
    const news = newsSince(chat, lastId(before));
    this.draw(chat);
    ui.typing.hidden = !isAwaiting(chat);
    if (isAwaiting(chat) !== isAwaiting(before)) {
      clearTimeout(this.slow);
      if (isAwaiting(chat)) this.slow = setTimeout(() => this.announce(t.typing), 4000);
    }
    if (!chat.messages.length) {
      for (const region of [ui.polite, ui.urgent, ui.outer]) region.replaceChildren();
      ui.toNew.hidden = true;
    }
    this.tell(!chat.isOnline ? t.offline : chat.with_staff ? t.withStaff : chat.waiting ? t.waiting : t[chat.notice]);
    const unread = this.isOpen ? 0 : newsSince(chat, seen).length;
    ui.badge.hidden = !unread;
    ui.badge.textContent = fill(t.unread, { n: unread });
    ui.subtitle.textContent = organisation ? `${t.subtitle} · ${organisation}` : t.subtitle;
    ui.remember.checked = this.chat.isRemembered;
    if (news.length && !isReturn) this.hear(news, wasAtEnd);
    else if (isReturn || wasAtEnd || chat.messages.length > before.messages.length) chat.messages.length && this.toEnd();
    this.see();
  }

  draw(chat) {
    const { ui, nodes } = this;
    const wanted = rows(chat, this.dayOf);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { node }] of nodes) if (!keys.has(key) && nodes.delete(key)) node.remove();
    wanted.forEach((row, i) => {
      let shown = nodes.get(row.key);
      if (!shown || shown.message !== row.message) {
        const fresh = row.message ? renderMessage(row.message, this.context) : this.line(row);
        shown?.node.replaceWith(fresh.node);
        nodes.set(row.key, (shown = fresh));
      }
      if (ui.lines.children[i] !== shown.node) ui.lines.insertBefore(shown.node, ui.lines.children[i] ?? null);
      shown.update?.(chosenTitles(chat, row.message?.id));
    });
    ui.starters.update(chosenTitles(chat));
  }

  line({ type, at }) {
    const { t } = this;
    const day = this.dayOf(at);
    const near = { [this.dayOf(Date.now() - 864e5)]: t.yesterday, [this.dayOf(Date.now())]: t.today };
    return { node: h("p", { class: `line ${type}` }, type === "new" ? t.newLine : near[day] || day) };
  }

  /** Tell what others said, and move only a person who reads at the end. */
  hear(news, wasAtEnd) {
    for (const message of news) this.announce(spoken(message, this.t), /emergency|crisis/.test(message.kind));
    if (!this.isOpen) this.chat.mark(this.chat.kept.seen ?? 0);
    else if (wasAtEnd) this.toStart(news[0]);
    else {
      this.ui.toNew.hidden = false;
      this.chat.mark(news[0].id - 1);
    }
  }

  announce(text, isUrgent) {
    const { outer, urgent, polite } = this.ui;
    const region = !this.isOpen ? outer : isUrgent ? urgent : polite;
    region.append(h("p", {}, text));
    if (region.children.length > 3) region.firstChild.remove();
  }

  tell(text = "") {
    const { banner } = this.ui;
    banner.hidden = !text;
    if (banner.textContent === text) return;
    banner.textContent = text;
    if (text) this.announce(text);
  }

  see() {
    if (this.isOpen && !document.hidden) this.chat.see();
  }

  isAtEnd() {
    const { log } = this.ui;
    return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.ui.log.scrollTop = this.ui.log.scrollHeight;
  }

  toStart(message) {
    const { log } = this.ui;
    const { node } = this.nodes.get(keyOf(message)) ?? {};
    if (node) log.scrollTop += node.getBoundingClientRect().top - log.getBoundingClientRect().top - 64;
  }

  toNews() {
    const { state } = this.chat;
    const [first] = newsSince(state, state.mark ?? Infinity);
    this.ui.toNew.hidden = true;
    if (first) this.toStart(first);
    else this.toEnd();
  }
}

customElements.get("sma-companion") || customElements.define("sma-companion", SmaCompanion);
