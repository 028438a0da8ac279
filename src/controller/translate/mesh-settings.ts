/** What translation has to know of the mesh beside the objects themselves. */
export interface MeshSettings {
  readonly clusterId: string;
  readonly network: string;
  readonly trustDomain: string;
  /** The suffix of service names: `cluster.local`. */
  readonly clusterDomain: string;
  /** Policies in it that select nothing hold for the whole mesh. */
  readonly rootNamespace: string;
  /**
   * Another mesh follows Istio's names in this cluster: what they claim (which pods are in the mesh, what goes through which
   * waypoint) is that mesh's, and ours is what our twins of them claim. Default false.
   */
  readonly sideBySide?: boolean | undefined;
  /** With it: both meshes trust the same roots, so that pods of the other one are reached by HBONE. Default false: in plaintext. */
  readonly sharedRoots?: boolean | undefined;
}
