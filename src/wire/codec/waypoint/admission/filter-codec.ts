import { create } from '@bufbuild/protobuf';
import type { Filter, FilterSource } from '../../../../model/index.ts';
import { FilterSchema, type Filter as WireFilter } from '../../../generated/waypoint_filter_pb.js';
import { badField } from '../../field.ts';
import { decodeHead, encodeHead } from './admission-head.ts';

/** `nodemesh.waypoint.Filter`. */
export function encodeFilter(filter: Filter): WireFilter {
  const { source, config, timeLimitMs, memoryBytes, failure, body } = filter;
  return create(FilterSchema, {
    ...encodeHead(filter),
    source:
      source.kind === 'text'
        ? { case: 'text', value: source.text }
        : { case: 'missing', value: source.message },
    config,
    timeLimitMs: BigInt(timeLimitMs),
    memoryBytes: BigInt(memoryBytes),
    failOpen: failure === 'open',
    requestBody: body.request,
    responseBody: body.response,
    maximumBodyBytes: BigInt(body.maximumBytes),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeFilter(message: WireFilter): Filter {
  return {
    ...decodeHead('Filter', message, 'filter'),
    source: decodeSource(message),
    config: message.config,
    timeLimitMs: Number(message.timeLimitMs),
    memoryBytes: Number(message.memoryBytes),
    failure: message.failOpen ? 'open' : 'closed',
    body: {
      request: message.requestBody,
      response: message.responseBody,
      maximumBytes: Number(message.maximumBodyBytes),
    },
  };
}

function decodeSource({ source }: WireFilter): FilterSource {
  switch (source.case) {
    case 'text':
      return { kind: 'text', text: source.value };
    case 'missing':
      return { kind: 'missing', message: source.value };
    default:
      throw badField('filter.source', 'expected text or why there is none, got neither');
  }
}
