import type postgres from 'postgres';
import {
  envelopeNames,
  hasRule,
  type Envelope,
  type Message,
  type NullableField,
  type TimeField,
} from '../../domain/message.ts';
import type { SealedContent } from './contents.ts';
import { json, type Db } from './db.ts';

type Stored<Field extends keyof Envelope> =
  | (Field extends TimeField ? Date : NonNullable<Envelope[Field]>)
  | (Field extends NullableField ? null : never)
  | (undefined extends Envelope[Field] ? null : never);

/** A message's envelope as its row in `messages` holds it. */
export type EnvelopeRow = { readonly [Field in keyof Envelope]-?: Stored<Field> };

/** `dataVersion` is stored as `data_version`. */
export const columnOf = (field: keyof Envelope): string =>
  field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const selectList = envelopeNames.map((field) => `m.${columnOf(field)} as "${field}"`).join(', ');

/** The select list that reads an `EnvelopeRow` from a message `m`. */
export const envelopeColumns = (sql: Db) => sql.unsafe(selectList);

/** A row as the API shows it: its times are text, and a field without a value is left out unless it is nullable. */
export function toEnvelope(row: EnvelopeRow): Envelope {
  const envelope: Record<string, unknown> = {};
  for (const field of envelopeNames) {
    const value = row[field];
    if (value === null && !hasRule(field, 'isNullable')) continue;
    envelope[field] = value instanceof Date ? value.toISOString() : value;
  }
  return envelope as unknown as Envelope;
}

export function toMessage(row: EnvelopeRow, { content, sender }: SealedContent): Message {
  return Object.assign(toEnvelope(row), { content, sender });
}

/** `receivedAt` is left to the column's default. */
type InsertedField = Exclude<keyof Envelope, 'receivedAt'>;
const insertedFields = envelopeNames.filter((field) => field !== 'receivedAt');
const insertList = insertedFields.map(columnOf).join(', ');

/** A parameter, or SQL. */
type Value = postgres.ParameterOrFragment<never>;

/** Gives the value of a column that the statement does not compute. */
type ValueOf = (field: InsertedField) => Value;

/** The envelope before it is stored. Only the statement knows `sequence`. */
type GivenEnvelope = { readonly [Field in Exclude<InsertedField, 'sequence'>]: EnvelopeRow[Field] | null };

/** Takes the values from a message that comes in. */
export const given =
  (sql: Db, message: GivenEnvelope): ValueOf =>
  (field) => {
    if (field === 'sequence') return null;
    return field === 'labels' ? json(sql, message.labels) : message[field];
  };

/** Takes the values from a row `r` of `messages`. */
export const inherited =
  (sql: Db): ValueOf =>
  (field) =>
    sql(`r.${columnOf(field)}`);

// There is one template for all inserts, because the driver keeps every template that it has seen.
const valueList: TemplateStringsArray = Object.assign(['', ...insertedFields.slice(1).map(() => ', '), ''], {
  raw: [],
});

/**
 * The envelope's part of `insert into messages (…) select …`: its columns, and their values in the same order.
 * @param own the values that the statement computes; `valueOf` gives the others.
 */
export function envelopeInsert(sql: Db, valueOf: ValueOf, own: { readonly [Field in InsertedField]?: Value }) {
  const values = insertedFields.map((field) => {
    const value = own[field];
    return value === undefined ? valueOf(field) : value;
  });
  return { columns: sql.unsafe(insertList), values: sql(valueList, ...values) };
}
