/** One test of the Gateway API conformance data, as `conformance/README` describes its format; everything resolved. */
export interface ConformanceTest {
  readonly name: string;
  readonly profile: 'mesh' | 'gateway';
  readonly features: readonly string[];
  readonly support: 'core' | 'extended';
  /** Files below `tests/`. */
  readonly manifests: readonly string[];
  readonly cases: readonly ConformanceCase[];
  readonly distribution: Distribution | undefined;
  readonly statusAssertions: readonly StatusAssertion[];
}

/** One request and what must come of it. */
export interface ConformanceCase {
  readonly title: string;
  /** Undefined: the test's gateway profile leaves it to whoever runs it. */
  readonly client: PodSelector | undefined;
  readonly request: CaseRequest;
  readonly expect: Expectation;
  /** What the data leaves open (`$expr`), as it stands there; such a case cannot be run. */
  readonly unresolved: readonly string[];
}

export interface PodSelector {
  readonly namespace: string;
  /** `app=echo,version=v1`. */
  readonly labels: string;
}

export interface CaseRequest {
  /** In upper case: HTTP, HTTPS, H2C_PRIOR_KNOWLEDGE, GRPC, WS, TCP. */
  readonly protocol: string;
  readonly method: string;
  /** Mesh: whom the pod dials, with the port where it is not the scheme's. Gateway: the Host header. */
  readonly host: string | PodAddress | undefined;
  /** With the query; empty: none. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For gRPC calls of the gateway profile. */
  readonly grpc: { readonly service: string; readonly method: string } | undefined;
  /** A TLS listener is needed to run it. */
  readonly needsTls: boolean;
}

export interface PodAddress {
  readonly podIPOf: PodSelector;
  readonly port: number | undefined;
}

export interface Expectation {
  /** One of these; empty for gRPC calls. */
  readonly status: readonly number[];
  /** Name of a gRPC code, such as OK or Unimplemented. */
  readonly code: string | undefined;
  /** Prefix of the answering pod's name. */
  readonly backend: string | undefined;
  readonly namespace: string | undefined;
  readonly backendSees: BackendSees | undefined;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseAbsentHeaders: readonly string[];
  readonly responseHeaderOneOf: Readonly<Record<string, readonly string[]>>;
  readonly ignoreWhitespace: boolean;
  readonly redirect: Redirect | undefined;
  readonly mirroredTo: readonly Mirror[];
}

/** Undefined: any. */
export interface BackendSees {
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly absentHeaders: readonly string[];
}

/** Parts of a Location; undefined: see `compare/redirect.ts`. */
export interface Redirect {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly path: string | undefined;
}

export interface Mirror {
  readonly namespace: string;
  readonly service: string;
  /** Of the requests, from 0 to 100. */
  readonly percent: number;
}

export interface Distribution {
  readonly weights: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly tolerance: number;
  readonly attempts: number;
}

export interface StatusAssertion {
  readonly assert: string;
  readonly args: readonly unknown[];
}
