type Labels = Readonly<Record<string, string>>;

/** An object with labels and the namespace that it is in. */
export interface Labelled {
  readonly namespace: string;
  readonly labels: Labels;
}

/**
 * `namespace/name` of the waypoint that an object's use-waypoint label, or else its namespace's, asks for; undefined: none.
 * Whether there is one, and whether it may be used, only the controller says.
 */
export function wantedWaypoint(
  object: Labelled,
  ofNamespace: Labels = {},
  { sideBySide = false }: { readonly sideBySide?: boolean | undefined } = {},
): string | undefined {
  const prefixes = sideBySide ? [OWN] : [OWN, ISTIO];
  for (const labels of [object.labels, ofNamespace]) {
    const prefix = prefixes.find((candidate) => labels[`${candidate}/use-waypoint`] !== undefined);
    if (prefix === undefined) continue;
    const name = labels[`${prefix}/use-waypoint`] ?? '';
    if (name === 'none') return undefined;
    return `${labels[`${prefix}/use-waypoint-namespace`] ?? object.namespace}/${name}`;
  }
  return undefined;
}

/** Before Istio's, and side by side alone. */
const OWN = 'nodemesh.io';
const ISTIO = 'istio.io';
