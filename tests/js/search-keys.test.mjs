// The keys that open the search.

import assert from "node:assert/strict";
import test from "node:test";

const listeners = {};
const field = { select() {} };
const opened = new Promise((resolve) => {
  field.focus = resolve;
});

globalThis.HTMLElement ??= class {};
globalThis.IntersectionObserver ??= class {};
globalThis.customElements ??= { get() {}, define() {} };
globalThis.document = {
  addEventListener(name, listener) {
    listeners[name] = listener;
  },
  querySelectorAll: () => [],
  querySelector: (selector) => (selector === "main tb-search" ? { field } : null),
};
Object.defineProperty(globalThis, "navigator", { value: { platform: "Linux x86_64" } });

await import("../../book/static/search.js");

/** @returns whether the key was taken from the browser */
function press(key, modifiers = {}) {
  let isTaken = false;
  const event = {
    ...{ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, target: {} },
    ...modifiers,
    preventDefault() {
      isTaken = true;
    },
  };
  listeners.keydown(event);
  return isTaken;
}

test("Ctrl+K opens the search", async () => {
  assert.equal(press("k", { ctrlKey: true }), true);
  await opened;
});

test("no single character opens it, and no other shortcut", () => {
  for (const key of ["/", "k", "s", "?"]) {
    assert.equal(press(key), false, key);
    assert.equal(press(key, { shiftKey: true }), false, `Shift+${key}`);
  }
  assert.equal(press("k", { ctrlKey: true, shiftKey: true }), false);
  assert.equal(press("k", { metaKey: true }), false);
});
