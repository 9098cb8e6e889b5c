// Times in the reader's own zone, and clocks that go on.
const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.textContent = SHORT.format(at);
      time.title = at.toLocaleString();
    }
  }
}

export function keepClocks() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const text = duration((Date.now() - new Date(time.dateTime).getTime()) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }, 1000);
}

// The same words as in console/layout.py.
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(whole / 3600);
  const days = Math.floor(whole / 86400);
  if (hours < 1) return `${minutes} min`;
  return days < 1 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${days} d ${hours % 24} h`;
}
