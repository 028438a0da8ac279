import { isIP } from 'node:net';
import type { Field, TextRule } from '../../fields/index.ts';

/** An address that a Gateway asks for, or has. */
export interface GatewayObjectAddress {
  /** `IPAddress` (default), `Hostname`, or one of an implementation's own. */
  readonly type: string;
  /** Empty: any of that type. */
  readonly value: string;
}

/** `spec.addresses`: 16 at most, each once. */
export function parseAddresses(field: Field): readonly GatewayObjectAddress[] {
  const seen = new Set<string>();
  return field.items(16).map((item) => {
    const address = parseAddress(item.required());
    const id = `${address.type} ${address.value}`;
    const value = item.key('value');
    if (value.present && UNIQUE.has(address.type) && seen.has(id))
      value.issue('an address that no other entry has');
    if (value.present) seen.add(id);
    return address;
  });
}

/** What somebody else wrote is taken where it can be read, and no fault of the object's where not. */
export function parseStatusAddresses(root: Field): readonly GatewayObjectAddress[] {
  const { value } = root.key('status').key('addresses');
  if (!Array.isArray(value)) return [];
  return (value as readonly unknown[]).flatMap((entry) => {
    const { type = 'IPAddress', value: text } = (entry ?? {}) as {
      readonly type?: unknown;
      readonly value?: unknown;
    };
    return typeof type === 'string' && typeof text === 'string' ? [{ type, value: text }] : [];
  });
}

function parseAddress(field: Field): GatewayObjectAddress {
  field.object(['type', 'value']);
  const type = field.key('type').text(TYPE) ?? 'IPAddress';
  const value = field.key('value').text({ maxLength: 253 });
  if (type === 'IPAddress' && value !== undefined && isIP(value) === 0)
    field.key('value').issue('an IP address');
  if (type === 'Hostname' && value !== undefined && !HOSTNAME_VALUE.test(value)) {
    field.key('value').issue('a hostname');
  }
  return { type, value: value ?? '' };
}

const UNIQUE: ReadonlySet<string> = new Set(['IPAddress', 'Hostname']);
/** As the CRD has it: only the first and the last alternative are anchored. */
const TYPE: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern:
    /^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/,
};
const HOSTNAME_VALUE = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
