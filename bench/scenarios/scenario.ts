import type { Aim } from './aims.ts';
import type { ScenarioRequest } from './arguments.ts';
import type { Session } from '../session.ts';

/** What a scenario has found. */
export interface Finding {
  /** Temporal's own version. */
  readonly temporal: string;
  /** Tables and plots, as they are printed. */
  readonly lines: readonly string[];
  readonly aims: readonly Aim[];
  /** All figures, for the JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Scenario {
  /** In one sentence: what is done, beside what. */
  readonly title: string;
  /** Of the run, servers included; past it everything is stopped. */
  limitSeconds(request: ScenarioRequest): number;
  run(session: Session, request: ScenarioRequest): Promise<Finding>;
}
