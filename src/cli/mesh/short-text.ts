/** Services of the cluster as people call them: `shop/cart` for `shop/cart.shop.svc.cluster.local`, wherever in the text. */
export function shortServiceNames(text: string): string {
  return text.replaceAll(CLUSTER_SERVICE, '$<namespace>/$<name>');
}

/** `1.5s`, `200ms`, `2m`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1_000) return `${durationMs}ms`;
  if (durationMs % 3_600_000 === 0) return `${durationMs / 3_600_000}h`;
  if (durationMs % 60_000 === 0) return `${durationMs / 60_000}m`;
  return `${durationMs / 1_000}s`;
}

const CLUSTER_SERVICE =
  /(?<namespace>[a-z0-9][a-z0-9-]*)\/(?<name>[a-z0-9][a-z0-9-]*)\.\k<namespace>\.svc\.[a-z0-9.-]*[a-z0-9]/g;
