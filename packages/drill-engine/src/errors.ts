/**
 * The surroundings failed, not the drill: too little load, a backend that gives no answer, a kit that is not healthy.
 * Neither a pass nor missing evidence.
 */
export class EnvironmentFailure extends Error {
  override readonly name = 'EnvironmentFailure'
}

/** Another drill runs in this state folder. */
export class DrillRunning extends Error {
  override readonly name = 'DrillRunning'
}
