import { ALL_DRILLS } from './all-drills.ts';

const LIST = ALL_DRILLS.map(({ name, title }) => `  ${name.padEnd(22)}${title}`).join('\n');

/** What `npm run drill -- --help` shows. */
export const HELP = `npm run drill -- [names] [options]

Breaks things under load and compares the books: starts PostgreSQL, Kafka, Redis, the sandbox bank and two of each service
for itself (own ports, own data), sells at a fixed rate through both gateways, gives money of every fourth sale back, breaks
one thing, puts it back, waits until payments are quick again, and compares what the bank, our books, the events and the
webhooks say of every sale and every refund.

Drills (all of them unless some are named)
${LIST}

Options
  --rate N     payments per second (default 30)
  --scale F    factor of every wait (default 1). Waits that the design itself needs stay: a process is held for 8 s at
               least, because a consumer group misses its member after 6 s, and a store is gone for 2 s at least. What kaspi
               waits for after a return of money whose answer was lost has the same factor, 0.1 at least
  --long       crash drills: every step of a payment or refund instead of a few
  --help       show this text

"Recovered" is the time from the end of the fault until a new payment has its QR within a second and no till has waited
longer than 5 s for its QR, or longer than 5 s after that for the money that its buyer brings after 1.5 s. While a store
is away a payment may be refused with 503 or wait for its start for 20 s: both are right. A refund whose answer was lost is
found out by reading the bank's books, which takes some minutes at full length.

Results are written to .tolem/drills/ as JSON, logs lie beside them. The exit code is 1 when books
differ, payments were not quick again within a minute, a step to die at was not reached, a process ended by itself, with a
signal that nobody sent or later than 30 s after it was asked to, or a request had no answer after a minute of repeats.
`;
