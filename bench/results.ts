import type { TemporalStore } from '../test/support/temporal-on-postgres.ts';
import type { Machine, Version } from './machine.ts';
import type { Statement } from './postgres-figures.ts';
import type { Spread } from './statistics.ts';

/** CPU for one workflow or message, milliseconds. */
export interface Cost {
  /** Of Carillon (or the workflows it is compared with) and both servers; without sink, load generator and bench. */
  readonly ms: number;
  readonly byProcess: Readonly<Record<string, number>>;
  /** Share of the time that a process's main thread was busy. */
  readonly mainThreads: Readonly<Record<string, number>>;
  /** Processors that everything else on the machine took meanwhile. */
  readonly othersCores: number;
}

/** Workflows that do next to nothing. */
export interface BaselineResult {
  /** Requests of each workflow; 0 is the empty one. */
  readonly fanOut: number;
  readonly runs: number;
  readonly perSecond: number;
  readonly cost: Cost;
  readonly historyEvents: number;
}

/** Posts with no worker running. */
export interface AcceptingResult {
  readonly fanOut: number;
  readonly connections: number;
  readonly posts: number;
  readonly perSecond: number;
  readonly latency: Spread;
  readonly refused: number;
  /** Accepted, and not in the database. */
  readonly lost: number;
  readonly cost: Cost;
}

export interface CarillonResult {
  readonly fanOut: number;
  readonly messages: number;
  readonly perSecond: number;
  readonly deliveriesPerSecond: number;
  readonly cost: Cost;
  /** PostgreSQL's part of it by who asked, milliseconds a message. */
  readonly postgresByUse: Readonly<Record<string, number>>;
  readonly walBytes: number;
  readonly walFullPages: number;
  readonly historyEvents: number;
  readonly stateTransitions: number;
  /** Statements a message: sent by clients, and run inside of those by triggers. */
  readonly statements: number;
  readonly nestedStatements: number;
  readonly statementList: readonly Statement[];
  /** Of the burst that fills the queue. */
  readonly acceptBurst: Spread & { readonly perSecond: number };
  /** Posts at a steady rate while the worker has more than it can do. */
  readonly acceptSaturated: Spread & { readonly perSecond: number };
  /** At about half of what it can do. */
  readonly steadyPerSecond: number;
  readonly acceptSteady: Spread;
  readonly receiptToDelivery: Spread;
  readonly checked: Checked;
}

/** All messages of a fan-out, warm-up included. */
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
  /** Where Temporal keeps its data, of the reference and of Carillon alike; missing in results of before it was chosen. */
  readonly temporalStore: TemporalStore;
  /** The empty workflow: before `postOnly`, before the first of `carillon`, and after each of them. */
  readonly empty: readonly BaselineResult[];
  readonly postOnly: readonly BaselineResult[];
  readonly barePostsPerSecond: number;
  readonly accepting: readonly AcceptingResult[];
  readonly carillon: readonly CarillonResult[];
}
