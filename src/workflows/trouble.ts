import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { DeliveryStatus } from '../contract.ts';
import { searchAttributes } from '../contract.ts';

const stateKey = defineSearchAttributeKey(searchAttributes.state, SearchAttributeType.KEYWORD);
const troubleKey = defineSearchAttributeKey(searchAttributes.trouble, SearchAttributeType.KEYWORD_LIST);

/** A value above 2 048 bytes would make the server end the run. 20 ids of at most 64 characters stay below that. */
const shownDestinations = 20;

/** Keeps a run's search attributes and its "current details" on Temporal's pages up to date. */
export class TroubleAttributes {
  private shown: string | undefined;

  /** Writes only a change, because each upsert is an event and a write to the visibility store. */
  show(deliveries: readonly DeliveryStatus[]): void {
    setCurrentDetails(
      deliveries.map(({ destination, delivery, state }) => `- **${destination}**: ${state} (${delivery})`).join('\n'),
    );
    const troubled = deliveries.filter(({ state }) => ['retrying', 'parked', 'uncertain'].includes(state));
    const worst = ['parked', 'uncertain', 'retrying'].find((state) => troubled.some((one) => one.state === state));
    if (worst === undefined && this.shown === undefined) return;
    this.write(
      worst ?? 'recovered',
      troubled.map(({ destination }) => destination),
    );
  }

  /** Called at the end of a run. A run that never was in trouble gets no mark. */
  end(deliveries: readonly DeliveryStatus[], wasCancelled: boolean): void {
    const delivered = deliveries.filter(({ state }) => state === 'delivered' || state === 'skipped').length;
    if (wasCancelled || deliveries.every(({ state }) => state === 'cancelled')) this.write('cancelled', []);
    else if (delivered < deliveries.length) this.write(delivered > 0 ? 'partial' : 'failed', []);
    else if (this.shown !== undefined) this.write('recovered', []);
  }

  private write(state: string, destinations: readonly string[]): void {
    const names = destinations.slice(0, shownDestinations);
    const rest = destinations.length - names.length;
    const list = rest > 0 ? [...names, `+${rest}`] : names;
    const next = [state, ...list].join(' ');
    if (next === this.shown) return;
    this.shown = next;
    upsertSearchAttributes([
      { key: stateKey, value: state },
      { key: troubleKey, value: list.length === 0 ? null : list },
    ]);
  }
}
