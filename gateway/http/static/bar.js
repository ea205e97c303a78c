// The bar on top of every page: which of its links is the page that is shown.

/** Marks the link to a page, by its path below the gateway's and its hash, and gives the window that title. */
export function showPlace(href, title) {
  for (const link of document.querySelectorAll(".bar nav a")) {
    if (link.getAttribute("href") === href) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = title;
}
