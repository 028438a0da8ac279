import type { TokenAttributes } from './attributes.ts';
import type { JudgedRequest } from './judged-request.ts';

/**
 * How doubt is decided. `strict`, for what lets through: a test holds when it holds for every reading of the request.
 * `wide`, for what stops, notes or asks: when it holds for one.
 */
export type Doubt = 'strict' | 'wide';

/** Whether a test holds for a request, given the one of its tokens that is looked at. */
export type CompiledTest = (judged: JudgedRequest, token: TokenAttributes | undefined) => boolean;
