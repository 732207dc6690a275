import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BankControl } from '../../src/demos/bank-control.ts';
import { openStage } from '../../src/demos/demo-stage.ts';
import { type DemoName, DEMOS } from '../../src/demos/demos.ts';
import { forgetPostgres } from '../../src/stores/postgres/postgres.ts';
import { type LocalJson, readLocalJson } from '../../src/tolem-folder/local-json.ts';
import { tolemFolder, type TolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { StartedProgram } from './started-program.ts';

const PROGRAM = join(import.meta.dirname, '../programs/run-real-house.ts');
const COMMAND = join(import.meta.dirname, '../../src/commands/demo.ts');
/** Cold, on a machine that others use too. */
const START_MS = 120_000;
const STORY_MS = 90_000;
const AMOUNT_MINOR = 149_000;
const MONEY = '1\u202f490.00\u202f₸';

describe('npm run demo', () => {
  let root = '';
  let folder: TolemFolder = tolemFolder('');
  let house: StartedProgram | undefined;
  let local: LocalJson | undefined;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tolem-demos-'));
    await chmod(root, 0o711);
    folder = tolemFolder(join(root, '.tolem'));
    house = new StartedProgram(PROGRAM, root, [], {}, START_MS);
    await house.says('Tolem serves at');
    local = await readLocalJson(folder.local);
  }, START_MS);
  afterAll(async () => {
    if (house !== undefined && house.process.exitCode === null && house.process.signalCode === null) await house.stop();
    await forgetPostgres(folder.postgres);
    await rm(root, { recursive: true });
  }, STORY_MS);

  const play = async (name: DemoName): Promise<{ good: boolean; text: string }> => {
    if (local === undefined) throw new Error('nothing serves');
    let text = '';
    const output = { isTerminal: false, write: (more: string) => void (text += more) };
    const stage = openStage(local, output, new AbortController().signal);
    const good = await DEMOS[name].play(stage, AMOUNT_MINOR);
    return { good, text };
  };

  it(
    'kaspi_qr: the QR is shown, the payment paid, and the bank’s books agree',
    async () => {
      const { good, text } = await play('kaspi_qr');
      expect(text).toMatch(/is on the till[\s\S]*succeeded[\s\S]*in all: succeeded\nThe bank's books\n/);
      expect(text).toMatch(new RegExp(`payment \\d+ of ${MONEY}: Processed\\n$`));
      expect(good).toBe(true);
    },
    STORY_MS,
  );

  it(
    'kaspi_link: the link is shown, opened and paid',
    async () => {
      const { good, text } = await play('kaspi_link');
      expect(text).toMatch(/the link to send: https:\/\/\S+[\s\S]*the buyer opens the link[\s\S]*in all: succeeded/);
      expect(text).toMatch(new RegExp(`payment \\d+ of ${MONEY}: Processed\\n$`));
      expect(good).toBe(true);
    },
    STORY_MS,
  );

  it(
    'kaspi_invoice: the payer is named, the invoice paid, and the bank asked by a person alone',
    async () => {
      const { good, text } = await play('kaspi_invoice');
      expect(text).toMatch(/whose phone it is: \S+ \S+\n/);
      expect(text).toMatch(/succeeded: payment pay_\w+[\s\S]*not by a timer[\s\S]*in all: succeeded/);
      expect(text).toMatch(new RegExp(`invoice \\d+ of ${MONEY} to …4567 "Demo order \\w{6}": Processed\\n$`));
      expect(good).toBe(true);
    },
    STORY_MS,
  );

  it(
    'kaspi_refund_r3: a part and the rest go back, a third refund is refused, and the books show two',
    async () => {
      const { good, text } = await play('kaspi_refund_r3');
      expect(text).toMatch(/succeeded: refund ref_\w+ of 490\.00[\s\S]*succeeded: refund ref_\w+ of 1\s000\.00/);
      expect(text).toMatch(/a third refund is refused: \w+\n\s+till: "/);
      expect([...text.matchAll(/ {4}refund \d+ of .* of payment \d+: Processed/g)]).toHaveLength(2);
      expect(good).toBe(true);
    },
    STORY_MS,
  );

  it(
    'kaspi_refund_r2: our purchase is found by itself, then chosen, and a second telling uses what the first has made',
    async () => {
      const first = await play('kaspi_refund_r2');
      expect(first.text).toMatch(/mail desk signs it[\s\S]*is connected with scheme 2/);
      expect(first.text).toMatch(
        /the buyer scans the refund QR[\s\S]*found by itself[\s\S]*the cashier chooses purchase[\s\S]*in all: returned whole/,
      );
      expect([...first.text.matchAll(/ {4}refund \d+ of .* of payment \d+: Processed/g)]).toHaveLength(2);
      const second = await play('kaspi_refund_r2');
      expect(second.text).not.toContain('mail desk');
      expect([first.good, second.good]).toEqual([true, true]);
    },
    STORY_MS,
  );

  it(
    'kaspi_certificate: no payment fails while the certificate is replaced, however often',
    async () => {
      for (const connected of ['is connected with scheme 2', 'works under it']) {
        const { good, text } = await play('kaspi_certificate');
        expect(text).toContain(connected);
        expect(text).toMatch(/version 2 is in use[\s\S]*revokes the old one[\s\S]*, 0 failed\n/);
        const [, booked, paid] = /books: (\d+) of these (\d+) payments are Processed/.exec(text) ?? [];
        expect(Number(paid)).toBeGreaterThanOrEqual(12);
        expect(booked).toBe(paid);
        expect(good).toBe(true);
      }
    },
    STORY_MS,
  );

  it('every story leaves the sandbox its buyers', async () => {
    const seen: unknown[] = [];
    const bank = new BankControl(local?.sandbox.control ?? '');
    const autopilot = async (): Promise<unknown> => {
      const answer = await fetch(`${local?.sandbox.control ?? ''}/health`);
      return ((await answer.json()) as { kaspi: { autopilot: unknown } }).kaspi.autopilot;
    };
    seen.push(await autopilot());
    const failing = bank.withBuyersAway(async () => {
      seen.push(await autopilot());
      throw new Error('the story was cut');
    });
    await expect(failing).rejects.toThrow('the story was cut');
    seen.push(await autopilot());
    const usual = { scan_ms: 500, confirm_ms: 1_500, return_scan_ms: null, invoice_pay_ms: null };
    expect(seen).toEqual([usual, null, usual]);
  });

  it('a name that it does not know ends with 1 and the list of those that it knows', async () => {
    const program = new StartedProgram(COMMAND, root, []);
    expect(await program.ended).toBe(1);
    expect(program.text.trim()).toBe(
      `There is no demo of "${root}": choose one of kaspi_qr, kaspi_link, kaspi_invoice, kaspi_refund_r2, kaspi_refund_r3, kaspi_certificate.`,
    );
  });
});
