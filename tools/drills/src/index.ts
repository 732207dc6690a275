export type { DrillResult } from './drill-result.ts';
