import { CRASH_POINTS, type CrashPoint, REFUND_CRASH_POINTS } from './crash-points.ts';
import type { Drill, Scene } from './drill.ts';
import type { Service } from './drill-house.ts';
import { recoveredAtMs } from './recovered-at.ts';
import { until } from './until.ts';

const CALM_TIMEOUT_MS = 30_000;

/** Where work is lost most easily: around the calls of the bank, around commits, and around what is told of them. */
const FEW = [
  'after create commits',
  'before payment.start is published',
  'after facts are applied',
  'after accept commits',
  'while qr/create is called, unanswered',
  'before started commits',
  'after paid commits',
];

/** Of a refund: where the money may have moved or not, and where nobody but the database remembers. */
const FEW_OF_REFUNDS = [
  'after create_refund commits',
  'before refund.start is published',
  'after facts of refunds are applied',
  'after “about to send” commits',
  'while payment/return is called, unanswered',
  'after payment/return is called',
  'after returned is published',
].map((name) => `refund: ${name}`);

/** The steps at which a payment can be cut, each in the process that takes it. */
export const crashes = (service: Service): Drill => ({
  name: `crash-${service}`,
  title: `${service} dies at steps of a payment`,
  run: (scene) => dieAtEach(scene, service, stepsOf(service, CRASH_POINTS, scene.long ? undefined : FEW)),
});

/** The steps at which a refund can be cut. */
export const refundCrashes = (service: Service): Drill => ({
  name: `crash-refund-${service}`,
  title: `${service} dies at steps of a refund`,
  run: (scene) =>
    dieAtEach(scene, service, stepsOf(service, REFUND_CRASH_POINTS, scene.long ? undefined : FEW_OF_REFUNDS)),
});

/** One of these steps. */
export const crash = (service: Service, step: string): Drill => ({
  name: `crash-${service}`,
  title: `${service} dies ${step}`,
  run: (scene) => dieAtEach(scene, service, stepsOf(service, [...CRASH_POINTS, ...REFUND_CRASH_POINTS], [step])),
});

function stepsOf(
  service: Service,
  points: readonly CrashPoint[],
  names: readonly string[] | undefined,
): readonly CrashPoint[] {
  return points.filter(({ services, name }) => services.includes(service) && (names?.includes(name) ?? true));
}

async function dieAtEach(scene: Scene, service: Service, points: readonly CrashPoint[]): Promise<string[]> {
  const missed: string[] = [];
  for (const [at, point] of points.entries()) {
    scene.say(`${at + 1} of ${points.length}: ${point.name}`);
    if (at > 0) await calm(scene);
    if (!(await dieAt(scene, service, point))) missed.push(point.name);
  }
  if (points.length === 0) scene.failed('there is no such point');
  for (const name of missed) scene.failed(`“${name}” was not reached`);
  return [`${points.length - missed.length} of ${points.length} points`];
}

async function dieAt({ house, load }: Scene, service: Service, point: CrashPoint): Promise<boolean> {
  if (house.crashes === undefined) throw new Error('this house was opened without crash points');
  const { pid } = house.process(service);
  const before = house.ends.length;
  load.freshDesks = point.freshDesk === true;
  load.cancels = point.cancels === true;
  house.crashes.arm(service, 1, pid, point);
  const died = await house.ended(service, 1, before);
  load.freshDesks = false;
  load.cancels = false;
  if (died) house.ends.splice(before, 1);
  else house.crashes.disarm(service, 1, pid);
  await house.startEnded();
  return died;
}

/** A process that dies again before its consumer group has gathered would leave the same partitions unserved for too long. */
async function calm({ house, load }: Scene): Promise<void> {
  const startedAtMs = Date.now();
  await until(() => recoveredAtMs(load.sales, startedAtMs, Date.now()), CALM_TIMEOUT_MS, house.house.ending);
}
