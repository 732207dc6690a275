import { z } from 'zod';
import { env } from './config-field.ts';
import { address, oneOf, plainText, wholeNumber } from './config-values.ts';
import { LOG_LEVELS } from './logger.ts';

/** What every process of the house can be told, whatever it runs: logs, health checks and metrics, traces. */
export const processFields = {
  logLevel: env('TOLEM_LOG_LEVEL', oneOf(LOG_LEVELS), {
    default: 'info',
    describe: `Least important lines to log: ${LOG_LEVELS.join(', ')}`,
  }),
  managementHost: env('TOLEM_MANAGEMENT_HOST', plainText({ max: 255 }), {
    default: '127.0.0.1',
    describe: 'Address that health checks and metrics listen on',
  }),
  managementPort: env('TOLEM_MANAGEMENT_PORT', wholeNumber({ min: 0, max: 65_535 }), {
    default: 9090,
    describe: 'TCP port of health checks and metrics; 0 takes a free one',
  }),
  drainMs: env('TOLEM_DRAIN_MS', wholeNumber({ min: 0, max: 10_000 }), {
    default: 0,
    describe:
      'Milliseconds between "not ready" and closing the door when the process is stopped: as long as a load balancer takes to notice',
  }),
  otlpUrl: env('TOLEM_OTLP_URL', address(['http', 'https']), {
    optional: true,
    describe: 'Collector of traces (OTLP over HTTP), e.g. http://127.0.0.1:4318; empty: no traces',
  }),
  traceRatio: env(
    'TOLEM_TRACE_RATIO',
    z
      .string()
      .regex(/^(0(\.\d{1,6})?|1(\.0+)?)$/, 'is not a number from 0 to 1')
      .transform(Number),
    { default: 1, describe: 'Part of the requests whose traces are kept, from 0 to 1' },
  ),
};
