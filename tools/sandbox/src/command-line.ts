import { parseArgs } from 'node:util';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { SandboxOptions } from './start-sandbox.ts';

export const HELP = `The simulated bank (Kaspi QR, schemes 1, 2 and 3).

node tools/sandbox/dist/main.js --data DIR [options]

  --data DIR            folder for the ledger and the certificates (made at the first start)
  --control-port N      control interface, plain HTTP on 127.0.0.1; default 8540, 0 = any free port
  --r1-port N           scheme 1, Api-Key; default 8543 or, where that is taken, any free port
  --r2-port N           scheme 2, mutual TLS; default 8544 or, where that is taken, any free port
  --r3-port N           scheme 3, mutual TLS; default 8545, 0 = any free port
  --host ADDRESS        address that the schemes listen on; default 127.0.0.1
  --name NAME[,NAME]    further host names in the server certificate
  --timers local|bank   local: 1 s, 30 s, 15 s (default); bank: 5 s, 180 s, 65 s
  --allow-ip IP[,IP]    source addresses that scheme 3 serves; default: everybody
  --cancel-lag-ms N     how long the old status stays after an automatic cancel; default 2000
  --invoice-life-ms N   how long an invoice can be paid; default 600000, with --timers bank 24 hours
  --late-after-ms N     late money arrives so long after the scan timer's end; default 8000
  --exit-with-parent    end when standard input ends
  --help                this text
`;

export type CommandLine = { kind: 'help' } | { kind: 'start'; options: SandboxOptions; exitWithParent: boolean };

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535);
const milliseconds = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));

const schema = z.strictObject({
  data: z.string().min(1),
  'control-port': port.default(8540),
  'r1-port': port.optional(),
  'r2-port': port.optional(),
  'r3-port': port.default(8545),
  host: z.string().min(1).default('127.0.0.1'),
  name: list.default([]),
  timers: z.enum(['local', 'bank']).default('local'),
  'allow-ip': list.refine((all) => all.every((one) => isIP(one) !== 0)).optional(),
  'invoice-life-ms': milliseconds.optional(),
  'cancel-lag-ms': milliseconds.default(2000),
  'late-after-ms': milliseconds.default(8000),
  'exit-with-parent': z.boolean().default(false),
});

/** Reads the command line; a mistake is thrown as one sentence that names the option. */
export function commandLine(argv: readonly string[]): CommandLine {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { help, ...values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      data: text,
      'control-port': text,
      'r1-port': text,
      'r2-port': text,
      'r3-port': text,
      host: text,
      name: text,
      timers: text,
      'allow-ip': text,
      'invoice-life-ms': text,
      'cancel-lag-ms': text,
      'late-after-ms': text,
      'exit-with-parent': flag,
      help: flag,
    },
  }).values;
  if (help === true) return { kind: 'help' };
  const read = schema.safeParse(values);
  if (!read.success) {
    const name = String(read.error.issues[0]?.path[0] ?? 'data');
    throw new Error(name in values ? `--${name} cannot be read; see --help.` : `--${name} is missing; see --help.`);
  }
  const options = read.data;
  const { 'r1-port': r1Port, 'r2-port': r2Port, 'allow-ip': allowed, 'invoice-life-ms': invoiceLifeMs } = options;
  return {
    kind: 'start',
    exitWithParent: options['exit-with-parent'],
    options: {
      dataFolder: options.data,
      controlPort: options['control-port'],
      r3Port: options['r3-port'],
      host: options.host,
      names: options.name,
      timers: options.timers,
      ...(r1Port === undefined ? {} : { r1Port }),
      ...(r2Port === undefined ? {} : { r2Port }),
      ...(allowed === undefined ? {} : { r3AllowedAddresses: allowed }),
      ...(invoiceLifeMs === undefined ? {} : { invoiceLifeMs }),
      cancelLagMs: options['cancel-lag-ms'],
      lateAfterMs: options['late-after-ms'],
    },
  };
}
