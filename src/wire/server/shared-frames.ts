import { DELTA_RESOURCES } from '../grpc/methods.ts';
import { frameDeltaResponse } from '../message/delta-response-message.ts';
import type { CallShaper } from './shape-calls.ts';

/**
 * Sends discovery responses in frames that proxies share. grpc-js copies every response into a frame of its own: with a mesh of
 * 100,000 pods thirty megabytes for each proxy that starts, whose collection was two thirds of what a start cost (ADR 34).
 * What is replaced is not part of its public interface; where a version of it has no such function, responses are copied again.
 */
export const shareFrames: CallShaper = (path, call) => {
  if (path === DELTA_RESOURCES.path && 'serializeMessage' in call)
    Object.assign(call, { serializeMessage: frameDeltaResponse });
};
