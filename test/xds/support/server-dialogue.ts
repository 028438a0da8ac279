import type { MeshError } from '../../../src/base/index.ts';
import type { DeltaRequest, DeltaResponse, DeltaServer, XdsResource } from '../../../src/xds/index.ts';

/** A client of a delta server that says exactly what a test tells it to. */
export interface ServerDialogue {
  say(request: Partial<DeltaRequest> & { readonly typeUrl: string }): void;
  /** The next response; rejects when there is none within a turn of the event loop. */
  hear(): Promise<DeltaResponse>;
  /** True when nothing has been sent that was not heard. */
  silent(): Promise<boolean>;
  /** Acknowledges the last response heard, or refuses it. */
  answer(rejection?: string): void;
  /** Whether sends complete; false is a socket that takes nothing more. */
  setOpen(open: boolean): void;
  hangUp(): Promise<void>;
  readonly ended: { readonly error: MeshError | undefined } | undefined;
}

export function openDialogue(
  server: DeltaServer,
  id = 'node-1',
  audience: string | undefined = id,
): ServerDialogue {
  const requests: DeltaRequest[] = [];
  const responses: DeltaResponse[] = [];
  const blocked: (() => void)[] = [];
  let wake: (() => void) | undefined;
  let over = false;
  let open = true;
  let last: DeltaResponse | undefined;
  let ended: { error: MeshError | undefined } | undefined;

  const rouse = (): void => {
    wake?.();
    wake = undefined;
  };
  async function* incoming(): AsyncGenerator<DeltaRequest> {
    for (;;) {
      const next = requests.shift();
      if (next !== undefined) yield next;
      else if (over) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  const served = server.serve(
    {
      requests: incoming(),
      send(response) {
        const shared = (response.blocks ?? []).flatMap((block) => block.resources);
        responses.push({ ...response, resources: [...shared, ...response.resources] });
        return open ? Promise.resolve() : new Promise((resolve) => blocked.push(resolve));
      },
      end(error) {
        ended ??= { error };
        over = true;
        rouse();
      },
    },
    { id, audience },
  );

  return {
    get ended() {
      return ended;
    },
    say(request) {
      requests.push({
        subscribe: [],
        unsubscribe: [],
        initialVersions: [],
        responseNonce: '',
        rejection: undefined,
        ...request,
      });
      rouse();
    },
    async hear() {
      await turn();
      last = responses.shift();
      if (last === undefined) throw new Error('expected a response, heard none');
      return last;
    },
    async silent() {
      await turn();
      return responses.length === 0;
    },
    answer(rejection) {
      if (last === undefined) throw new Error('there is nothing to answer');
      this.say({ typeUrl: last.typeUrl, responseNonce: last.nonce, rejection });
    },
    setOpen(value) {
      open = value;
      if (open) for (const resolve of blocked.splice(0)) resolve();
    },
    async hangUp() {
      over = true;
      rouse();
      await served;
    },
  };
}

export function resource(name: string, content: string, ...aliases: string[]): XdsResource {
  return { name, version: content, aliases, bytes: Buffer.from(content) };
}

/** What a response says, in short. */
export function gist(response: DeltaResponse): { upserts: string[]; removed: readonly string[] } {
  return {
    upserts: response.resources.map(({ name, version }) => `${name}=${version}`),
    removed: response.removed,
  };
}

/** Lets everything happen that needs no time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
