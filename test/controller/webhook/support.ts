import { request } from 'node:https';
import { inspectObject, objectKindOf } from '../../../src/controller/objects/index.ts';
import type { ObjectEvent } from '../../../src/controller/sources/index.ts';

export const PATH = '/validate';

/** An AdmissionReview that asks for an object, or for a change of one. */
export function review(object: unknown, before?: unknown): Readonly<Record<string, unknown>> {
  const {
    apiVersion = '',
    kind = '',
    metadata = {},
  } = (object ?? before ?? {}) as {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly metadata?: { readonly namespace?: string };
  };
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group, version, kind },
      operation: before === undefined ? 'CREATE' : object === undefined ? 'DELETE' : 'UPDATE',
      namespace: metadata.namespace ?? '',
      object: object ?? null,
      oldObject: before ?? null,
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** Sends to a webhook on loopback, as the API server does. */
export function send(
  port: number,
  body: string | Buffer,
  options: {
    readonly ca: string;
    readonly path?: string;
    readonly method?: string;
    readonly contentType?: string;
    readonly serverName?: string;
  },
): Promise<Answered> {
  const {
    ca,
    path = PATH,
    method = 'POST',
    contentType = 'application/json',
    serverName = 'localhost',
  } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        ca,
        servername: serverName,
        headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Events that bring objects as a source would. */
export function upserts(...objects: readonly unknown[]): readonly ObjectEvent[] {
  return objects.flatMap((content) => {
    const kind = objectKindOf(content);
    if (kind === undefined) return [];
    return [
      { type: 'upsert', object: inspectObject(kind, content).object, faults: [], written: () => content },
    ];
  });
}
