/** An object as it is to be: fields that it does not name are nobody's concern. */
export interface ObjectManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ManifestMeta;
  readonly [field: string]: unknown;
}

/** Metadata as it is to be. */
export interface ManifestMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Goes when these are gone. */
  readonly ownerReferences: readonly ManifestOwner[];
}

/** An object with which this one goes. */
export interface ManifestOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Names an object for its deletion. */
export type ObjectReference = Pick<ObjectManifest, 'apiVersion' | 'kind'> & {
  readonly metadata: Pick<ManifestMeta, 'namespace' | 'name'>;
};

/**
 * Annotation: a fingerprint of the manifest that was applied. An object that has it is ours to change and to delete; one
 * that does not is left alone.
 */
export const APPLIED = 'nodemesh.io/applied';
