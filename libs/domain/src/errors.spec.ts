import { describe, expect, it } from '@jest/globals';
import { TolemError } from './errors.ts';

describe('TolemError', () => {
  it('keeps the internal text apart from the public one, and the cause with it', () => {
    const cause = new Error('ECONNREFUSED 10.0.0.7');
    const error = new TolemError('provider_unavailable', 'The bank does not answer.', {
      message: 'connect to 10.0.0.7 failed',
      retry: { afterMs: 1_000 },
      cashierKey: 'provider_unavailable',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'TolemError',
      code: 'provider_unavailable',
      publicMessage: 'The bank does not answer.',
      message: 'connect to 10.0.0.7 failed',
      retry: { afterMs: 1_000 },
      cashierKey: 'provider_unavailable',
    });
    expect(error.cause).toBe(cause);
    expect(error.publicMessage).not.toContain('10.0.0.7');
  });

  it('is not to be retried unless it says so, and has no cause unless one is given', () => {
    const error = new TolemError('reference_locked', 'Already being paid.');
    expect(error.retry).toBe('never');
    expect(error.message).toBe('Already being paid.');
    expect('cause' in error).toBe(false);
  });
});
