import { Type, type Static } from 'typebox';
import { durationPattern } from '../../domain/retry.ts';
import { idSchema } from './connection.ts';
import { instant, pageSchema } from './list.ts';

const window = (description: string) => Type.Optional(Type.String({ pattern: durationPattern, description }));

const retention = Type.Object(
  {
    content: window('The content of messages.'),
    attempts: window('Attempts.'),
    events: window('Events.'),
    messages: window('Messages with their deliveries.'),
    jobs: window('Bulk jobs, counted from their end.'),
  },
  {
    additionalProperties: false,
    description: 'How long data is kept, such as `30d`. A missing field has the default.',
  },
);

const limit = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description }));

const limits = Type.Object(
  {
    inFlight: limit('The most messages under way at once.'),
    acceptPerSecond: limit('The most messages that each process of the API accepts in a second.'),
  },
  { additionalProperties: false, description: 'A missing field means no limit.' },
);

const fields = {
  title: Type.String({ maxLength: 255, description: 'A name for people.' }),
  retention,
  legalHold: Type.Boolean({ description: 'While this is true, nothing is removed by age.' }),
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
  {
    id: Type.String(),
    ...fields,
    createdAt: instant('When it was created.'),
    updatedAt: instant('When it was last changed.'),
  },
  { title: 'Tenant', additionalProperties: false },
);
export type TenantAnswer = Static<typeof tenantSchema>;

export const tenantsPage = pageSchema(tenantSchema, 'TenantsPage');
