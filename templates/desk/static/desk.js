/* The desk's own script: follows saves and campaigns, fits frames to their place, keeps where you were reading. */
(() => {
  "use strict";
  const $ = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* A frame shows a device wider than its place: it is drawn at full width and made smaller. */
  const fit = (screen) => {
    const frame = screen.firstElementChild;
    const { width, height } = screen.dataset;
    const scale = Math.min(1, screen.clientWidth / width);
    frame.style.transform = scale < 1 ? `scale(${scale})` : "";
    screen.style.height = `${Math.round(height * scale)}px`;
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target)));
  const placed = new WeakSet();
  const place = () => {
    for (const screen of $(".screen")) {
      if (placed.has(screen)) continue;
      placed.add(screen);
      sizes.observe(screen);
      fit(screen);
    }
  };

  /* New words come in a second frame behind the first, and take its place once they stand: nothing blinks, and a
     reader stays at the same line. */
  const waiting = new WeakMap();
  const refill = (frame) => {
    const screen = frame.parentElement;
    waiting.get(screen)?.remove();
    const fresh = frame.cloneNode();
    fresh.className = "coming";
    waiting.set(screen, fresh);
    fresh.addEventListener("load", () => {
      if (waiting.get(screen) !== fresh) return;
      waiting.delete(screen);
      const old = frame.contentWindow;
      fresh.contentWindow.scrollTo({ left: old.scrollX, top: old.scrollY, behavior: "instant" });
      fresh.removeAttribute("class");
      frame.remove();
    });
    frame.after(fresh);
  };
  new MutationObserver(place).observe(document, { subtree: true, childList: true });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const words = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(words);
    button.textContent = "Copied";
  });

  /* What was asked for is done: its words are not asked for again. What is half typed elsewhere stays. */
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement: form, response } = event.detail.ctx;
    if (form.method !== "post" || !response.raw.ok || response.raw.url.includes("?refused=")) return;
    form.reset();
    form.closest("details")?.removeAttribute("open");
  });

  const follow = () => {
    const about = document.body.dataset.live;
    /* campaigns are called by their address; their pages follow the ledger, and every article */
    const planned = about.startsWith("/");
    const stamp = (told) => told.turn + (planned ? told.pulse : 0);
    const concerns = (name) => name === "*" || name === about || (!name.startsWith("/") && (planned || about === "*"));
    const pulse = document.getElementById("pulse");
    const say = (state, words) => {
      pulse.dataset.state = state;
      pulse.textContent = words;
    };
    const refresh = () => {
      $(".screen > iframe:not(.coming)").forEach(refill);
      document.getElementById("main").dispatchEvent(new CustomEvent("saved"));
      say("on", `Live, last changed ${new Date().toLocaleTimeString([], { timeStyle: "short" })}`);
    };
    let turn = Number(document.body.dataset.turn);
    let lost = false;
    const events = new EventSource("/events");
    /* "open" is the browser's own event too, without data: the server's follows it */
    events.addEventListener("open", (event) => {
      if (!event.data) return;
      const now = stamp(JSON.parse(event.data));
      if (lost || now !== turn) refresh();
      turn = now;
      lost = false;
      say("on", "Live");
    });
    events.addEventListener("saved", (event) => {
      const told = JSON.parse(event.data);
      turn = stamp(told);
      if (told.names.some(concerns)) refresh();
    });
    events.addEventListener("error", () => {
      lost = true;
      say("off", "The desk is closed");
    });
    addEventListener("pagehide", () => events.close());
  };

  addEventListener("keydown", (event) => {
    const search = document.querySelector("input[type=search]");
    if (event.key === "/" && search && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      search.focus();
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    place();
    document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
    if (document.body.dataset.live) follow();
  });
})();
