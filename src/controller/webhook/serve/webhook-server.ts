import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, type Closable, describeError, HandshakeGate, type Logger } from '../../../base/index.ts';
import { ControllerError } from '../../errors.ts';
import { readAdmissionReview, type Reviewer, writeAdmissionReview } from '../review/index.ts';
import { readBody } from './read-body.ts';
import { timeToAnswer } from './time-to-answer.ts';

/** Where the webhook listens, who judges, and what becomes of what nobody could judge. */
export interface WebhookServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** PEM; the certificate is followed by its intermediates. */
  readonly certificate: WebhookKeyPair;
  readonly reviewer: Pick<Reviewer, 'review'>;
  /** What could not be judged is let through with a warning; else it is an error, and the API server's failurePolicy decides. */
  readonly failClosed: boolean;
  /** The longest that an answer takes; the API server may ask for less. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** PEM. */
export interface WebhookKeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** How answers turned out. */
export type ReviewOutcome = 'allowed' | 'refused' | 'unjudged' | 'malformed';

/** The validating admission webhook: `POST /validate` over HTTPS. */
export interface WebhookServer extends Closable {
  readonly address: { readonly host: string; readonly port: number };
  /** For the handshakes to come. */
  setCertificate(certificate: WebhookKeyPair): void;
  readonly outcomes: Readonly<Record<ReviewOutcome, number>>;
}

/** Rejects with ControllerError ERR_CONTROLLER_WEBHOOK when it cannot listen, or the certificate cannot be used. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { log, reviewer, failClosed } = options;
  const outcomes = { allowed: 0, refused: 0, unjudged: 0, malformed: 0 };
  let busy = 0;
  const connections = new HandshakeGate(MOST_CONNECTIONS, floodError);
  const reading = new HandshakeGate(MOST_AT_ONCE, floodError);

  const malformed = (code: number, why: string): Answer => {
    outcomes.malformed += 1;
    return { code, text: `${why}\n` };
  };
  const review = async (request: IncomingMessage, target: URL): Promise<Answer> => {
    // Who sends slowly holds no place of those who have sent: a flood pushes out its own.
    const read = reading.enter(request.socket);
    const body = await readBody(request, LONGEST_BODY).finally(read);
    if (body === undefined) return malformed(413, `expected ${LONGEST_BODY} bytes at most, got more`);
    const asked = readAdmissionReview(body);
    if (typeof asked === 'string') return malformed(400, asked);
    if (busy >= MOST_AT_ONCE) return { code: 503, text: `${busy} reviews are under way already\n` };
    busy += 1;
    try {
      const verdict = await reviewer.review(asked, timeToAnswer(target, options.timeoutMs));
      outcomes[verdict.allowed ? 'allowed' : 'refused'] += 1;
      if (!verdict.allowed)
        log.info('object refused', { kind: asked.kind, namespace: asked.namespace, reason: verdict.message });
      return { code: 200, json: writeAdmissionReview(asked.uid, verdict) };
    } catch (error) {
      outcomes.unjudged += 1;
      log.warn('object not judged', { kind: asked.kind, error: describeError(error) });
      const why = error instanceof ControllerError ? error.message : 'the object was not judged';
      if (failClosed) return { code: 503, text: `${why}\n` };
      return {
        code: 200,
        json: writeAdmissionReview(asked.uid, { allowed: true, warnings: [`nodemesh: ${why}`] }),
      };
    } finally {
      busy -= 1;
    }
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const target = new URL(request.url ?? '/', 'https://webhook');
    if (target.pathname !== PATH)
      return malformed(404, `nothing at ${target.pathname.slice(0, 100)}; there is ${PATH}`);
    if (request.method !== 'POST') return malformed(405, `${PATH} takes POST, not ${request.method}`);
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      return malformed(415, 'expected the content type application/json');
    return review(request, target);
  };

  const server = createServer(
    {
      ...tlsOptions(options.certificate),
      handshakeTimeout: SLOWEST_MS,
      headersTimeout: SLOWEST_MS,
      requestTimeout: SLOWEST_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      answer(request).then(
        (answered) => send(request, response, answered),
        (error: unknown) => {
          log.debug('webhook client has gone', { error: describeError(error) });
          response.destroy();
        },
      );
    },
  );
  server.on('connection', (socket: Socket) => void connections.enter(socket));
  server.setTimeout(60_000);
  server.on('tlsClientError', (error) =>
    log.debug('webhook handshake failed', { error: describeError(error) }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(options.listen, cause)));
    server.listen({ host: options.listen.host, port: options.listen.port }, resolve);
  });
  const { address: host, port } = server.address() as AddressInfo;

  return {
    address: { host, port },
    outcomes,
    setCertificate: (certificate) => server.setSecureContext(tlsOptions(certificate)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    destroy() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Answer {
  readonly code: number;
  readonly text?: string;
  readonly json?: string;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { code, text, json = text ?? '' }: Answer,
): void {
  if (response.destroyed) return;
  response.statusCode = code;
  response.setHeader('content-type', text === undefined ? 'application/json' : 'text/plain; charset=utf-8');
  // What is left of a body that was not read would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  response.end(json);
}

function tlsOptions({ certificatePem, privateKeyPem }: WebhookKeyPair) {
  return { cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' } as const;
}

function cannotListen(listen: WebhookServerOptions['listen'], cause: Error): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_WEBHOOK',
    blame: 'local',
    message: `the webhook cannot listen on ${listen.host}:${listen.port}`,
    hint: 'see whether another process has the port (ss -ltnp)',
    cause,
  });
}

function floodError(address: string, limit: number): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_REVIEW',
    blame: 'downstream',
    message: `more than ${limit} connections or bodies at once, most of them from ${address}`,
  });
}

const PATH = '/validate';
/** An object may have 1.5 MiB in etcd, and a review has it twice. */
const LONGEST_BODY = 3 * 1024 * 1024;
const MOST_AT_ONCE = 32;
const MOST_CONNECTIONS = 256;
const SLOWEST_MS = 10_000;
