import { describe, expect, it } from '@jest/globals';
import { createLogger, nestLogger } from './index.ts';
import type { Logger, LogLevel } from './index.ts';

function recording(level: LogLevel = 'debug'): { logger: Logger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const logger = createLogger({ service: 'gateway', level, stream: { write: (line) => void written.push(line) } });
  return { logger, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the logger', () => {
  it('writes one JSON line with level, ISO time, service, fields and message', () => {
    const { logger, lines } = recording();
    logger.info({ paymentId: 'pay_1', amountMinor: 149000 }, 'payment created');
    const [line] = lines();
    expect(line).toMatchObject({
      level: 'info',
      service: 'gateway',
      paymentId: 'pay_1',
      amountMinor: 149000,
      message: 'payment created',
    });
    expect(line?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('writes nothing below its level', () => {
    const { logger, lines } = recording('warn');
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines().map((line) => line.message)).toEqual(['c', 'd']);
  });

  it('a child carries its fields, and theirs too', () => {
    const { logger, lines } = recording();
    logger.child({ requestId: 'req_1' }).child({ tenantId: 'ten_1' }).info({ n: 1 }, 'x');
    expect(lines()).toEqual([expect.objectContaining({ requestId: 'req_1', tenantId: 'ten_1', n: 1 })]);
  });

  it('an error keeps type, message, stack, code and cause', () => {
    const { logger, lines } = recording();
    const err = Object.assign(new TypeError('no connection', { cause: new Error('refused') }), {
      code: 'ECONNREFUSED',
    });
    logger.error({ err }, 'failed');
    expect(lines()[0]?.err).toMatchObject({
      type: 'TypeError',
      message: 'no connection',
      code: 'ECONNREFUSED',
      stack: expect.stringContaining('logger.spec'),
      cause: { type: 'Error', message: 'refused' },
    });
  });

  it('a field called like one of the line itself does not replace it', () => {
    const { logger, lines } = recording();
    logger.info({ level: 'x', time: 0, service: 'y', message: 'z' }, 'true message');
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'info', service: 'gateway', message: 'true message', field_message: 'z' }),
    ]);
  });
});

describe("Nest's own messages", () => {
  it('become lines with context', () => {
    const { logger, lines } = recording();
    const nest = nestLogger(logger);
    nest.log('Nest application successfully started', 'NestApplication');
    nest.warn('careful', 'Router');
    nest.verbose?.('detail', 'Router');
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'debug',
        context: 'NestApplication',
        message: 'Nest application successfully started',
      }),
      expect.objectContaining({ level: 'warn', context: 'Router' }),
      expect.objectContaining({ level: 'debug', context: 'Router' }),
    ]);
  });

  it('errors keep their stack and are redacted like everything else', () => {
    const { logger, lines } = recording();
    const nest = nestLogger(logger);
    const error = new Error('bad key tlm_live_abcdef');
    nest.error(error.message, error.stack, 'ExceptionsHandler');
    nest.error(error);
    nest.fatal?.({ token: 'abc', n: 1 }, 'Bootstrap');
    const [first, second, third] = lines();
    expect(first).toMatchObject({ level: 'error', context: 'ExceptionsHandler', message: 'bad key tlm_live_***' });
    expect(first?.stack).toContain('logger.spec');
    expect(second?.err).toMatchObject({ type: 'Error', message: 'bad key tlm_live_***' });
    expect(third).toMatchObject({ level: 'error', detail: { token: '***', n: 1 } });
    expect(JSON.stringify(lines())).not.toContain('abcdef');
  });
});
