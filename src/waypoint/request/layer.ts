import type { HttpRequest, HttpResponse } from '../../http/index.ts';
import type { RequestContext } from './request-context.ts';

/** Answers a request. Rejects with a MeshError; `respond.ts` alone turns that into an answer for the client. */
export type Handler = (request: HttpRequest, context: RequestContext) => Promise<HttpResponse>;

/** One concern around the handling of a request: it may look, change, answer itself, or call `next` any number of times. */
export type Layer = (next: Handler) => Handler;

/** Layers around a leaf; the first is the outermost, so the list reads in the order of the request. */
export function compose(layers: readonly Layer[], leaf: Handler): Handler {
  return layers.reduceRight((next, layer) => layer(next), leaf);
}
