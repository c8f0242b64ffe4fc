// What the theme's buttons and lists do here, in place of the theme's own scripts: those do more than
// this book uses, and have a page laid out several times as it opens.

{
  const root = document.documentElement;
  const body = document.body;

  // Colours: the page's head has set those that were chosen last.

  const prefersDark = matchMedia("(prefers-color-scheme: dark)");

  /** @param {string} mode */
  const setMode = (mode) => {
    root.dataset.mode = mode;
    root.dataset.theme = mode === "auto" ? (prefersDark.matches ? "dark" : "light") : mode;
  };

  prefersDark.addEventListener("change", () => setMode(root.dataset.mode));

  const toNextMode = () => {
    // The first press always changes something.
    const modes = prefersDark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    const mode = modes[(modes.indexOf(root.dataset.mode) + 1) % modes.length];
    setMode(mode);
    try {
      localStorage.setItem("mode", mode);
    } catch {
      /* a browser that keeps nothing */
    }
  };

  for (const button of document.querySelectorAll(".theme-switch-button")) {
    button.addEventListener("click", toNextMode);
  }

  // The two lists at the sides. Where there is no room for them, a dialog holds them while it is
  // open: the theme's styles then show what is in it. On wide screens the left one can be put away.

  const sidebar = document.getElementById("pst-primary-sidebar");
  const isWide = matchMedia("(min-width: 992px)");

  /** @param {HTMLElement} from @param {HTMLElement} to */
  const moveAll = (from, to) => {
    to.append(...from.childNodes);
    to.className = from.className;
    from.className = "";
  };

  /** @param {Event} event @returns {HTMLAnchorElement | null} the link within the page */
  const linkAt = (event) => /** @type {Element} */ (event.target).closest("a[href^='#']");

  /** @param {Element} box @param {MouseEvent} event */
  const isOutside = (box, { clientX, clientY }) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  };

  for (const side of ["primary", "secondary"]) {
    const button = document.querySelector(`.${side}-toggle`);
    const list = document.getElementById(`pst-${side}-sidebar`);
    const dialog = /** @type {HTMLDialogElement} */ (
      document.getElementById(`pst-${side}-sidebar-modal`)
    );
    if (!button || !list || !dialog) continue;
    button.addEventListener("click", () => {
      if (list === sidebar && isWide.matches) {
        list.classList.toggle("pst-sidebar-hidden");
      } else {
        list.classList.remove("pst-sidebar-hidden"); // the window may have been wide before
        moveAll(list, dialog);
        dialog.showModal();
        dialog.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
      }
    });
    dialog.addEventListener("close", () => moveAll(dialog, list));
    dialog.addEventListener("click", (event) => {
      const isOnBackdrop = event.target === dialog && isOutside(dialog, event);
      if (isOnBackdrop || linkAt(event)) dialog.close();
    });
  }

  // The list of a page's sections marks the one that is at the top of the screen.

  /** @type {Map<Element, HTMLAnchorElement>} by heading */
  const links = new Map();
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const entries = document.querySelectorAll("#pst-page-toc-nav a[href^='#']");
  for (const link of entries) {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (section) links.set(section.querySelector("h1, h2, h3, h4, h5, h6") ?? section, link);
  }

  // The one that is marked stays in view, however long the list is.
  const contents = document.getElementById("pst-secondary-sidebar");
  const inView = new IntersectionObserver(
    ([{ target, intersectionRatio, boundingClientRect, rootBounds }]) => {
      inView.unobserve(target);
      // A reader who is in the list with the keyboard keeps what has the focus.
      if (intersectionRatio === 1 || !rootBounds || contents.matches(":focus-within")) return;
      contents.scrollTop += boundingClientRect.top - rootBounds.top - rootBounds.height / 3;
    },
    { root: contents },
  );

  /** @param {HTMLAnchorElement} current */
  const markLink = (current) => {
    inView.observe(current);
    for (const link of links.values()) {
      link.classList.toggle("active", link === current);
      if (link === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const entry of document.querySelectorAll("#pst-page-toc-nav .toc-entry")) {
      entry.classList.toggle("active", entry.contains(current));
    }
  };

  // A section that was asked for is marked even if it is too near the end to get to the top: what
  // passes on the way there does not count.
  let askedAt = -Infinity;

  /** @param {string | undefined} hash */
  const markAskedFor = (hash) => {
    const asked = [...links.values()].find((link) => link.hash === hash);
    if (!asked) return;
    askedAt = performance.now();
    markLink(asked);
  };

  markAskedFor(location.hash);
  addEventListener("hashchange", () => markAskedFor(location.hash));
  addEventListener("click", (event) => markAskedFor(linkAt(event)?.hash));

  /** The headings above the lower part of the screen. @type {Set<Element>} */
  const passed = new Set();
  const atTop = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) passed.add(target);
        else passed.delete(target);
      }
      const heading = [...links.keys()].findLast((each) => passed.has(each));
      if (heading && performance.now() - askedAt > 1000) markLink(links.get(heading));
    },
    { rootMargin: "1000000px 0px -70%" }, // whatever is above counts, also after a jump
  );
  for (const heading of links.keys()) atTop.observe(heading);

  // The bar at the top of a page has a shadow when something is under it.

  new IntersectionObserver((entries) => {
    body.classList.toggle("scrolled", entries.at(-1).boundingClientRect.y < 0);
  }).observe(document.querySelector(".sbt-scroll-pixel-helper"));

  // How far the list of pages is scrolled: book/templates/tb-pages.html scrolls that of the next page.

  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem("sidebar-scroll-top", String(sidebar.scrollTop));
    } catch {
      /* the same */
    }
  });
}
