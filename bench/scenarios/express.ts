import { readArguments } from '../arguments.ts';
import { measureBaseline, openBaseline } from '../measure-baseline.ts';
import { measureCarillon } from '../measure-carillon.ts';
import type { BaselineResult, CarillonResult } from '../results.ts';
import { openRig } from '../rig.ts';
import { mean } from '../statistics.ts';
import { figure, table } from '../table.ts';
import type { Aim } from './aims.ts';
import type { Scenario } from './scenario.ts';

/** The least rate by fan-out, as a share of the empty workflow's rate, with Temporal on PostgreSQL. */
const aims: Readonly<Record<number, number>> = { 1: 0.8, 3: 0.7, 10: 0.6 };

const variants = [
  { title: 'before', name: 'carillon_before', env: { CARILLON_EXPRESS: '0' } },
  { title: 'express', name: 'carillon_express', env: { CARILLON_EXPRESS: '1' } },
] as const;

export const express: Scenario = {
  title: 'messages with and without the first round of the whole message, beside the empty workflow',
  limitSeconds: ({ mode }) => (mode === 'quick' ? 480 : 1_800),
  async run({ stack, say }, request) {
    const plan = readArguments(request.mode === 'quick' ? ['--quick'] : []);
    const rig = await openRig(plan, stack, say);
    const temporal = await openBaseline(rig);
    const results: { readonly title: string; readonly empty: BaselineResult[]; readonly carillon: CarillonResult[] }[] =
      [];
    for (const { title, ...variant } of variants) {
      say(`${title}: CARILLON_EXPRESS=${variant.env.CARILLON_EXPRESS}`);
      const empty: BaselineResult[] = [await measureBaseline(rig, 0, plan.emptySeconds)];
      const carillon = await measureCarillon(
        rig,
        async () => void empty.push(await measureBaseline(rig, 0, plan.emptySeconds)),
        variant,
      );
      results.push({ title, empty, carillon });
    }
    const rows = results.flatMap(({ title, empty, carillon }) =>
      carillon.map((one, index) => {
        const around = mean(empty.slice(index, index + 2).map(({ perSecond }) => perSecond));
        const ms = mean(empty.slice(index, index + 2).map(({ cost }) => cost.ms));
        return { title, one, around, ratio: one.perSecond / around, cpuRatio: one.cost.ms / ms };
      }),
    );
    const checks = rows.map(({ one }) => one.checked);
    const total = (count: (one: CarillonResult['checked']) => number): number =>
      checks.reduce((all, one) => all + count(one), 0);
    return {
      temporal,
      lines: table(
        [
          'to',
          '',
          'empty /s',
          '/s',
          '÷ empty',
          'deliveries/s',
          'CPU ms',
          '÷ empty',
          'others',
          'events',
          'SQL',
          'in triggers',
          'to delivery p50',
          'p99 ms',
        ],
        rows
          .sort((left, right) => left.one.fanOut - right.one.fanOut)
          .map(({ title, one, around, ratio, cpuRatio }) => [
            String(one.fanOut),
            title,
            ...[around, one.perSecond, ratio, one.deliveriesPerSecond, one.cost.ms, cpuRatio, one.cost.othersCores].map(
              figure,
            ),
            ...[
              one.historyEvents,
              one.statements,
              one.nestedStatements,
              one.receiptToDelivery.p50,
              one.receiptToDelivery.p99,
            ].map(figure),
          ]),
      ),
      aims: [
        ...rows
          .filter(({ title }) => title === 'express')
          .map(({ one, ratio }): Aim => ({
            what: `÷ empty, express, to ${one.fanOut}`,
            measured: ratio,
            atLeast: aims[one.fanOut] ?? 0,
          })),
        { what: 'lost', measured: total(({ lost }) => lost), atMost: 0, isPromise: true },
        { what: 'doubled', measured: total(({ doubled }) => doubled), atMost: 0, isPromise: true },
        { what: 'never promised', measured: total(({ unknown }) => unknown), atMost: 0, isPromise: true },
      ],
      data: { variants: results, ratios: rows.map(({ title, one, ratio }) => ({ title, fanOut: one.fanOut, ratio })) },
    };
  },
};
