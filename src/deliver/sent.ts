import type { Settlement } from '../store/ledger/settle.ts';
import type { Written } from './ledger.ts';

/** Which post of a delivery an attempt sends. */
export interface PartOf {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  /** The change takes this post away. */
  readonly isRemoval: boolean;
}

/** An attempt that was settled, for the texts that Temporal shows. */
export interface MadeAttempt {
  readonly number: number;
  readonly max: number;
  /** `delivered`, or the failure's code. */
  readonly code: string;
  /** Absent where the delivery is one post. */
  readonly part?: PartOf;
}

/** How a claimed attempt ended. */
export type Sent =
  | { readonly is: 'settled'; readonly written: Written; readonly attempt: MadeAttempt }
  /** The request was made, and PostgreSQL stayed away after it. */
  | { readonly is: 'unsettled'; readonly settlement: Settlement }
  /** This process is stopping. Nothing was sent, and the claim was given back. */
  | { readonly is: 'stopped' };
