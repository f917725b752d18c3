/**
 * Messages checked against a schema of the user's choice (Standard Schema: zod, valibot, arktype ...).
 *
 * An invalid message is counted and reported, never thrown. Its number in its stream was judged before,
 * so that it is not taken for missing.
 *
 * @see {@link https://standardschema.dev} the interface; `@standard-schema/spec` 1.1, types only
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { OptionError } from "../errors.ts";
import type { ReportFailure } from "../check.ts";

/** The schema of a topic's messages; undefined where nothing is checked. */
export type SchemaOf = (topic: string | undefined) => StandardSchemaV1 | undefined;

/** Schemas by topic, or a function of the topic. */
export type SchemaOption = SchemaOf | Readonly<Record<string, StandardSchemaV1>>;

export function checkSchema(value: unknown, report: ReportFailure): SchemaOf | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function") {
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
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
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
  if (!isSchema) throw new OptionError(path, "a Standard Schema (with ~standard)", value);
  return value as StandardSchemaV1;
}

/** The message as the schema gives it. Throws an error that names each issue's path, bounded. */
export function validate<M>(schema: StandardSchemaV1, message: M): M {
  const result = schema["~standard"].validate(message);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new Error("the schema is asynchronous: a feed cannot wait for it");
  }
  if (result.issues === undefined) return result.value as M;
  throw new Error(result.issues.slice(0, 5).map(describe).join("; "));
}

function describe({ message, path = [] }: StandardSchemaV1.Issue): string {
  const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return place === "" ? message : `${place}: ${message}`;
}
