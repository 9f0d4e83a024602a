// The workflows with which Carillon is compared: the least that a run can do.
import { proxyActivities, proxySinks, type Sinks } from '@temporalio/workflow';

export interface Ended extends Sinks {
  ended: { note(): void };
}

const { ended } = proxySinks<Ended>();
const { post } = proxyActivities<{ post(url: string, id: string): Promise<void> }>({
  startToCloseTimeout: '15 seconds',
});

export async function empty(): Promise<void> {
  ended.note();
}

/** Runs one activity per request and keeps nothing anywhere. */
export async function postOnly(url: string, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => post(url, id)));
  ended.note();
}
