import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { invalidInput, type InputError } from '../errors.ts';

/**
 * Checks every part of a request against its schema and changes nothing: no coercion, no defaults, no removed fields.
 * Query parameters are always text, so those of type integer or array are converted first.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const find = errorFinder(schema);
  if (httpPart !== 'querystring') return (value: unknown) => result(value, find(value));
  return (value: unknown) => {
    const read = readQuery(schema, value as Record<string, unknown>);
    const errors = [...find(read), ...findNul(read)];
    return result(
      read,
      errors.map(({ path, ...rest }) => ({ path: `?${path.slice(1)}`, ...rest })),
    );
  };
};

/** Finds NUL in query parameters. PostgreSQL stores none, so it must be a mistake. `parseStrictJson` checks bodies. */
function findNul(query: Record<string, unknown>): InputError[] {
  return Object.entries(query)
    .filter(([, value]) => [value].flat().some((one) => typeof one === 'string' && one.includes('\0')))
    .map(([name]) => ({ path: pointer([name]), code: 'nul_character', message: 'must not contain a NUL character' }));
}

function result(value: unknown, errors: readonly InputError[]): { value: unknown } | { error: Error } {
  return errors.length === 0 ? { value } : { error: invalidInput(errors) };
}

/** Makes a function that checks a value against a schema, for values that are not part of a request. */
export function errorFinder(schema: TSchema): (value: unknown) => InputError[] {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return [];
    const errors = withoutOtherBranches(compiled.Errors(value)).flatMap(toInputErrors);
    // Report one mistake for each path. A value of the wrong type would otherwise also be an invalid choice.
    return errors.filter(({ path }, index) => errors.findIndex((one) => one.path === path) === index);
  };
}

type SchemaError = TLocalizedValidationError;

/** Drops the errors of `anyOf` branches that do not accept the value's type, since they do not help the caller. */
function withoutOtherBranches(errors: readonly SchemaError[]): SchemaError[] {
  let kept = [...errors];
  for (const choice of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const inChoice = kept.filter(({ schemaPath }) => schemaPath.startsWith(`${choice.schemaPath}/anyOf/`));
    const branchOf = ({ schemaPath }: SchemaError): string | undefined =>
      schemaPath.slice(`${choice.schemaPath}/anyOf/`.length).split('/')[0];
    const otherTypes = inChoice
      .filter(({ keyword, instancePath }) => keyword === 'type' && instancePath === choice.instancePath)
      .map(branchOf);
    const helpful = inChoice.filter((error) => !otherTypes.includes(branchOf(error)));
    kept = kept.filter((error) => (helpful.length > 0 ? error !== choice : true));
    kept = kept.filter((error) => !inChoice.includes(error) || helpful.includes(error));
  }
  return kept;
}

function toInputErrors(error: SchemaError): InputError[] {
  const { keyword, instancePath, message } = error;
  switch (keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => {
        return { path: `${instancePath}${pointer([name])}`, code: 'required', message: 'is required' };
      });
    case 'boolean': // reported once for each key that `additionalProperties: false` refuses
      return [{ path: instancePath, code: 'unknown_field', message: 'is not a known field' }];
    case 'additionalProperties':
    case 'propertyNames': // the error of the key itself already says it
      return [];
    case 'anyOf': // no branch has an error that says more
      return [{ path: instancePath, code: 'wrong_type', message: 'has a type that is not allowed here' }];
    case 'type':
      return [{ path: instancePath, code: 'wrong_type', message }];
    case 'enum':
      return [
        {
          path: instancePath,
          code: 'invalid_value',
          message: `must be one of ${error.params.allowedValues.join(', ')}`,
        },
      ];
    case 'pattern':
      return [{ path: instancePath, code: 'pattern', message }];
    case 'maxLength':
      return [{ path: instancePath, code: 'too_long', message }];
    default:
      return [{ path: instancePath, code: 'invalid_value', message }];
  }
}

/**
 * Converts `limit=50` to a number and `state=parked` to a list with one item where the schema asks for them. All other
 * values stay text.
 */
function readQuery(schema: TSchema, query: Record<string, unknown>): Record<string, unknown> {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> };
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
      if (type === 'integer' && typeof value === 'string' && /^[0-9]{1,9}$/.test(value)) return [name, Number(value)];
      if (type === 'array' && typeof value === 'string') return [name, [value]];
      return [name, value];
    }),
  );
}

/** The JSON Pointer (RFC 6901) to one value in a document. The empty string is the whole document. */
export function pointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
