/* The desk's own script: follows saves, fits frames to their place, keeps where you were reading. */
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

  /* New words are put into the standing document, so that a reader stays at the same place. */
  const texts = new Map();
  const refill = async (frame) => {
    const address = frame.getAttribute("src");
    const inside = frame.contentDocument;
    if (!inside || !inside.body) return;
    if (!texts.has(address)) texts.set(address, fetch(address).then((answer) => (answer.ok ? answer.text() : "")));
    const text = await texts.get(address);
    if (!text) return;
    const fresh = new DOMParser().parseFromString(text, "text/html");
    inside.head.replaceChildren(...[...fresh.head.childNodes].map((node) => inside.importNode(node, true)));
    inside.body.replaceWith(inside.importNode(fresh.body, true));
    for (const name of ["lang", "dir"]) inside.documentElement.setAttribute(name, fresh.documentElement.getAttribute(name) || "");
  };
  const watcher = new MutationObserver((changes) => {
    const frames = new Set(changes.filter((change) => change.attributeName === "data-digest").map((change) => change.target));
    if (frames.size) texts.clear();
    frames.forEach(refill);
    place();
  });

  const follow = () => {
    const about = document.body.dataset.live;
    const pulse = document.getElementById("pulse");
    const say = (state, words) => {
      pulse.dataset.state = state;
      pulse.textContent = words;
    };
    const refresh = () => document.getElementById("main").dispatchEvent(new CustomEvent("saved"));
    let lost = false;
    const events = new EventSource("/events");
    events.addEventListener("open", () => {
      if (lost) refresh();
      lost = false;
      say("on", "Live");
    });
    events.addEventListener("saved", (event) => {
      const names = JSON.parse(event.data);
      if (about === "*" || names.includes("*") || names.includes(about)) refresh();
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
    watcher.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-digest"] });
    if (document.body.dataset.live) follow();
  });
})();
