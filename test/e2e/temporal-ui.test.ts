import { mkdirSync } from 'node:fs';
import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { configureSinks } from '../support/sinks.ts';
import { createWhole, type Whole } from '../support/whole.ts';

/** The real page of Temporal's Web UI in a real browser, as an operator reads it at 3 a.m. */
let whole: Whole;
let browser: Browser;
beforeAll(async () => {
  whole = await createWhole();
  const executablePath = await chromium.executablePath();
  [browser] = await Promise.all([
    playwright.launch({ args: chromium.args, executablePath, headless: true }),
    whole.start(),
  ]);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await whole?.remove();
}, 60_000);

it("Temporal's Web UI shows a run's destinations, what happened and what is next, but no message text", async () => {
  const sinks = await configureSinks(whole, whole.simulators);
  await sinks.webhook('orders');
  await sinks.slack('ops-slack', 'C0OPS');
  await sinks.webhook('audit', { retry: 'one-day' });
  await sinks.webhook('refusing');
  await whole.fault('webhook', [
    { path: '/webhook/audit', status: 503, times: 0 },
    { path: '/webhook/refusing', status: 400, times: 0 },
  ]);
  const { id } = await whole.must('POST', '/v1/messages', {
    text: 'swordfish is the password',
    type: 'incident.opened',
    conversation: 'inc-42',
    destinations: ['orders', 'ops-slack', 'audit', 'refusing'],
  });
  const message = await eventually('one retries, one is parked', async () => {
    const shown = await whole.message(id);
    const states = shown.deliveries.map(({ state }) => state).sort();
    return states.join() === 'delivered,delivered,parked,retrying' ? shown : undefined;
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
  const run = `http://127.0.0.1:${whole.ports.temporalUi}/namespaces/default/workflows/${encodeURIComponent(message.workflowId)}`;
  await page.goto(run);
  const read = async (...wanted: string[]): Promise<string> =>
    eventually(`the page shows ${wanted.join(', ')}`, async () => {
      const text = await page.locator('body').innerText();
      return wanted.every((one) => text.includes(one)) ? text : undefined;
    });
  const history = await read(
    'incident.opened → orders, ops-slack, audit, refusing',
    'ops-slack',
    'refusing: 1 of 8: http_400 → parked',
  );
  await shoot(page, 'run-history');
  await page.getByText('Pending Activities').first().click();
  const pending = await read('audit: 1 of 14: http_503, next in');
  await shoot(page, 'run-pending');
  for (const text of [history, pending]) expect(text).not.toContain('swordfish');
}, 180_000);

/** Keeps a screenshot if CARILLON_SCREENSHOTS names a folder. The pictures of the docs are made in this way. */
async function shoot(page: Awaited<ReturnType<Browser['newPage']>>, name: string): Promise<void> {
  const folder = process.env['CARILLON_SCREENSHOTS'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}
