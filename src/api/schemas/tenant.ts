import { Type, type Static } from 'typebox';
import { durationPattern } from '../../domain/retry.ts';
import { idSchema } from './connection.ts';
import { instant, pageSchema } from './list.ts';

const window = (description: string) => Type.Optional(Type.String({ pattern: durationPattern, description }));

const retention = Type.Object(
  {
    content: window('What is said.'),
    attempts: window('Every try.'),
    events: window('Events.'),
    messages: window('Messages with their deliveries.'),
    jobs: window('Bulk jobs, from their end.'),
  },
  { additionalProperties: false, description: 'How long things are kept, such as `30d`. Missing: the default.' },
);

const limit = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description }));

const limits = Type.Object(
  { inFlight: limit('Messages under way at once.'), acceptPerSecond: limit('Messages accepted in a second.') },
  { additionalProperties: false, description: 'Missing: no limit of its own.' },
);

const fields = {
  title: Type.String({ maxLength: 255, description: 'For people.' }),
  retention,
  legalHold: Type.Boolean({ description: 'While it stands, nothing is removed by age.' }),
  limits,
  requireIdempotencyKey: Type.Boolean({ description: 'Messages and edits without a key are refused.' }),
};

export const tenantInputSchema = Type.Object(
  {
    id: Type.Optional(idSchema),
    title: Type.Optional(fields.title),
    retention: Type.Optional(retention),
    legalHold: Type.Optional(fields.legalHold),
    limits: Type.Optional(limits),
    requireIdempotencyKey: Type.Optional(fields.requireIdempotencyKey),
    createdAt: Type.Optional(Type.String({ format: 'date-time', readOnly: true })),
    updatedAt: Type.Optional(Type.String({ format: 'date-time', readOnly: true })),
  },
  { title: 'TenantInput', additionalProperties: false },
);
export type TenantInput = Static<typeof tenantInputSchema>;

export const tenantSchema = Type.Object(
  { id: Type.String(), ...fields, createdAt: instant('Made.'), updatedAt: instant('Last written.') },
  { title: 'Tenant', additionalProperties: false },
);
export type TenantAnswer = Static<typeof tenantSchema>;

export const tenantsPage = pageSchema(tenantSchema, 'TenantsPage');
