import type { FlowRecord, RefusalView, TraceSpan } from './events.ts';
import type { RequestView } from './api.ts';
import type { TrafficSlot } from './traffic.ts';
import type { CertificateView, PolicyView, WaypointView, WorkloadView } from './views.ts';

/** What a store has to tell of the time after `from`. */
export interface ObservedBatch {
  /** Everything with a sequence number above this and up to `upTo` is here, as far as it is still kept. */
  readonly from: number;
  /** Equals `from` when there is nothing. */
  readonly upTo: number;
  /** Whole slots that are over: nothing will be added to them. */
  readonly slots: readonly TrafficSlot[];
  readonly refusals: readonly RefusalView[];
  /** As they are now, in the place of what was told of them before. */
  readonly flows: readonly FlowRecord[];
  readonly spans: readonly TraceSpan[];
}

/** How things are at a proxy, as far as it alone knows. */
export interface ProxyState {
  readonly workloads: readonly WorkloadView[];
  readonly certificates: readonly CertificateView[];
  readonly policies: readonly PolicyView[];
  /** Of a waypoint. */
  readonly waypoint: WaypointView | undefined;
}

/** What one proxy tells the controller, so that it can answer for the whole mesh. */
export interface ObservationReport {
  /** `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  /** Another one whenever the proxy has started anew. */
  readonly instance: string;
  readonly version: string;
  readonly sentMs: number;
  /** Where people find the proxy's own dashboard; empty: it has none, or none that anybody was told of. */
  readonly dashboardUrl: string;
  readonly batch: ObservedBatch;
  /** Undefined: as it was told before. */
  readonly state: ProxyState | undefined;
  /** That just ended, told once or never: for who follows them, and only while the last receipt said that somebody does. */
  readonly requests: readonly RequestView[];
  /** Another controller passes it on, and it goes no further. Undefined: the proxy itself sends it. */
  readonly relay?: ReportRelayed | undefined;
}

/** What the controller that passes a report on adds to it. */
export interface ReportRelayed {
  /** Undefined: it knows of no stream of the proxy. */
  readonly discovery: ProxyDiscovery | undefined;
}

/** How a controller stands with a proxy that has discovery streams to it. */
export interface ProxyDiscovery {
  /** When this was so, by the clock of that controller. */
  readonly atMs: number;
  readonly connectedMs: number;
  /** Which one the proxy says it is; empty where it does not. */
  readonly version: string;
  readonly types: readonly ProxyDiscoveryType[];
  /** From a change to its acknowledgement; undefined before the first. */
  readonly pushP50Ms: number | undefined;
  readonly pushP99Ms: number | undefined;
}

/** How it stands with one type of resource. */
export interface ProxyDiscoveryType {
  readonly typeUrl: string;
  /** Versions; empty before the first. */
  readonly sent: string;
  readonly acknowledged: string;
  /** 0 before the first. */
  readonly acknowledgedMs: number;
  /** Since when it has not acknowledged, or been told, what it is to know; undefined: it has all of it. */
  readonly behindSinceMs: number | undefined;
  /** Undefined: it refuses nothing of what it was told last. */
  readonly rejection: { readonly version: string; readonly message: string } | undefined;
}

/** The controller's answer to a report. */
export interface ObservationReceipt {
  /** Up to where the controller knows: the next report begins there. 0: it knows nothing of this instance. */
  readonly acknowledged: number;
  /** Whether anybody follows requests as they end. */
  readonly requestsFollowed: boolean;
  /** Where people find the dashboard of the whole mesh; empty: nobody was told. */
  readonly meshDashboardUrl: string;
  /** The next report is to end there at the latest, since another controller goes on there. Undefined: wherever it likes. */
  readonly nextUpTo?: number | undefined;
  /** For a controller that has passed the report on; undefined: the proxy has no stream to the one that answers. */
  readonly discovery?: ProxyDiscovery | undefined;
}
