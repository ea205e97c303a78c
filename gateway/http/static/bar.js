// The bar on top of every page: which of its links is the page that is shown.

/** Marks the link to a page, as it is written there. */
export function showPlace(href) {
  for (const link of document.querySelectorAll(".bar nav a")) {
    if (link.getAttribute("href") === href) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
