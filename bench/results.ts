import type { TemporalStore } from '../test/support/temporal-on-postgres.ts';
import type { Machine, Version } from './machine.ts';
import type { Statement } from './postgres-figures.ts';
import type { Spread } from './statistics.ts';

/** CPU time per workflow or message, in milliseconds. */
export interface Cost {
  /**
   * CPU time of Carillon, or of the baseline worker, and of both servers. The sink, the load generator and the
   * benchmark itself do not count.
   */
  readonly ms: number;
  readonly byProcess: Readonly<Record<string, number>>;
  /** Share of the time in which the main thread of each process was busy. */
  readonly mainThreads: Readonly<Record<string, number>>;
  /** Number of cores that everything else on the machine used. */
  readonly othersCores: number;
}

/** A measurement of workflows that do as little as possible. */
export interface BaselineResult {
  /** Number of requests of each workflow; 0 for the empty workflow. */
  readonly fanOut: number;
  readonly runs: number;
  readonly perSecond: number;
  readonly cost: Cost;
  readonly historyEvents: number;
}

/** A measurement of posts while no worker runs. */
export interface AcceptingResult {
  readonly fanOut: number;
  readonly connections: number;
  readonly posts: number;
  readonly perSecond: number;
  readonly latency: Spread;
  readonly refused: number;
  /** Messages that were accepted and are not in the database. */
  readonly lost: number;
  readonly cost: Cost;
}

export interface CarillonResult {
  readonly fanOut: number;
  readonly messages: number;
  readonly perSecond: number;
  readonly deliveriesPerSecond: number;
  readonly cost: Cost;
  /** PostgreSQL's part of the CPU time by the user of a backend, in milliseconds per message. */
  readonly postgresByUse: Readonly<Record<string, number>>;
  readonly walBytes: number;
  readonly walFullPages: number;
  readonly historyEvents: number;
  readonly stateTransitions: number;
  /** Statements per message: those that clients sent, and those that triggers ran inside of them. */
  readonly statements: number;
  readonly nestedStatements: number;
  readonly statementList: readonly Statement[];
  /** The answers to the burst that fills the queue. */
  readonly acceptBurst: Spread & { readonly perSecond: number };
  /** The answers to posts at a steady rate while the worker has more work than it can do. */
  readonly acceptSaturated: Spread & { readonly perSecond: number };
  /** The rate of posts at about half of the worker's speed. */
  readonly steadyPerSecond: number;
  readonly acceptSteady: Spread;
  readonly receiptToDelivery: Spread;
  readonly checked: Checked;
}

/** All messages of a fan-out, including those of the warm-up. */
export interface Checked {
  readonly messages: number;
  readonly deliveries: number;
  readonly refused: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unknown: number;
}

export interface Results extends Version {
  readonly date: string;
  readonly mode: string;
  readonly profiled: boolean;
  readonly seconds: number;
  readonly machine: Machine;
  /** Where Temporal kept its data, both for the baseline and for Carillon. Old results lack it. */
  readonly temporalStore: TemporalStore;
  /** The empty workflow, measured before `postOnly`, before the first of `carillon`, and after each of these. */
  readonly empty: readonly BaselineResult[];
  readonly postOnly: readonly BaselineResult[];
  readonly barePostsPerSecond: number;
  readonly accepting: readonly AcceptingResult[];
  readonly carillon: readonly CarillonResult[];
}
