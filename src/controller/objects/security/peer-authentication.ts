import type { Field } from '../fields/index.ts';
import { type LabelSelector, parseWorkloadSelector } from '../label-selector.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** Whether plaintext is taken; UNSET: as the wider object says. */
export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** security.istio.io PeerAuthentication. */
export interface PeerAuthenticationObject {
  readonly kind: 'PeerAuthentication';
  readonly meta: ObjectMeta;
  /** Undefined: the whole namespace, or the whole mesh in the root namespace. */
  readonly selector: LabelSelector | undefined;
  readonly mode: MtlsMode;
  /** In the order of the port numbers. */
  readonly portModes: ReadonlyMap<number, MtlsMode>;
}

/** Accepts exactly what Istio's CustomResourceDefinition does, and no unknown fields. */
export function parsePeerAuthentication(root: Field, defaultNamespace: string): PeerAuthenticationObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').object(['selector', 'mtls', 'portLevelMtls']);
  const selector = parseWorkloadSelector(spec.key('selector'));
  return {
    kind: 'PeerAuthentication',
    meta,
    selector,
    mode: parseMode(spec.key('mtls')),
    portModes: parsePortModes(spec.key('portLevelMtls'), selector),
  };
}

function parsePortModes(field: Field, selector: LabelSelector | undefined): ReadonlyMap<number, MtlsMode> {
  const entries = field.entries();
  if (field.present && entries.length === 0) field.issue('at least one port', 'none');
  if (field.present && selector === undefined) field.issue('a selector with labels beside it', 'none');
  const modes: [number, MtlsMode][] = [];
  for (const [key, value] of entries) {
    const port = /^[+-]?\d+$/.test(key) ? Number(key) : Number.NaN;
    if (!(port >= 1 && port <= 65535)) value.issue('a port from 1 to 65535 as the name', JSON.stringify(key));
    else modes.push([port, parseMode(value)]);
  }
  return new Map(modes.sort(([a], [b]) => a - b));
}

function parseMode(field: Field): MtlsMode {
  return field.object(['mode']).key('mode').oneOf(MODES) ?? 'UNSET';
}

const MODES = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'] as const;
