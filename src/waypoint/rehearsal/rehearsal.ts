import type { HttpRequest } from '../../http/index.ts';
import type {
  GatewayKey,
  JwtRule,
  MeshView,
  PathNormalization,
  RequestPolicy,
  SpiffeId,
  Upstream,
  WaypointResource,
  Workload,
  WorkloadIdentity,
} from '../../model/index.ts';
import type { RequestAttributes, RequestDecision } from '../../policy/index.ts';
import type { VerifiedToken } from '../authentication/verified-token.ts';
import type { DecidingStep } from '../layers/deciding-layers.ts';
import type { DialledTarget, RequestClient } from '../request/request-parties.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import type { RuleVerdict } from './judge-rules.ts';

/** What a waypoint knows, given instead of told by a controller. */
export interface RehearsalWorld {
  readonly gateway: GatewayKey;
  /** Whom its pods are. */
  readonly identity: WorkloadIdentity;
  readonly view: MeshView;
  readonly resources: readonly { readonly name: string; readonly resource: WaypointResource }[];
  readonly clusterDomain: string;
  readonly network: string;
  /** `--trusted-clients` of its pods. Default: nobody. */
  readonly trustedClients?: ReadonlySet<SpiffeId> | undefined;
  /** The JWKS of an issuer whose keys would have to be fetched. Default: they are unknown. */
  readonly keysOf?: ((rule: JwtRule) => string | undefined) | undefined;
  /** Milliseconds since 1970, for the times of tokens. Default: now. */
  readonly nowMs?: number | undefined;
}

/** Who asks, of what was dialled. */
export interface RehearsedParties {
  readonly client: RequestClient;
  readonly dialled: DialledTarget;
}

/**
 * A waypoint that decides as the real one would, by the very same code, and sends nothing: there are no sockets, no files and
 * no processes. What only a running waypoint knows (counts, ejected endpoints) is as in one that has just started.
 */
export interface WaypointRehearsal {
  /** What a tunnel to `authority` is for. Throws the WaypointError with which the waypoint would refuse it. */
  dial(question: {
    readonly authority: { readonly address: DialledTarget['address']; readonly port: number };
    readonly client: WorkloadIdentity;
  }): DialledTarget;
  /** `unknown`: only the first bytes of a connection would tell. */
  protocolOf(dialled: DialledTarget): 'http' | 'bytes' | 'unknown';
  /** What guards a target: for asking about requests of which only a part is known. */
  guards(dialled: DialledTarget): RehearsedGuards;
  request(parties: RehearsedParties, request: HttpRequest): Promise<RequestRehearsal>;
  /** A connection that is carried as it comes. `sni`: the name in its TLS ClientHello, empty: none. */
  connection(parties: RehearsedParties, sni: string): ConnectionRehearsal;
  destroy(): void;
}

/** Who may send what to the target, and how its requests are read. */
export interface RehearsedGuards {
  readonly policies: readonly RequestPolicy[];
  readonly tokenRules: readonly JwtRule[];
  readonly pathNormalization: PathNormalization;
}

/** Where something is sent at last. */
export interface Reached {
  readonly kind: 'reached';
  /** As the waypoint's logs name it: `namespace/name:port`. */
  readonly backend: string;
  readonly endpoint: Workload;
  readonly upstream: Upstream;
  /** All that might have been chosen. */
  readonly usable: readonly { readonly workload: Workload; readonly upstream: Upstream }[];
  /** That there are, usable or not. */
  readonly total: number;
  /** As it is sent; undefined for a connection. */
  readonly request: HttpRequest | undefined;
}

/** What the waypoint itself answers. */
export interface Answered {
  readonly kind: 'answered';
  /** Which of its steps answered. */
  readonly step: DecidingStep | 'endpoint';
  readonly status: number;
  readonly location: string;
  /** Empty where nothing went wrong: a redirect. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly reason: string;
  readonly policy: string;
  /** From 0. */
  readonly rule: number | undefined;
}

/** Nobody can say from here. */
export interface Unknowable {
  readonly kind: 'unknown';
  readonly step: DecidingStep | 'endpoint';
  readonly message: string;
}

/** What would become of a request, and why. */
export interface RequestRehearsal {
  readonly outcome: Reached | Answered | Unknowable;
  /** Milliseconds that faults would have held it up. */
  readonly delayedMs: number;
  /** Tokens that were found good. */
  readonly tokens: readonly VerifiedToken[];
  /** How tokens are looked for; empty: nobody does. */
  readonly tokenRules: readonly JwtRule[];
  readonly policies: readonly RequestPolicy[];
  /** As policies saw it; undefined: it did not come so far. */
  readonly judged: { readonly attributes: RequestAttributes; readonly decision: RequestDecision } | undefined;
  readonly selection: RouteSelection;
  /** Every rule of every route of the target, and what became of it. */
  readonly rules: readonly RuleVerdict[];
  /** Names of what holds for the request beside: rate limits, faults, filters. */
  readonly admission: readonly string[];
}

/** What would become of a connection that is not HTTP, and why. */
export interface ConnectionRehearsal {
  readonly outcome: Reached | Answered | Unknowable;
  readonly policies: readonly RequestPolicy[];
  readonly judged: RequestRehearsal['judged'];
  /** The route that takes it; empty without. */
  readonly route: string;
}
