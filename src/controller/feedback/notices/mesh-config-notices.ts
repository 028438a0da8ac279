import type { GuardCollections } from '../../collections/index.ts';
import type { SinkQueue } from '../../sink/index.ts';

/** Tells by an event on its ConfigMap which fields of MeshConfig have no effect. Returns what stops it. */
export function noticeMeshConfig(
  { meshConfig }: Pick<GuardCollections, 'meshConfig'>,
  sink: Pick<SinkQueue, 'recordEvent'>,
  rootNamespace: string,
): () => void {
  let told = '';
  return meshConfig.changes.subscribe((keys) => {
    for (const key of keys) {
      const config = meshConfig.get(key);
      const unused = config?.mesh.unused.join(', ') ?? '';
      const text = config === undefined ? '' : `${config.name} ${unused}`;
      if (config !== undefined && unused !== '' && text !== told) {
        sink.recordEvent({
          kind: 'ConfigMap',
          namespace: rootNamespace,
          name: config.name,
          type: 'Normal',
          reason: 'UnusedFields',
          message: `these fields of MeshConfig have no effect: ${unused}`,
        });
      }
      told = text;
    }
  });
}
