const MARGIN_PX = 12;

/** Scrolls what frames a drawing, and nothing around it, until a part of the drawing is to be seen. */
export function showInFrame(frame: Element, part: Element): void {
  const outer = frame.getBoundingClientRect();
  const inner = part.getBoundingClientRect();
  frame.scrollBy({
    left: missing(outer.left, outer.right, inner.left, inner.right),
    top: missing(outer.top, outer.bottom, inner.top, inner.bottom),
  });
}

function missing(from: number, to: number, partFrom: number, partTo: number): number {
  if (partFrom < from) return partFrom - from - MARGIN_PX;
  return partTo > to ? partTo - to + MARGIN_PX : 0;
}
