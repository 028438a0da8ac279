import { type IpAddress, tryParseIpAddress } from '../../model/index.ts';
import type { PodName } from './attachment.ts';
import { CNI_CODES, type CniFailure } from './cni-error.ts';

/** What a container runtime asks of the plugin. */
export interface CniCall {
  readonly command: string;
  readonly cniVersion: string;
  readonly containerId: string;
  readonly interfaceName: string;
  /** Empty where there is none any more. */
  readonly netns: string;
  /** Undefined: it is no pod of Kubernetes. */
  readonly pod: PodName | undefined;
  /** What the plugins before us gave the pod. */
  readonly addresses: readonly IpAddress[];
  /** For GC: the attachments that are to stay. Undefined: it is not said. */
  readonly valid: readonly AttachmentName[] | undefined;
}

/** Names an attachment among all of a node (CNI specification 1.1.0). */
export interface AttachmentName {
  readonly containerId: string;
  readonly interfaceName: string;
}

/** Variables as `NAME=value`, each with a zero behind it, and the configuration's JSON. */
export function parseCall(variables: string, config: string): CniCall | { readonly failure: CniFailure } {
  const environment = new Map(
    variables.split('\0').map((entry) => {
      const [name = '', ...rest] = entry.split('=');
      return [name, rest.join('=')];
    }),
  );
  const document = parseObject(config);
  if (document === undefined) {
    const message = 'expected one JSON object as the configuration of the network';
    return { failure: { code: CNI_CODES.badJson, message, hint: '' } };
  }
  return {
    command: environment.get('CNI_COMMAND') ?? '',
    cniVersion: textOf(document, 'cniVersion') ?? '1.0.0',
    containerId: environment.get('CNI_CONTAINERID') ?? '',
    interfaceName: environment.get('CNI_IFNAME') ?? '',
    netns: environment.get('CNI_NETNS') ?? '',
    pod: parsePod(environment.get('CNI_ARGS') ?? ''),
    addresses: parseAddresses(document),
    valid: parseValid(document),
  };
}

/** `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart;K8S_POD_UID=…`. */
function parsePod(text: string): PodName | undefined {
  const parts = new Map(
    text.split(';').map((part) => {
      const [key = '', value = ''] = part.split('=');
      return [key, value];
    }),
  );
  const namespace = parts.get('K8S_POD_NAMESPACE') ?? '';
  const name = parts.get('K8S_POD_NAME') ?? '';
  if (namespace === '' || name === '') return undefined;
  return { namespace, name, uid: parts.get('K8S_POD_UID') ?? '' };
}

/** `ips` of a result of version 0.3.0 or later: `{"address": "10.1.0.2/24"}`. */
function parseAddresses(document: JsonObject): readonly IpAddress[] {
  const previous = objectOf(document.prevResult);
  return listOf(previous?.ips).flatMap((entry) => {
    const [address = ''] = (textOf(objectOf(entry) ?? {}, 'address') ?? '').split('/');
    return tryParseIpAddress(address) ?? [];
  });
}

function parseValid(document: JsonObject): readonly AttachmentName[] | undefined {
  const listed = document['cni.dev/valid-attachments'];
  if (!Array.isArray(listed)) return undefined;
  return listed.flatMap((entry) => {
    const fields = objectOf(entry) ?? {};
    const containerId = textOf(fields, 'containerID');
    const interfaceName = textOf(fields, 'ifname');
    return containerId === undefined || interfaceName === undefined ? [] : [{ containerId, interfaceName }];
  });
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}
