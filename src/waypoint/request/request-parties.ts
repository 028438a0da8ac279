import type { IpAddress, Service, Workload, WorkloadIdentity } from '../../model/index.ts';
import type { TraceContext } from '../../telemetry/index.ts';

/** Who sent the request, as the tunnel it came through proves; never as the request says. */
export interface RequestClient {
  readonly identity: WorkloadIdentity;
  /** SHA-256 of the certificate that proves it, in lower-case hex; worked out when asked for. */
  readonly certificateHash?: (() => string) | undefined;
  /** Of the pod whose connection it is. */
  readonly address: IpAddress;
  readonly port: number;
  /** Undefined when the mesh does not know it. */
  readonly workload: Workload | undefined;
  /** The trace of its connection, as its node's proxy tells it. */
  readonly trace?: TraceContext | undefined;
}

/** What the client dialled: a service by its virtual address, or a pod by its own. */
export type DialledTarget =
  | {
      readonly kind: 'service';
      readonly service: Service;
      readonly address: IpAddress;
      readonly port: number;
    }
  | {
      readonly kind: 'workload';
      readonly workload: Workload;
      /** The service it most likely stands for; for labels only. */
      readonly service: Service | undefined;
      readonly address: IpAddress;
      readonly port: number;
    };

/** Between whom a request goes. */
export interface RequestParties {
  readonly client: RequestClient;
  readonly dialled: DialledTarget;
}
