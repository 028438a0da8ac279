import { mergeStatus } from '../../../model/index.ts';
import { type ManifestObject, notFound } from '../../cluster/index.ts';
import type { Lab } from '../lab.ts';
import { badRequest, bodyField, type JsonHandler, stringField } from './router.ts';
import { parseStatusChange } from './status-change.ts';

/** Where the mesh's controller writes: the lab is the only writer of its objects. */
export function sinkRoutes({ cluster, events }: Lab): Readonly<Record<string, JsonHandler>> {
  const { store } = cluster;
  return {
    'POST /sink/annotate': ({ body }) => {
      const annotations = bodyField(body, 'annotations');
      if (typeof annotations !== 'object' || annotations === null)
        throw badRequest('annotations: expected an object');
      for (const [key, value] of Object.entries(annotations)) {
        if (value !== null && typeof value !== 'string')
          throw badRequest(`annotations["${key}"]: expected a string or null`);
      }
      cluster.patchMetadata('Pod', stringField(body, 'namespace'), stringField(body, 'name'), {
        annotations: annotations as Record<string, string | null>,
      });
      return undefined;
    },
    'POST /sink/status': ({ body }) => {
      const kind = stringField(body, 'kind');
      const name = stringField(body, 'name');
      const given = bodyField(body, 'namespace');
      const namespace = typeof given === 'string' ? given : '';
      const change = parseStatusChange(body);
      const object = store.getAny(kind, namespace, name);
      if (object === undefined) throw notFound(kind, namespace, name);
      const status = mergeStatus(object.status, change, new Date().toISOString());
      if (status !== object.status) store.put({ ...object, status });
      return undefined;
    },
    'POST /sink/apply': ({ body }) => {
      const name = bodyField(bodyField(body, 'metadata'), 'name');
      if (typeof name !== 'string') throw badRequest('metadata.name: expected a name');
      stringField(body, 'kind');
      // The rest of its shape is checked when it is admitted.
      cluster.applyOwned(body as ManifestObject);
      return undefined;
    },
    'POST /sink/delete': ({ body }) => {
      const metadata = bodyField(body, 'metadata');
      cluster.deleteOwned(
        stringField(body, 'kind'),
        stringField(metadata, 'namespace'),
        stringField(metadata, 'name'),
      );
      return undefined;
    },
    'POST /sink/event': ({ body }) => {
      const kind = stringField(body, 'kind');
      const name = stringField(body, 'name');
      const given = bodyField(body, 'namespace');
      const namespace = typeof given === 'string' ? given : '';
      const object = store.getAny(kind, namespace, name);
      if (object === undefined) throw notFound(kind, namespace, name);
      const record = bodyField(body, 'type') === 'Warning' ? events.warning : events.normal;
      record(object, stringField(body, 'reason'), stringField(body, 'message'));
      return undefined;
    },
  };
}
