// The reply box: saved replies without losing what is written, Ctrl+Enter, one click is one act.
export function prepareReply(form) {
  if (!form) return;
  const text = form.elements.text;
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  document.getElementById("insert").form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const topic = document.getElementById("insert").value;
    const answer = await fetch(`/saved-reply?topic=${encodeURIComponent(topic)}`);
    if (!answer.ok) return;
    const saved = await answer.json();
    const before = text.value.slice(0, text.selectionStart);
    const gap = before && !before.endsWith("\n\n") ? "\n\n" : "";
    text.setRangeText(gap + saved.text, text.selectionStart, text.selectionEnd, "end");
    document.getElementById("sources_of").value = saved.topic;
    document.getElementById("sources-line").textContent = `Goes along: the sources of “${saved.title}”.`;
    text.focus();
  });
}

export function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    // Back in the browser shows the page again as it was.
    window.addEventListener("pageshow", () => {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    });
  });
}
