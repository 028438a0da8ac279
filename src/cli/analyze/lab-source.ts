import { readAnalysedObject } from '../../controller/index.ts';
import type { LabClient } from '../../lab/client/index.ts';
import type { AnalysisSource } from './analysis-source.ts';

/** Everything that is in a running lab. */
export function createLabSource(lab: Pick<LabClient, 'kinds' | 'objects'>): AnalysisSource {
  return {
    complete: true,
    async read() {
      const lists = await Promise.all((await lab.kinds()).map((kind) => lab.objects(kind)));
      return { objects: lists.flat().flatMap((value) => readAnalysedObject(value) ?? []), findings: [] };
    },
  };
}
