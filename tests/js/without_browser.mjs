// What the site's scripts ask of a browser as they are loaded, so that Node can load them:
// `node --import ./tests/js/without_browser.mjs`.

const nothing = () => {};

globalThis.HTMLElement = class {
  getAttribute() {
    return null;
  }
};
globalThis.customElements = { get: nothing, define: nothing };
globalThis.IntersectionObserver = class {};
globalThis.addEventListener = nothing;

const stored = new Map();
Object.defineProperty(globalThis, "localStorage", {
  value: {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, text) => stored.set(key, text),
  },
});
