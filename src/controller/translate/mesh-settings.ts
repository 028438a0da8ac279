/** What translation has to know of the mesh beside the objects themselves. */
export interface MeshSettings {
  readonly clusterId: string;
  readonly network: string;
  readonly trustDomain: string;
  /** The suffix of service names: `cluster.local`. */
  readonly clusterDomain: string;
  /** Policies in it that select nothing hold for the whole mesh. */
  readonly rootNamespace: string;
}
