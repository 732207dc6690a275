import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { displayDuration, Progress } from './progress.ts';

function capture(isTerminal: boolean): { output: { write(text: string): void; isTerminal: boolean }; text(): string } {
  let all = '';
  return { output: { isTerminal, write: (text) => void (all += text) }, text: () => all };
}

describe('progress', () => {
  it('every step ends with its result and its time', async () => {
    const clock = new ManualClock();
    const { output, text } = capture(false);
    const result = await new Progress(output, clock).step(
      'PostgreSQL',
      async () => {
        clock.advance(1_234);
        return 5432;
      },
      (port) => `on port ${port}`,
    );
    expect(result).toBe(5432);
    expect(text()).toMatch(/^ {2}✓ PostgreSQL: on port 5432 +1\.2 s\n$/);
  });

  it('writes no control characters where no terminal is', async () => {
    const { output, text } = capture(false);
    await new Progress(output, new ManualClock()).step('Migrations', async (step) => step.note('gateway'));
    expect(text()).toContain('… Migrations: gateway');
    expect([...text()].every((character) => character === '\n' || character >= ' ')).toBe(true);
  });

  it('a terminal shows a step while it runs and keeps one line of it', async () => {
    const { output, text } = capture(true);
    await new Progress(output, new ManualClock()).step('Migrations', async () => undefined);
    expect(text().startsWith('\r\u001b[2K  … Migrations 0.0 s')).toBe(true);
    expect(text().match(/\n/g)).toHaveLength(1);
  });

  it('a failed step is marked and its failure goes on', async () => {
    const { output, text } = capture(false);
    const failing = new Progress(output, new ManualClock()).step('Sandbox', async () => {
      throw new Error('no port');
    });
    await expect(failing).rejects.toThrow('no port');
    expect(text()).toContain('✗ Sandbox');
  });

  it('tells durations the way people read them', () => {
    expect([0, 940, 59_940, 125_000].map(displayDuration)).toEqual(['0.0 s', '0.9 s', '59.9 s', '2 min 5 s']);
  });
});
