export { benchResult, type BenchResult } from './bench-result.ts';
