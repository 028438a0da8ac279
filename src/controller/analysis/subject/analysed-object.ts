import { createField, type Field, type FieldPath } from '../../objects/index.ts';

/** Where something is written; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One object as it was written, of any kind. */
export interface AnalysedObject {
  readonly kind: string;
  /** Empty for Kubernetes' core. */
  readonly group: string;
  readonly apiVersion: string;
  /** Empty for kinds that have none; `default` where none was written. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly content: unknown;
  /** Everything that was written. Reading it as the wrong type gives nothing and harms nobody. */
  readonly root: Field;
  readonly spec: Field;
  /** Taken for granted, not written by anybody: nothing is said about it. */
  readonly assumed: boolean;
  /** The place of a field, or of the nearest thing around it; undefined: it was read from no text. */
  locate(path: FieldPath): Place | undefined;
}

/** Where the object was written. `assumed`: nobody wrote it, but a mesh has it. */
export interface AnalysedObjectOptions {
  readonly locate?: AnalysedObject['locate'];
  readonly assumed?: boolean;
}

/** Undefined for a value that is no object of Kubernetes' form: apiVersion, kind and metadata.name are needed. */
export function readAnalysedObject(
  content: unknown,
  { locate = () => undefined, assumed = false }: AnalysedObjectOptions = {},
): AnalysedObject | undefined {
  const root = createField(content, []);
  const apiVersion = root.key('apiVersion').text() ?? '';
  const kind = root.key('kind').text() ?? '';
  const metadata = root.key('metadata');
  const name = metadata.key('name').text() ?? '';
  if (apiVersion === '' || kind === '' || name === '') return undefined;
  const written = metadata.key('namespace').text() ?? '';
  return {
    kind,
    group: apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] ?? '') : '',
    apiVersion,
    namespace: CLUSTER_KINDS.has(kind) ? '' : written === '' ? 'default' : written,
    name,
    labels: metadata.key('labels').textMap(),
    annotations: metadata.key('annotations').textMap(),
    content,
    root,
    spec: root.key('spec'),
    assumed,
    locate,
  };
}

/** `shop/cart`, or the name alone where there is no namespace. */
export function nameOf({ namespace, name }: Pick<AnalysedObject, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Manifest',
  'Namespace',
  'Node',
  'GatewayClass',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]);
