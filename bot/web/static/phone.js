// The phone page keeps itself up to date. Without this script every form and link works as well.
(() => {
  const EVERY_MS = 1000, SLOWEST_MS = 8000;
  const find = (what, where = document) => where.querySelector(what);
  const text = find("#text"), form = find("#say"), scroll = find(".scroll");
  let line = new URLSearchParams(location.search).get("line");
  let etag = null, wait = EVERY_MS, timer = 0, busy = false, again = false;

  // -- parts that change by themselves ----------------------------------------------------------
  const put = (part, html) => {
    if (part.innerHTML.trim() === html.trim()) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const up = scroll.scrollTop, height = scroll.scrollHeight;
    part.innerHTML = html;
    // Whoever reads further up stays there: the thread grows at its end.
    if (part.dataset.live === "lines" && up < -40) scroll.scrollTop = up - (scroll.scrollHeight - height);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  const refresh = async () => {
    clearTimeout(timer);
    if (busy) { again = true; return; }
    busy = true;
    const from = performance.now();
    try {
      const address = "/phone/live" + (line ? "?line=" + encodeURIComponent(line) : "");
      const answer = await fetch(address, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
      if (answer.status === 200) {
        etag = answer.headers.get("ETag");
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const now = find(`[data-live="${part.dataset.live}"]`, fresh);
          if (now) put(part, now.innerHTML);
        }
      }
      wait = Math.min(SLOWEST_MS, Math.max(EVERY_MS, 20 * (performance.now() - from)));
    } catch { wait = SLOWEST_MS; }
    busy = false;
    if (again) { again = false; return refresh(); }
    if (!document.hidden) timer = setTimeout(refresh, wait);
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else refresh(); });

  // -- a line is pressed ------------------------------------------------------------------------
  document.addEventListener("click", event => {
    const pressed = event.target.closest?.("[data-line]");
    if (!pressed || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    line = pressed.dataset.line;
    history.replaceState(null, "", "/phone?line=" + encodeURIComponent(line));
    etag = null;
    const beside = matchMedia("(min-width: 60rem)").matches;
    refresh().then(() => { if (!beside) find("#why").focus(); });
  });

  // -- a text is sent ---------------------------------------------------------------------------
  const post = async (body) => {
    const answer = await fetch("/phone/text", { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status === 204) return "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return find("#problem", page)?.textContent || find("h1", page)?.textContent || "?";
  };
  document.addEventListener("submit", async event => {
    if (event.target.getAttribute("action") !== "/phone/text") return;
    event.preventDefault();
    const body = new FormData(event.target, event.submitter);
    const own = event.target === form;
    if (!String(body.get("text")).trim()) return;
    if (own) { text.value = ""; meter(); }
    text.focus({ preventScroll: true });
    let problem;
    try { problem = await post(body); } catch { problem = find("#problem").dataset.away || "…"; }
    find("#problem").textContent = problem;
    if (problem && own && !text.value) { text.value = body.get("text"); meter(); }
    line = null;
    history.replaceState(null, "", "/phone");
    scroll.scrollTop = 0;
    etag = null;
    refresh();
  });

  // -- parts and room, as bot/sending/parts.py counts them for plain texts ------------------------
  const basic = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const wide = new Set("\f^{}\\[~]|€");
  const measure = said => {
    const chars = [...said];
    const gsm = chars.every(char => basic.has(char) || wide.has(char));
    const [one, many] = gsm ? [160, 153] : [70, 67];
    const widths = chars.map(char => gsm ? 1 + wide.has(char) : char.length);
    const units = widths.reduce((sum, width) => sum + width, 0);
    if (units <= one) return [1, one - units, gsm];
    let parts = 1, room = many;
    for (const width of widths) {
      if (width > room) { parts += 1; room = many; }
      room -= width;
    }
    return [parts, room, gsm];
  };
  const meter = () => {
    const shown = find("[data-meter]");
    const [parts, room, gsm] = measure(text.value);
    const words = parts === 1 ? shown.dataset.meter : shown.dataset.meterMany;
    shown.textContent = words.replace("{parts}", parts).replace("{room}", room).replace("{encoding}", gsm ? "GSM-7" : "UCS-2");
  };
  text.addEventListener("input", meter);
  meter();
  if (matchMedia("(hover: hover)").matches && !location.hash) text.focus({ preventScroll: true });
  timer = setTimeout(refresh, EVERY_MS);
})();
