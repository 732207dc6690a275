/** What `npm run bench -- --help` shows. */
export const HELP = `npm run bench -- <name> [options]

Measures Tolem on this machine: starts PostgreSQL, the sandbox bank and the services for itself (own ports, own data,
fsync on, mutual TLS on, logs at info), loads them from this process and takes everything down again.

Names
  payments    whole payments: tills create, show the QR, wait and see the money. The rate rises until an aim or an
              answer breaks; then the latencies are measured at half of the last good rate
  create      the create alone: POST without waiting, buyers stay away
  read        GET of payments that are paid
  poll        open payments that the house asks the bank about; one operation is one question

Options
  --rate N            operations per second. payments: one run at this rate, no steps; with --steps the first step's.
                      Default: create 50, read 200
  --seconds S         length of the measured run (default 60; create, read and poll 20)
  --steps             payments: let the rate rise (the default without --rate)
  --step-by N         by how much it rises, payments/s (default 25)
  --step-seconds S    how long each step lasts (default 20, which fits into the default --minutes; 60 for the record)
  --minutes M         the whole run, set-up included, takes no longer than about this (default 6)
  --desks N           cash desks that the tills stand at (default 200)
  --open N            poll: how many payments are open (default 200)
  --flame             profiles the services in a further run of the same rate: a .cpuprofile beside the result (Chrome's
                      developer tools and speedscope read it) and a table of what costs most
  --embedded          every service in one process (the default, and the only form so far)
  --help              show this text

TOLEM_ variables that are set reach the services (pool sizes, for example); the log level is info whatever is set.

Results are written to .tolem/bench/ as JSON and as the table that was shown. They hold for this machine and for what
else it did meanwhile.
`;
