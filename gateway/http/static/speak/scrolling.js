// Scrolls a box, and nothing around it.

const MARGIN = 24;

/** Scrolls a box if a part of it cannot be seen; none is no part. */
export function keepInSight(box, part) {
  if (!part) return;
  const [outer, inner] = [box, part].map((each) => each.getBoundingClientRect());
  if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - MARGIN;
}
