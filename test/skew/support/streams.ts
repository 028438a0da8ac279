import { readFileSync } from 'node:fs';
import type { ProxyKind } from './mesh.ts';

/** What one proxy and its controller said to one another, as it went over the wire. */
export interface RecordedStreams {
  readonly requests: readonly Buffer[];
  readonly responses: readonly Buffer[];
  readonly certificateRequest: Buffer;
  readonly observationReport: Buffer;
  /** A waypoint sends none. */
  readonly nodeReport: Buffer | undefined;
}

export const RECORDED_VERSIONS = ['0.1'] as const;

export function readStreams(version: string, kind: ProxyKind): RecordedStreams {
  const text = readFileSync(new URL(`../recorded/${version}/${kind}.json`, import.meta.url), 'utf8');
  const file = JSON.parse(text) as {
    readonly requests: readonly string[];
    readonly responses: readonly string[];
    readonly certificateRequest: string;
    readonly observationReport: string;
    readonly nodeReport?: string;
  };
  const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
  return {
    requests: file.requests.map(bytes),
    responses: file.responses.map(bytes),
    certificateRequest: bytes(file.certificateRequest),
    observationReport: bytes(file.observationReport),
    nodeReport: file.nodeReport === undefined ? undefined : bytes(file.nodeReport),
  };
}
