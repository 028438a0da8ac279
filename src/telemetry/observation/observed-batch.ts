import type { FlowRecord, ObservedBatch, RefusalView, TraceSpan, TrafficSlot } from '../../model/index.ts';
import type { Sequenced } from './events/index.ts';

interface Streams {
  readonly slots: readonly Sequenced<TrafficSlot>[];
  readonly refusals: readonly Sequenced<RefusalView>[];
  readonly flows: readonly Sequenced<FlowRecord>[];
  readonly spans: readonly Sequenced<TraceSpan>[];
}

/** Joins what comes from several places in one order. A place that gave `most` may have more, so the batch ends with what it gave. */
export function cutBatch(from: number, last: number, streams: Streams, most: number): ObservedBatch {
  const ends = Object.values(streams).map((stream: readonly Sequenced<unknown>[]) =>
    stream.length < most ? last : (stream.at(-1)?.sequence ?? last),
  );
  const upTo = Math.min(...ends);
  const upToEnd = <T>(stream: readonly Sequenced<T>[]): readonly T[] =>
    stream.filter(({ sequence }) => sequence <= upTo).map(({ item }) => item);
  return {
    from,
    upTo,
    slots: upToEnd(streams.slots),
    refusals: upToEnd(streams.refusals),
    flows: upToEnd(streams.flows),
    spans: upToEnd(streams.spans),
  };
}
