// Loaded into the compiled process with --import: ends it with SIGKILL at the step that the file in TOLEM_CRASH_FILE
// names. SIGUSR2 reads the file anew; an empty file disarms. What was read is written beside it, for whoever waits.
import { subscribe as hear } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { Egress } from '@tolem/egress';
import { InProcessBus, KafkaBus } from '@tolem/messaging';
import { Database, Outbox } from '@tolem/persistence';

let armed;
let left = 0;
function arm() {
  const text = readFileSync(process.env.TOLEM_CRASH_FILE, 'utf8');
  armed = text === '' ? undefined : JSON.parse(text);
  left = armed?.nth ?? 0;
  writeFileSync(`${process.env.TOLEM_CRASH_FILE}.read`, text);
}
arm();
process.on('SIGUSR2', arm);

/**
 * At a step: the nth time that the armed point is reached is the last thing that this process does. Several messages that
 * travel together reach it several times, or a busy machine would never get there.
 */
function at(seam, when, matches) {
  if (armed === undefined || armed.seam !== seam || armed.when !== when) return;
  const times = Number(matches(armed));
  if (times === 0) return;
  left -= times;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

function around(prototype, method, seam, matcher) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    const matches = matcher(args);
    at(seam, 'before', matches);
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) {
      at(seam, 'after', matches);
      return result;
    }
    return result.then((value) => {
      at(seam, 'after', matches);
      return value;
    });
  };
}

const phaseOf = (body) => body?.phase;
const isMessage = (type, body) => (point) =>
  type === point.match && (point.phase === undefined || point.phase === phaseOf(body));

/** How often a statement carries the phase: as a value of its own, or in each of the facts that are its first value. */
function timesOf(phase, [first, ...others]) {
  if (phase === undefined || first === phase || others.includes(phase)) return 1;
  return typeof first === 'string' && first.startsWith('[') ? first.split(`"phase":"${phase}"`).length - 1 : 0;
}

/** A statement that has nothing to tell hands over an empty list of messages. */
const tells = (values) => !values.includes('[]');

around(
  Database.prototype,
  'query',
  'statement',
  ([sql, values = []]) =>
    (point) =>
      sql.includes(point.match) && (point.tells ?? tells(values)) === tells(values) ? timesOf(point.phase, values) : 0,
);

around(
  Outbox.prototype,
  'publish',
  'publish',
  ([rows]) =>
    (point) =>
      rows.filter((row) => isMessage(row.headers.ce_type, row.body)(point)).length,
);

for (const { prototype } of [InProcessBus, KafkaBus]) {
  around(prototype, 'announce', 'publish', ([{ type, body }]) => isMessage(type, body));
  const subscribe = prototype.subscribe;
  prototype.subscribe = function (consumer, topics, deliver) {
    return subscribe.call(this, consumer, topics, async (batch) => {
      const matches = (point) => batch.filter((message) => isMessage(message.type, message.body)(point)).length;
      at('deliver', 'before', matches);
      const outcomes = await deliver(batch);
      at('deliver', 'after', matches);
      return outcomes;
    });
  };
}

const request = Egress.prototype.request;
Egress.prototype.request = async function (call) {
  const matches = (point) => call.path.includes(point.match);
  const mayWrite = () => {
    at('bank', 'before', matches);
    // The bytes leave in this turn of the loop; a moment later they are on the wire and no answer is read yet.
    setImmediate(() => at('bank', 'written', matches));
    return call.mayWrite?.() ?? true;
  };
  const outcome = await request.call(this, { ...call, mayWrite });
  at('bank', 'after', matches);
  return outcome;
};

// Node tells of every request of its own HTTP client, which webhooks leave by; the bank is called through another one.
const isWebhook = (request) => (point) => request.hasHeader(point.match);
hear('http.client.request.start', ({ request }) => {
  at('webhook', 'before', isWebhook(request));
  request.once('finish', () => at('webhook', 'written', isWebhook(request)));
});
hear('http.client.response.finish', ({ request }) => at('webhook', 'after', isWebhook(request)));
