import { formatAuthority, type IpAddress } from '../../model/index.ts';
import { TunnelError } from '../errors.ts';
import { parseAuthority } from './authority.ts';

/** The real client as the sender saw it, and the service it aimed at (RFC 7239, wire.md §1.5). Belief is the caller's decision. */
export interface Forwarded {
  readonly client?: { readonly address: IpAddress; readonly port: number } | undefined;
  readonly host?: string | undefined;
}

/** Reads the first element; parameters that are unknown or malformed are passed over. */
export function parseForwarded(text: string | undefined): Forwarded {
  const forwarded: { -readonly [K in keyof Forwarded]: Forwarded[K] } = {};
  if (text === undefined || text.length > MAX_FORWARDED_BYTES) return forwarded;
  PARAMETER.lastIndex = 0;
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    const [, name = '', quoted, token, end] = match;
    const value = quoted === undefined ? (token ?? '') : quoted.replaceAll(/\\(.)/g, '$1');
    const key = name.toLowerCase();
    if (key === 'for' && forwarded.client === undefined) forwarded.client = clientOf(value);
    if (key === 'host' && forwarded.host === undefined && value !== '') forwarded.host = value;
    if (end !== ';') break;
  }
  return forwarded;
}

/** `for="ip:port";host=name`, whatever of it is set; empty when nothing is. */
export function formatForwarded(forwarded: Forwarded): string {
  const parts: string[] = [];
  if (forwarded.client !== undefined)
    parts.push(`for="${formatAuthority(forwarded.client.address, forwarded.client.port)}"`);
  if (forwarded.host !== undefined)
    parts.push(TOKEN.test(forwarded.host) ? `host=${forwarded.host}` : `host=${quote(forwarded.host)}`);
  return parts.join(';');
}

function clientOf(value: string): Forwarded['client'] {
  try {
    const authority = parseAuthority(value);
    return authority.kind === 'address' ? { address: authority.address, port: authority.port } : undefined;
  } catch (error) {
    // An obfuscated or port-less client (RFC 7239 §6.3) is allowed, and of no use here.
    if (error instanceof TunnelError) return undefined;
    throw error;
  }
}

function quote(value: string): string {
  return `"${value.replaceAll(/[^\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
}

const MAX_FORWARDED_BYTES = 4096;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** One parameter of RFC 7239 §4; tokens are read leniently, since `ip:port` is often left unquoted. */
const PARAMETER = /[ \t]*([A-Za-z][A-Za-z0-9_-]*)=(?:"((?:[^"\\]|\\.)*)"|([^",; \t]*))[ \t]*(;|,|$)/gy;
