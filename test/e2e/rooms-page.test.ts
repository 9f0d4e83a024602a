import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';
import { platforms } from '../support/platforms/index.ts';
import { roomsAt } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge } from '../suites/bridge-suite.ts';

let stack: Stack;
let browser: Browser;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  const executablePath = await chromium.executablePath();
  [stack, browser] = await Promise.all([
    startStack(),
    playwright.launch({ args: chromium.args, executablePath, headless: true }),
  ]);
  await bridge(stack, platforms, 'demo');
  const rooms = platforms.map(({ connector, room }) => ({
    connector: connector.name,
    title: connector.title,
    room: room('demo'),
  }));
  await fetch(`${stack.simulators}/_sim/rooms`, { method: 'POST', body: JSON.stringify({ rooms }) });
  page = await browser.newPage({ viewport: { width: 1_300, height: 900 } });
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${stack.simulators}/`);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await stack.close();
});

const room = (title: string) =>
  page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });

it('text, replies, edits and reactions from one simulated room are shown in all rooms of the page', async () => {
  await room('Slack').getByRole('textbox').fill('Is anybody there?');
  await room('Slack').getByRole('button', { name: 'Send' }).click();
  for (const { connector } of platforms) await room(connector.title).getByText('Is anybody there?').waitFor();

  await room('Matrix').locator('.message', { hasText: 'Is anybody there?' }).click();
  await room('Matrix').getByRole('combobox').selectOption('ben');
  await room('Matrix').getByRole('textbox').fill('Somebody is.');
  await room('Matrix').getByRole('button', { name: 'Send' }).click();
  await room('Slack').locator('.reply', { hasText: 'Somebody is.' }).waitFor();

  await room('Slack').locator('.message', { hasText: 'Is anybody there?' }).click();
  await room('Slack').getByRole('button', { name: '👍', exact: true }).click();
  await room('Zoom Team Chat').getByText('👍 1').waitFor();
  await room('Slack').getByRole('button', { name: 'edit' }).click();
  await room('Slack').getByRole('textbox').fill('Is everybody there?');
  await room('Slack').getByRole('button', { name: 'Send' }).click();
  await room('Microsoft Teams').getByText('Is everybody there?').waitFor();
  expect(faults).toEqual([]);

  const said = (await roomsAt(stack.simulators).read('matrix', platforms.at(-1)?.room('demo') ?? '')).length;
  expect(said).toBe(2);
  const folder = process.env['CARILLON_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/rooms.png` });
});
