import type { Aim } from './aims.ts';
import type { ScenarioRequest } from './arguments.ts';
import type { Session } from '../session.ts';

/** The results of a scenario. */
export interface Finding {
  /** Version of Temporal. */
  readonly temporal: string;
  /** Tables and plots, as they are printed. */
  readonly lines: readonly string[];
  readonly aims: readonly Aim[];
  /** All figures, for the JSON file. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Scenario {
  /** One sentence: what is done, and with what it is compared. */
  readonly title: string;
  /** Longest time of the run, including its servers, in seconds. After it everything is stopped. */
  limitSeconds(request: ScenarioRequest): number;
  run(session: Session, request: ScenarioRequest): Promise<Finding>;
}
