import type { AnalysedObject, Finding } from '../../controller/index.ts';

/** Where the objects come from that are analyzed: files, a lab, one day a cluster. */
export interface AnalysisSource {
  /** All that there are, so that what is missing is not there; otherwise some files. */
  readonly complete: boolean;
  /** Rejects where nothing can be read at all. */
  read(): Promise<SourcedObjects>;
}

/** What a source has, and what of it is no object. */
export interface SourcedObjects {
  readonly objects: readonly AnalysedObject[];
  /** What was found while reading: text that is no object. */
  readonly findings: readonly Finding[];
}
