import {
  type DeltaChannel,
  type DeltaRequest,
  type DeltaResponse,
  type DeltaTransport,
  XdsError,
} from '../../../src/xds/index.ts';
import { turn } from './server-dialogue.ts';

/** One stream as the server's side of a test sees it. */
export interface ScriptedStream {
  /** What the client has said and was not looked at yet. */
  heard(): Promise<readonly DeltaRequest[]>;
  say(response: Partial<DeltaResponse> & { readonly typeUrl: string; readonly nonce: string }): void;
  end(error?: Error): void;
  readonly closed: boolean;
}

export interface ScriptedTransport extends DeltaTransport {
  readonly streams: readonly ScriptedStream[];
  /** While false, connecting fails. */
  setReachable(reachable: boolean): void;
  readonly attempts: number;
}

export function createScriptedTransport(): ScriptedTransport {
  const streams: ScriptedStream[] = [];
  let reachable = true;
  let attempts = 0;
  return {
    streams,
    get attempts() {
      return attempts;
    },
    setReachable(value) {
      reachable = value;
    },
    async open() {
      attempts += 1;
      if (!reachable)
        throw new XdsError({ code: 'ERR_XDS_CONNECT', blame: 'upstream', message: 'nobody there' });
      const { channel, stream } = createStream();
      streams.push(stream);
      return channel;
    },
  };
}

function createStream(): { channel: DeltaChannel; stream: ScriptedStream } {
  const requests: DeltaRequest[] = [];
  const responses: DeltaResponse[] = [];
  let wake: (() => void) | undefined;
  let ending: { error: Error | undefined } | undefined;
  let closed = false;
  const rouse = (): void => {
    wake?.();
    wake = undefined;
  };
  async function* incoming(): AsyncGenerator<DeltaResponse> {
    for (;;) {
      const next = responses.shift();
      if (next !== undefined) yield next;
      else if (ending?.error !== undefined) throw ending.error;
      else if (ending !== undefined || closed) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    channel: {
      async send(request) {
        requests.push(request);
      },
      responses: incoming(),
      close() {
        closed = true;
        rouse();
      },
    },
    stream: {
      get closed() {
        return closed;
      },
      async heard() {
        await turn();
        return requests.splice(0);
      },
      say(response) {
        responses.push({ systemVersion: '', resources: [], removed: [], ...response });
        rouse();
      },
      end(error) {
        ending = { error };
        rouse();
      },
    },
  };
}
