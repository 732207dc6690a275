import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { runTopicsCommand } from './topics-command.ts';

describe('the command that makes topics', () => {
  let said: string;
  beforeEach(() => {
    said = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => void jest.restoreAllMocks());

  it('refuses more in-sync copies than there are copies, before it asks a broker', async () => {
    const code = await runTopicsCommand([], { TOLEM_KAFKA_BROKERS: '127.0.0.1:1', TOLEM_KAFKA_REPLICATION: '1' });
    expect(code).toBe(1);
    expect(said).toContain('TOLEM_KAFKA_MIN_IN_SYNC: is 2, and TOLEM_KAFKA_REPLICATION is 1');
    expect(said).toContain('no message is ever on more brokers than that');
    expect(said).not.toContain('could not be made');
  });

  it('names what does not fit of the brokers’ security', async () => {
    const wrong = { TOLEM_KAFKA_BROKERS: '127.0.0.1:1', TOLEM_KAFKA_SASL_MECHANISM: 'plain' };
    expect(await runTopicsCommand([], wrong)).toBe(1);
    expect(said).toContain('3 mistakes');
  });
});
