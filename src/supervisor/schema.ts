/**
 * Messages checked against a schema of the user's choice (Standard Schema: zod, valibot, arktype ...).
 *
 * An invalid message is counted and reported, never thrown. Its number in its stream was judged before,
 * so that it is not taken for missing.
 *
 * @see {@link https://standardschema.dev} the interface; `@standard-schema/spec` 1.1, types only
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { OptionError, wrongValue } from "../errors.ts";
import { requireSync, type ReportFailure } from "../check.ts";
import { isPlainObject, isPromiseLike } from "../shape.ts";

/** The schema of a topic's messages; undefined where nothing is checked. */
export type SchemaOf = (topic: string | undefined) => StandardSchemaV1 | undefined;

/** Schemas by topic, or a function of the topic. */
export type SchemaOption = SchemaOf | Readonly<Record<string, StandardSchemaV1>>;

export function checkSchema(value: unknown, report: ReportFailure): SchemaOf | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function" && !("~standard" in value)) {
    requireSync(value, "schema");
    return (topic) => {
      try {
        const schema: unknown = (value as SchemaOf)(topic);
        return schema === undefined ? undefined : checkOne(schema, "schema()");
      } catch (error) {
        report("schema", error);
        return undefined;
      }
    };
  }
  if (!isPlainObject(value)) {
    throw new OptionError("schema", "a function, or schemas by topic", value);
  }
  const schemas = new Map(
    Object.entries(value).map(([topic, schema]) => [topic, checkOne(schema, `schema.${topic}`)]),
  );
  return (topic) => (topic === undefined ? undefined : schemas.get(topic));
}

function checkOne(value: unknown, path: string): StandardSchemaV1 {
  const isSchema =
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "~standard" in value;
  if (!isSchema) throw wrongValue(path, "a Standard Schema (with ~standard)", value);
  const schema = value as StandardSchemaV1;
  requireSync(schema["~standard"]?.validate, `${path}["~standard"].validate`);
  return schema;
}

/** The message as the schema gives it. Throws an error that names each issue's path, bounded. */
export function validate<M>(schema: StandardSchemaV1, message: M): M {
  const result: unknown = schema["~standard"].validate(message);
  if (isPromiseLike(result)) {
    throw wrongValue("validate()", "a result at once, as a feed cannot wait for it", result);
  }
  if (typeof result === "object" && result !== null) {
    // A list of issues may have a class of its own (arktype's is an array).
    if ("issues" in result && Array.isArray(result.issues)) {
      const issues: readonly StandardSchemaV1.Issue[] = result.issues;
      throw new Error(issues.slice(0, 5).map(describe).join("; "));
    }
    if ("value" in result) return result.value as M;
  }
  throw wrongValue("validate()", "{ value } or { issues }", result);
}

function describe({ message, path = [] }: StandardSchemaV1.Issue): string {
  const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return place === "" ? message : `${place}: ${message}`;
}
