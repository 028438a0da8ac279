import { readAnalysedObject } from '../../controller/index.ts';
import type { ObjectReader } from '../object-store/index.ts';
import type { AnalysisSource } from './analysis-source.ts';

/** Everything that is in a running lab or a cluster. */
export function createObjectSource(reader: Pick<ObjectReader, 'kinds' | 'objects'>): AnalysisSource {
  return {
    complete: true,
    async read() {
      const lists = await Promise.all((await reader.kinds()).map((kind) => reader.objects(kind)));
      return { objects: lists.flat().flatMap((value) => readAnalysedObject(value) ?? []), findings: [] };
    },
  };
}
