// Renews the sections of the page as the service tells of changes. Without it the page is whole, and renews itself.
"use strict";

const link = document.getElementById("link");
const events = new EventSource(`/operations/events?lang=${document.documentElement.lang}`);

function tell(works) {
  const word = works ? link.dataset.liveWord : link.dataset.lostWord;
  link.className = works ? "on" : "off";
  if (link.textContent !== word) link.textContent = word;
  link.hidden = false;
}

// What a reader is in the middle of stays: a field, or marked text.
function isInUse(section) {
  const marked = getSelection();
  return section.querySelector("input:focus, select:focus") !== null
    || (!marked.isCollapsed && section.contains(marked.anchorNode));
}

function renew(section, text) {
  if (isInUse(section)) return;
  const reachable = "a, button, summary, [tabindex]";
  const focused = [...section.querySelectorAll(reachable)].indexOf(document.activeElement);
  const scrolled = [...section.querySelectorAll(".scroll")].map((region) => region.scrollLeft);
  // The service escapes whatever is not its own.
  section.innerHTML = text;
  section.querySelectorAll(".scroll").forEach((region, at) => { region.scrollLeft = scrolled[at] ?? 0; });
  if (focused >= 0) section.querySelectorAll(reachable)[focused]?.focus({ preventScroll: true });
}

for (const section of document.querySelectorAll("[data-live]")) {
  events.addEventListener(section.id, (event) => renew(section, event.data));
}
events.addEventListener("open", () => tell(true));
events.addEventListener("error", () => {
  tell(false);
  // A refusal ends the stream for good; a lost connection is tried again by the browser.
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 15000);
});
