import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dispatch, workerSettings } from '../../bench/worker-settings.ts';

const source = (path: string): string => readFileSync(join(__dirname, '..', '..', 'src', path), 'utf8');

describe('the worker that Carillon is compared with', () => {
  it.each(Object.entries(workerSettings))("the baseline worker has the same %s as Carillon's worker", (name, value) => {
    const text = typeof value === 'number' ? String(value) : `{ type: '${value.type}', maximum: ${value.maximum} }`;
    expect(source('worker/run.ts')).toContain(`${name}: ${text},`);
  });

  it("the baseline worker starts as many runs at a time as Carillon's dispatcher", () => {
    expect(source('worker/dispatcher.ts')).toContain(`const startsAtOnce = ${dispatch.startsAtOnce};`);
    expect(source('worker/dispatcher.ts')).toContain(`const room = ${dispatch.room};`);
  });
});
